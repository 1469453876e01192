import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject, member, type OpenapiDocument, textMember, UnusableError } from './document.ts';
import { type MediaKind, mediaKind } from './media-kind.ts';

/** What a successful answer holds. */
export type Content =
  | { readonly kind: 'none' | 'undocumented' }
  | {
      readonly kind: 'json' | 'text' | 'binary';
      readonly status: string;
      readonly mediaType: string;
      readonly schema: unknown;
      /** Successful statuses whose content is another: their answers are read as if they had this one. */
      readonly differing: readonly string[];
    };

interface Media {
  readonly kind: MediaKind;
  readonly type: string;
  readonly value: unknown;
}

/** Whatever documents say. */
const BODILESS: ReadonlySet<string> = new Set(['204', '205']);
const ANSWERS: readonly MediaKind[] = ['json', 'text', 'form', 'xml', 'binary'];
const BODIES: readonly MediaKind[] = ['json', 'form', 'multipart', 'text', 'binary'];

/**
 * What the successful answer with the lowest status has; JSON before text before bytes.
 * @throws UnusableError when there is an answer, but none that can be read
 */
export function successContent(document: OpenapiDocument, operation: JsonObject): Content {
  const statuses = successStatuses(operation);
  if (statuses.length === 0) {
    const all = Object.keys(responsesOf(operation));
    if (
      all.length > 0 &&
      all.every((status) => /^[345]/.test(status)) &&
      all.some((status) => status.startsWith('3'))
    ) {
      throw new UnusableError('it answers with a redirect, and redirects are not followed');
    }
    return { kind: 'undocumented' };
  }
  const responses = responsesOf(operation);
  const contents = statuses.map((status) => ({
    status,
    all: BODILESS.has(status) ? [] : mediaOf(document, responses[status]),
  }));
  for (const kind of ANSWERS) {
    for (const { status, all } of contents) {
      const media = preferred(all, kind);
      if (media === undefined || isEventStream(media)) continue;
      const schema = member(media.value, 'schema');
      return {
        kind: kind === 'json' || kind === 'binary' ? kind : 'text',
        status,
        mediaType: media.type,
        schema,
        differing: kind === 'json' ? differing(contents, status, schema) : [],
      };
    }
  }
  const types = contents.flatMap(({ all }) => all.map(({ type }) => type));
  if (types.length === 0) return { kind: statuses.includes('default') ? 'undocumented' : 'none' };
  throw new UnusableError(`it answers with ${types.join(', ')}`);
}

/** In their order. Without any, `default` stands for success as well. */
export function successStatuses(operation: JsonObject): string[] {
  const statuses = Object.keys(responsesOf(operation));
  const successful = statuses.filter((status) => /^2(?:\d\d|XX)$/i.test(status)).sort();
  const hasRedirect = statuses.some((status) => status.startsWith('3'));
  return successful.length > 0 || hasRedirect || !statuses.includes('default') ? successful : ['default'];
}

export function responsesOf(operation: JsonObject): JsonObject {
  const responses = member(operation, 'responses');
  return isJsonObject(responses) ? responses : {};
}

function differing(
  contents: readonly { readonly status: string; readonly all: readonly Media[] }[],
  chosen: string,
  schema: unknown,
): string[] {
  return contents
    .filter(({ status, all }) => {
      const other = status === chosen ? undefined : preferred(all, 'json');
      return other !== undefined && !isDeepStrictEqual(member(other.value, 'schema'), schema);
    })
    .map(({ status }) => status);
}

export interface Body {
  readonly required: boolean;
  readonly description: string | undefined;
  /** Undefined where it has no type that can be sent. */
  readonly content: BodyContent | undefined;
  readonly mediaTypes: readonly string[];
}

export interface BodyContent {
  readonly kind: 'json' | 'form' | 'multipart' | 'text' | 'binary';
  readonly mediaType: string;
  readonly schema: unknown;
  /** How single properties of a form are written. */
  readonly encoding: unknown;
}

export function requestBody(document: OpenapiDocument, operation: JsonObject): Body | undefined {
  const raw = member(operation, 'requestBody');
  if (raw === undefined) return undefined;
  const { value } = document.resolve(raw);
  const all = mediaOf(document, raw);
  const media = BODIES.map((kind) => preferred(all, kind)).find((found) => found !== undefined);
  return {
    required: member(value, 'required') === true,
    description: textMember(value, 'description'),
    content: media && {
      kind: media.kind as BodyContent['kind'],
      mediaType: media.kind === 'json' && media.type.includes('*') ? 'application/json' : media.type,
      schema: member(media.value, 'schema'),
      encoding: member(media.value, 'encoding'),
    },
    mediaTypes: all.map(({ type }) => type),
  };
}

/** The plain type of its kind before others: a merge patch is not what a whole object is. */
function preferred(all: readonly Media[], kind: MediaKind): Media | undefined {
  const fitting = all.filter((media) => media.kind === kind && isSendable(media));
  return fitting.find(({ type }) => PLAIN.test(type)) ?? fitting[0];
}

const PLAIN = /^(?:application\/json|text\/plain|multipart\/form-data)\s*(?:;|$)/i;

/** A type that a header can carry. Of those with several parts only forms say how the parts are named. */
function isSendable({ kind, type }: Media): boolean {
  if (!/^[\x21-\x7e]+(?:[\x20-\x7e]*[\x21-\x7e])?$/.test(type)) return false;
  return kind !== 'multipart' || /^multipart\/form-data\s*(?:;|$)/i.test(type);
}

function isEventStream({ type }: Media): boolean {
  return /^text\/event-stream/i.test(type);
}

function mediaOf(document: OpenapiDocument, raw: unknown): Media[] {
  const content = member(document.resolve(raw).value, 'content');
  if (!isJsonObject(content)) return [];
  return Object.entries(content).map(([type, value]) => ({ kind: mediaKind(type), type, value }));
}
