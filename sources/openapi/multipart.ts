import { randomUUID } from 'node:crypto';
import { SkeinError } from '../../kernel/errors.ts';
import { isUpload, type Upload } from '../upload.ts';
import type { FieldPlan } from './body-plan.ts';
import { members } from './form.ts';
import { isJson } from './media-kind.ts';
import { plainText, queryWriter } from './styles.ts';
import { writeJson } from './write-json.ts';

export interface WrittenForm {
  readonly contentType: string;
  readonly body: Buffer;
}

interface Part {
  readonly name: string;
  readonly content: string | Upload;
  readonly mediaType: string | undefined;
}

/**
 * A body of `multipart/form-data` (RFC 7578). Files are in memory already, as the client's request was read whole; here
 * they are copied into one body, each once.
 */
export function multipartWriter(fields: readonly FieldPlan[]): (value: unknown) => Promise<WrittenForm> {
  const plans = new Map(fields.map((field) => [field.name, field]));
  return async (value) => {
    const parts = members(value).flatMap(([name, own]) => partsOf(plans.get(name) ?? { name }, own));
    refuseRepeatedFiles(parts);
    const boundary = `skein-${randomUUID()}`;
    const pieces: Buffer[] = [];
    for (const part of parts) {
      pieces.push(Buffer.from(headOf(part, boundary)));
      pieces.push(
        typeof part.content === 'string' ? textBytes(part.content) : Buffer.from(await part.content.arrayBuffer()),
      );
      pieces.push(Buffer.from('\r\n'));
    }
    pieces.push(Buffer.from(`--${boundary}--\r\n`));
    return { contentType: `multipart/form-data; boundary=${boundary}`, body: Buffer.concat(pieces) };
  };
}

function partsOf({ name, styled, mediaTypes }: FieldPlan, value: unknown): Part[] {
  if (styled !== undefined) {
    const pairs = queryWriter({ ...styled, allowReserved: false })(value)
      .split('&')
      .slice(1);
    return pairs.map((pair) => {
      const [key = '', content = ''] = pair.split('=').map(decodeURIComponent);
      return { name: key, content, mediaType: undefined };
    });
  }
  const mediaType = mediaTypes?.find((type) => !type.includes('*'));
  if (isJson(mediaType) && !isUpload(value)) return [{ name, content: writeJson(value), mediaType }];
  const values = Array.isArray(value) ? value.filter((item) => item !== null && item !== undefined) : [value];
  return values.map((own): Part => {
    if (isUpload(own)) return { name, content: own, mediaType: typeOfFile(own, mediaTypes) };
    if (typeof own === 'object') return { name, content: writeJson(own), mediaType: 'application/json' };
    return { name, content: plainText(own), mediaType };
  });
}

/** A client could name one file a thousand times, and have a thousand copies made of it. */
function refuseRepeatedFiles(parts: readonly Part[]): void {
  const files = parts.flatMap(({ content }) => (typeof content === 'string' ? [] : [content]));
  if (new Set(files).size < files.length) {
    throw new SkeinError('BAD_USER_INPUT', 'One file cannot be sent twice in the same call.');
  }
}

function headOf({ name, content, mediaType }: Part, boundary: string): string {
  const file = typeof content === 'string' ? '' : `; filename="${quoted(content.name)}"`;
  const type = mediaType === undefined ? '' : `content-type: ${mediaType}\r\n`;
  return `--${boundary}\r\ncontent-disposition: form-data; name="${quoted(name)}"${file}\r\n${type}\r\n`;
}

/** As browsers do (https://html.spec.whatwg.org/#multipart-form-data). */
function quoted(name: string): string {
  return wellFormed(name).replace(/["\r\n]/g, encodeURIComponent);
}

function textBytes(text: string): Buffer {
  return Buffer.from(wellFormed(text));
}

/** @throws SkeinError BAD_USER_INPUT for half of a character, which no encoding can write */
export function wellFormed(text: string): string {
  if (!/\p{Surrogate}/u.test(text)) return text;
  throw new SkeinError('BAD_USER_INPUT', 'An argument has half of a character.');
}

const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;\s*[\w.-]+=[\w.-]+)*$/;
const BYTES = 'application/octet-stream';

/** The type the client gave its file where that is one the document takes, else one that it takes. */
export function typeOfFile({ type }: Upload, taken: readonly string[] = ['*/*']): string {
  const given = MEDIA_TYPE.test(type) ? type : BYTES;
  const [essence = ''] = given.toLowerCase().split(';');
  const isTaken = taken.some((range) => {
    const own = range.toLowerCase();
    return own === '*/*' || own === essence.trim() || (own.endsWith('/*') && essence.startsWith(own.slice(0, -1)));
  });
  return isTaken ? given : (taken.find((range) => !range.includes('*')) ?? given);
}
