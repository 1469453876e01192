import { SkeinError } from '../../kernel/errors.ts';
import { writeJson } from './write-json.ts';

/** How a value is written as text (https://spec.openapis.org/oas/v3.1.1#style-values), or `json` for `content`. */
export type Style = 'simple' | 'label' | 'matrix' | 'form' | 'spaceDelimited' | 'pipeDelimited' | 'deepObject' | 'json';

/** A name with the way its value is written. */
export interface StyledName {
  /** As it is upstream. */
  readonly name: string;
  readonly style: Style;
  /** A pair for each item or property, instead of one for all. */
  readonly explode: boolean;
  /** Characters such as `/` and `:` are sent as they are, as far as they cannot be taken for others' delimiters. */
  readonly allowReserved?: boolean;
}

/** Writes a value that is neither undefined nor null; throws SkeinError BAD_USER_INPUT. */
export type WriteValue = (value: unknown) => string;

/** For one place in a path. */
export function pathWriter({ name, style, explode }: StyledName): WriteValue {
  switch (style) {
    case 'json':
      return (value) => encode(writeJson(value));
    case 'label':
      return (value) => `.${delimited(value, explode, explode ? '.' : ',', encodeDots)}`;
    case 'matrix':
      return matrixWriter(encode(name), explode);
    default:
      return (value) => delimited(value, explode, ',', encode);
  }
}

function matrixWriter(name: string, explode: boolean): WriteValue {
  const pair = (key: string, text: string) => (text === '' ? `;${key}` : `;${key}=${text}`);
  return (value) => {
    if (!explode || !isComposite(value)) return pair(name, delimited(value, false, ',', encode));
    if (Array.isArray(value))
      return items(value)
        .map((item) => pair(name, encode(item)))
        .join('');
    return entries(value)
      .map(([key, own]) => pair(encode(key), encode(plainText(own))))
      .join('');
  };
}

/** `&name=value` for each pair; nothing for an empty list. For queries and forms. */
export function queryWriter({ name, style, explode, allowReserved }: StyledName): WriteValue {
  const key = encode(name);
  const encodeValue = allowReserved === true ? encodeUnreserved : encode;
  switch (style) {
    case 'json':
      return (value) => `&${key}=${encodeValue(writeJson(value))}`;
    case 'deepObject':
      return (value) => deepPairs(key, value, encodeValue);
    case 'spaceDelimited':
    case 'pipeDelimited':
      if (!explode) return delimitedPair(key, style === 'pipeDelimited' ? '|' : ' ');
      break;
    default:
  }
  return explode ? explodedPairs(key, encodeValue) : (value) => onePair(key, value, ',', encode, encodeValue);
}

function explodedPairs(key: string, encodeValue: (text: string) => string): WriteValue {
  const pairs = (own: string, value: unknown) =>
    Array.isArray(value)
      ? items(value)
          .map((item) => `&${own}=${encodeValue(item)}`)
          .join('')
      : `&${own}=${encodeValue(plainText(value))}`;
  return (value) => {
    if (!isComposite(value) || Array.isArray(value)) return pairs(key, value);
    return entries(value)
      .map(([name, own]) => pairs(encode(name), own))
      .join('');
  };
}

/** `encodeItem` is for what stands between delimiters, where a reserved character could be taken for one. */
function onePair(
  key: string,
  value: unknown,
  delimiter: string,
  encodeItem: (text: string) => string,
  encodeWhole = encodeItem,
): string {
  if (!isComposite(value)) return `&${key}=${encodeWhole(plainText(value))}`;
  const text = delimited(value, false, delimiter, encodeItem);
  return text === '' && isEmpty(value) ? '' : `&${key}=${text}`;
}

/** These delimiters are sent encoded, as an item's own would be: an item cannot have one. */
function delimitedPair(key: string, delimiter: string): WriteValue {
  const encodeItem = (text: string) => {
    if (!text.includes(delimiter)) return encode(text);
    throw new SkeinError('BAD_USER_INPUT', `An item of a list has a "${delimiter}", which delimits items there.`);
  };
  return (value) =>
    isComposite(value) ? onePair(key, value, encode(delimiter), encodeItem) : `&${key}=${encode(plainText(value))}`;
}

/** `filter[price][gte]=1`, `expand[]=a`, `items[0][sku]=x`: beyond one level OpenAPI leaves it open, servers do not. */
function deepPairs(key: string, value: unknown, encodeValue: (text: string) => string): string {
  if (!isComposite(value)) return `&${key}=${encodeValue(plainText(value))}`;
  if (!Array.isArray(value)) {
    return entries(value)
      .map(([name, own]) => deepPairs(`${key}%5B${encodeKey(name)}%5D`, own, encodeValue))
      .join('');
  }
  const isPlain = !value.some(isComposite);
  return value
    .filter((item) => item !== null && item !== undefined)
    .map((item, index) => deepPairs(`${key}%5B${isPlain ? '' : index}%5D`, item, encodeValue))
    .join('');
}

/** A value for a header; `argument` is where it comes from. */
export function headerWriter({ style, explode }: StyledName, argument: string): WriteValue {
  const fail = () =>
    new SkeinError('BAD_USER_INPUT', `The argument "${argument}" has characters that a header cannot carry.`);
  // Headers know no way to write a delimiter inside an item.
  const without = (delimiters: RegExp) => (text: string) => {
    if (delimiters.test(text)) throw fail();
    return text;
  };
  const [item, name] = [without(/,/), without(explode ? /[,=]/ : /,/)];
  return (value) => {
    let text: string;
    if (style === 'json') text = writeJson(value).replace(/[\u007f-\uffff]/g, escapeCharacter);
    else text = isComposite(value) ? delimited(value, explode, ',', item, name) : plainText(value);
    if (HEADER_TEXT.test(text)) return text;
    throw fail();
  };
}

/** `name=value` for each cookie. */
export function cookieWriter({ name, style, explode }: StyledName): (value: unknown) => string[] {
  const write = queryWriter({ name, style: style === 'json' ? 'json' : 'form', explode });
  return (value) => write(value).split('&').slice(1);
}

/** Printable ASCII without spaces at its ends: all that travels in a header unchanged. */
const HEADER_TEXT = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$|^$/;

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Items, or names and values, between delimiters; `name=value` where objects are exploded. */
function delimited(
  value: unknown,
  explode: boolean,
  delimiter: string,
  encodeItem: (text: string) => string,
  encodeName = encodeItem,
): string {
  if (!isComposite(value)) return encodeItem(plainText(value));
  if (Array.isArray(value)) return items(value).map(encodeItem).join(delimiter);
  return entries(value)
    .map(([name, own]) => `${encodeName(name)}${explode ? '=' : delimiter}${encodeItem(plainText(own))}`)
    .join(delimiter);
}

type Composite = readonly unknown[] | Readonly<Record<string, unknown>>;

function isComposite(value: unknown): value is Composite {
  return typeof value === 'object' && value !== null;
}

function isEmpty(value: Composite): boolean {
  return (Array.isArray(value) ? items(value) : entries(value as Readonly<Record<string, unknown>>)).length === 0;
}

function items(value: readonly unknown[]): string[] {
  return value.filter((item) => item !== null && item !== undefined).map(plainText);
}

function entries(value: Composite): [string, unknown][] {
  return Object.entries(value).filter(([, own]) => own !== null && own !== undefined);
}

/** @throws SkeinError BAD_USER_INPUT for a list or object */
export function plainText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (isComposite(value)) {
    throw new SkeinError('BAD_USER_INPUT', 'An argument must be a plain value where it is used, not a list or object.');
  }
  return String(value);
}

/** @throws SkeinError BAD_USER_INPUT for half of a character */
export function encode(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch (cause) {
    throw new SkeinError('BAD_USER_INPUT', 'An argument has half of a character.', { cause });
  }
}

function encodeDots(text: string): string {
  return encode(text).replaceAll('.', '%2E');
}

/** What `allowReserved` asks for, without what ends a value or a query: `& = # +`, and `;` and `?` for many a server. */
function encodeUnreserved(text: string): string {
  return encode(text).replace(/%(?:2C|2F|3A|40|5B|5D|24)/g, decodeURIComponent);
}

/** A name in brackets: its own would be taken for others. */
function encodeKey(name: string): string {
  if (!/[[\]]/.test(name)) return encode(name);
  throw new SkeinError('BAD_USER_INPUT', 'The name of a property has brackets, which cannot be sent there.');
}
