import { XSD, XSI } from './namespaces.ts';
import { attributeOf, resolveName, type XmlElement } from './xml.ts';
import { escapeAttribute, escapeText, InputError, isXmlName } from './xml-text.ts';

/**
 * XML whose type is not told, as JSON: an element without attributes and children is its text; others are objects of
 * their children by local name, with attributes as `@name` and text as `#text`; what is there several times is a list.
 * To write, a name may be `{namespace}name`.
 */
export type JsonValue = unknown;

const MAX_DEPTH = 64;
const NUMBERS: ReadonlySet<string> = new Set([
  'int',
  'short',
  'byte',
  'unsignedShort',
  'unsignedByte',
  'double',
  'float',
]);

export function isNil(node: XmlElement): boolean {
  return node.attributes.length > 0 && /^(?:true|1)$/.test(attributeOf(node, 'nil', XSI) ?? '');
}

/** Of an answer, whose depth the parser has bounded. */
export function toJson(node: XmlElement): JsonValue {
  if (isNil(node)) return null;
  const attributes = node.attributes.filter((attribute) => attribute.namespace !== XSI);
  if (node.children.length === 0 && attributes.length === 0) return ofText(node);
  const members = childrenToJson(node.children);
  for (const { local, value } of attributes) members.set(`@${local}`, value);
  if (node.text.trim() !== '') members.set('#text', node.text);
  return Object.fromEntries(members);
}

/** By local names, in their order. */
export function childrenToJson(children: readonly XmlElement[]): Map<string, JsonValue> {
  const members = new Map<string, JsonValue>();
  const lists = new Set<string>();
  for (const child of children) {
    const value = toJson(child);
    const before = members.get(child.local);
    if (!members.has(child.local)) members.set(child.local, value);
    else if (lists.has(child.local) && Array.isArray(before)) before.push(value);
    else {
      lists.add(child.local);
      members.set(child.local, [before, value]);
    }
  }
  return members;
}

/** A text that says of itself that it is a number or boolean is one. */
function ofText(node: XmlElement): JsonValue {
  const named = attributeOf(node, 'type', XSI);
  const type = named === undefined ? undefined : resolveName(named, node);
  if (type?.namespace !== XSD) return node.text;
  const text = node.text.trim();
  if (type.local === 'boolean') return text === 'true' || text === '1';
  const number = NUMBERS.has(type.local) && text !== '' ? Number(text) : Number.NaN;
  return Number.isFinite(number) ? number : node.text;
}

/** The children and text of an element, of a JSON value. @throws InputError */
export function writeJsonContent(value: JsonValue, depth = 0): string {
  if (depth > MAX_DEPTH) throw new InputError('is nested too deeply');
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map((item) => writeJsonElement('item', item, depth + 1)).join('');
  if (typeof value !== 'object') return escapeText(String(value));
  return Object.entries(value)
    .map(([key, own]: [string, unknown]) => {
      if (key.startsWith('@')) return '';
      if (key === '#text') return escapeText(String(own));
      return Array.isArray(own)
        ? own.map((item) => writeJsonElement(key, item, depth + 1)).join('')
        : writeJsonElement(key, own, depth + 1);
    })
    .join('');
}

/** The attributes that a JSON value has as `@name`. @throws InputError */
export function writeJsonAttributes(value: JsonValue): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return '';
  return Object.entries(value)
    .filter(([key]) => key.startsWith('@'))
    .map(([key, own]: [string, unknown], index) => writeJsonAttribute(key.slice(1), own, index))
    .join('');
}

export function writeJsonAttribute(key: string, value: unknown, index: number): string {
  if (value === null || value === undefined) return '';
  const { namespace, local } = readKey(key);
  const text = escapeAttribute(String(value));
  if (namespace === '') return ` ${local}="${text}"`;
  return ` xmlns:a${index}="${escapeAttribute(namespace)}" a${index}:${local}="${text}"`;
}

function writeJsonElement(key: string, value: unknown, depth: number): string {
  const { namespace, local } = readKey(key);
  const tag = namespace === '' ? local : `q:${local}`;
  const declared = namespace === '' ? '' : ` xmlns:q="${escapeAttribute(namespace)}"`;
  return `<${tag}${declared}${writeJsonAttributes(value)}>${writeJsonContent(value, depth)}</${tag}>`;
}

function readKey(key: string): { readonly namespace: string; readonly local: string } {
  const [, namespace = '', local = ''] = /^(?:\{([^{}]*)\})?(.*)$/s.exec(key) ?? [];
  if (isXmlName(local) && local !== 'xmlns') return { namespace, local };
  throw new InputError(`has the name ${JSON.stringify(key.slice(0, 50))}, which no element can have`);
}
