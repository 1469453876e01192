import { randomInt } from 'node:crypto';
import { SkeinError } from '../../kernel/errors.ts';
import type { ContentPart, FilePart, ImagePart, MediaSource } from '../ai/model.ts';

/** What the types of a prompt call images and files → the scalars of the graph. */
export const MEDIA_SCALARS: Readonly<Record<string, string>> = { Image: 'PromptImage', File: 'PromptFile' };

/** The scalars of the graph, with their definitions. */
export const MEDIA_DEFINITIONS: ReadonlyMap<string, string> = new Map([
  ['PromptImage', '"An image: its https address, or a data URL in base64."\nscalar PromptImage'],
  [
    'PromptFile',
    '"A file: its https address, a data URL in base64, or an object with such a `url` and a `name`."\nscalar PromptFile',
  ],
]);

const MOST_MEDIA = 50;
/** Of base64: 20 MiB of bytes. */
const MOST_CHARACTERS = 28_000_000;
const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+);base64,/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const EDGE = '\u0000';
/** In the place of an image or a file where a template is tried. */
export const SAMPLE_MARK = `${EDGE}media${EDGE}`;

/** The images and files of one question. Each has a mark that a template writes in its place, and that no value can hold. */
export class MediaMarks {
  #nonce = '';
  readonly #parts: { readonly part: ImagePart | FilePart; readonly argument: string }[] = [];

  /** @throws SkeinError BAD_USER_INPUT naming the place of what is none */
  mark(scalar: string, value: unknown, path: string): string {
    if (this.#parts.length >= MOST_MEDIA) throw wrong(path, `is more than the ${MOST_MEDIA} that a question may have`);
    if (this.#nonce === '') this.#nonce = `${randomInt(2 ** 47)}${randomInt(2 ** 47)}`;
    const [argument = path] = path.split(/[.[]/, 1);
    this.#parts.push({ part: scalar === 'PromptImage' ? imageOf(value, path) : fileOf(value, path), argument });
    return `${EDGE}${this.#nonce}.${this.#parts.length - 1}${EDGE}`;
  }

  /**
   * The text with images and files in their places; those of inputs that the template does not name stand before it.
   * @throws Error when there are too many
   */
  fill(text: string, isNamed: (argument: string) => boolean): string | readonly ContentPart[] {
    if (this.#parts.length === 0) return text;
    const content: ContentPart[] = this.#parts.flatMap(({ part, argument }) => (isNamed(argument) ? [] : [part]));
    const pieces = text.split(new RegExp(`${EDGE}${this.#nonce}\\.(\\d+)${EDGE}`));
    if (pieces.length > 2 * MOST_MEDIA + 1) throw new Error('The template writes more images and files than allowed.');
    for (const [index, piece] of pieces.entries()) {
      const placed = index % 2 === 1 ? this.#parts[Number(piece)] : undefined;
      if (placed !== undefined) content.push(placed.part);
      else if (piece.trim() !== '') content.push({ type: 'text', text: piece });
    }
    return content;
  }

  /** Whether one of them was written into the text. */
  isIn(text: string): boolean {
    return this.#parts.length > 0 && text.includes(`${EDGE}${this.#nonce}.`);
  }
}

function imageOf(value: unknown, path: string): ImagePart {
  const source = sourceOf(value, path);
  if (source.type === 'base64' && !source.mediaType.startsWith('image/'))
    throw wrong(path, `must be an image, and not ${source.mediaType}`);
  return { type: 'image', source };
}

function fileOf(value: unknown, path: string): FilePart {
  if (typeof value !== 'object' || value === null) return { type: 'file', source: sourceOf(value, path) };
  const { url, name, ...others } = value as Readonly<Record<string, unknown>>;
  const [other] = Object.keys(others);
  if (other !== undefined) throw wrong(`${path}.${other}`, 'is not known: there are url and name');
  if (name !== undefined && name !== null && (typeof name !== 'string' || name.length > 255))
    throw wrong(`${path}.name`, 'must be a text of at most 255 characters');
  return { type: 'file', source: sourceOf(url, `${path}.url`), ...(typeof name === 'string' && { name }) };
}

function sourceOf(value: unknown, path: string): MediaSource {
  const url = typeof value === 'string' ? value : '';
  const [head, mediaType] = DATA_URL.exec(url.slice(0, 300)) ?? [];
  if (head !== undefined && mediaType !== undefined) {
    if (url.length - head.length > MOST_CHARACTERS) throw wrong(path, 'is larger than 20 MiB');
    const data = url.slice(head.length);
    if (!BASE64.test(data)) throw wrong(path, 'must be in base64');
    return { type: 'base64', mediaType: mediaType.toLowerCase(), data };
  }
  if (!url.startsWith('https://') || url.length > 8_192 || !URL.canParse(url))
    throw wrong(path, 'must be an https address, or a data URL with a media type, in base64');
  return { type: 'url', url };
}

function wrong(path: string, expectation: string): SkeinError {
  return new SkeinError('BAD_USER_INPUT', `"${path}" ${expectation}.`);
}
