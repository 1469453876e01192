import type { FieldDescriptor } from './descriptor-wire.ts';
import type { ProtoField } from './proto-schema.ts';
import { SCALAR_CODECS } from './scalar-codecs.ts';

/** The default of a field, which descriptors have as text. */
export function defaultOf(field: FieldDescriptor, type: string, kind: ProtoField['kind']): ProtoField['defaultValue'] {
  if (!Object.hasOwn(field, 'defaultValue') || kind === 'message') return undefined;
  const text = field.defaultValue;
  if (kind === 'enum' || type === 'string') return text;
  if (type === 'bool') return text === 'true';
  if (type === 'bytes') return unescapeBytes(text).toString('base64');
  if (SCALAR_CODECS.get(type)?.output === 'Int64') return /^-?\d{1,20}$/.test(text) ? text : undefined;
  const number = Number(text);
  return text !== '' && Number.isFinite(number) ? number : undefined;
}

const ESCAPES: Readonly<Record<string, string>> = {
  ...{ n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b', f: '\f', v: '\v' },
};

/** As C has it in string literals. */
function unescapeBytes(text: string): Buffer {
  const plain = text.replace(/\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3})|(.))/gs, (_, hex, octal, letter: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
    return ESCAPES[letter] ?? letter;
  });
  return Buffer.from(plain, 'latin1');
}
