import { setImmediate as nextTurn } from 'node:timers/promises';
import { SaxesParser, type SaxesTagNS } from 'saxes';
import { XML } from './namespaces.ts';

export interface XmlAttribute {
  readonly local: string;
  /** Empty for none. */
  readonly namespace: string;
  readonly value: string;
}

/** An element of a parsed document. Comments and processing instructions are not kept. */
export interface XmlElement {
  readonly local: string;
  /** Empty for none. */
  readonly namespace: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: XmlElement[];
  /** All text directly in it, joined. */
  text: string;
  /** Where its start tag ends, counted from 1; 0 when lines are not counted. */
  readonly line: number;
  readonly scope: Scope | undefined;
}

/** Prefixes that an element declares, and those around it. */
interface Scope {
  readonly around: Scope | undefined;
  readonly own: Readonly<Record<string, string>>;
}

export interface XmlLimits {
  readonly maxDepth: number;
  /** Elements and attributes together. */
  readonly maxNodes: number;
  /** Count lines, for documents whose mistakes are told. */
  readonly lines: boolean;
}

/** The text is no XML that we read; `line` is counted from 1 where lines are counted. */
export class XmlError extends Error {
  override readonly name = 'XmlError';
  readonly line: number | undefined;

  constructor(message: string, line?: number) {
    super(message);
    this.line = line;
  }
}

/** What is parsed before the event loop gets its turn, in characters: some milliseconds. */
const SLICE = 131_072;
/** A tag is read at one go, and one of a million attributes takes ten seconds. */
const MAX_ATTRIBUTES = 10_000;
/** Of documents. A parser looks for a name in all elements around: in a million of them for hours. */
export const MAX_DOCUMENT_DEPTH = 128;
const NO_ATTRIBUTES: readonly XmlAttribute[] = [];

/**
 * Reads a document with namespaces into a tree. Refuses any DOCTYPE, so there are no entities but XML's own five, and
 * nothing outside of the text is ever read.
 * @throws XmlError
 */
export function parseXml(text: string, limits: XmlLimits): XmlElement {
  const reader = createTreeReader(limits);
  reader.write(text);
  return reader.end();
}

/** The same, with turns for others between. Rejects with XmlError. */
export async function parseXmlInSlices(text: string, limits: XmlLimits): Promise<XmlElement> {
  if (text.length <= SLICE) return parseXml(text, limits);
  const reader = createTreeReader(limits);
  for (let start = 0; start < text.length; start += SLICE) {
    if (start > 0) await nextTurn();
    reader.write(text.slice(start, start + SLICE));
  }
  return reader.end();
}

/** Has `fail` called within a tag that has too many attributes. */
export function boundAttributes(parser: SaxesParser<{ xmlns: true }>, fail: (message: string) => never): void {
  let count = 0;
  parser.on('opentagstart', () => {
    count = 0;
  });
  parser.on('attribute', () => {
    count += 1;
    if (count > MAX_ATTRIBUTES) fail(`an element has more than ${MAX_ATTRIBUTES} attributes`);
  });
}

function createTreeReader({ maxDepth, maxNodes, lines }: XmlLimits) {
  const parser = new SaxesParser({ xmlns: true as const, position: lines });
  const open: XmlElement[] = [];
  let root: XmlElement | undefined;
  let nodes = 0;

  const fail = (message: string): never => {
    throw new XmlError(message, lines ? parser.line : undefined);
  };
  const onText = (text: string) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += text;
  };
  parser.on('error', (error) => fail(error.message.replace(/^(?:[^:]*:)?\d+:\d+: /, '').replace(/\.$/, '')));
  parser.on('doctype', () => fail('it has a DOCTYPE, which is not read'));
  boundAttributes(parser, fail);
  parser.on('text', onText);
  parser.on('cdata', onText);
  parser.on('opentag', (tag) => {
    nodes += 1;
    if (open.length >= maxDepth) fail(`its elements are nested more than ${maxDepth} deep`);
    const parent = open.at(-1);
    const element = toElement(tag, parent, lines ? parser.line : 0);
    nodes += element.attributes.length;
    if (nodes > maxNodes) fail(`it has more than ${maxNodes} elements and attributes`);
    if (parent === undefined) root = element;
    else parent.children.push(element);
    open.push(element);
  });
  parser.on('closetag', () => {
    open.pop();
  });

  return {
    write(text: string): void {
      parser.write(text);
    },
    end(): XmlElement {
      parser.close();
      return root ?? fail('it is empty');
    },
  };
}

function toElement(tag: SaxesTagNS, parent: XmlElement | undefined, line: number): XmlElement {
  let attributes: XmlAttribute[] | undefined;
  let declares = false;
  for (const name in tag.attributes) {
    const attribute = tag.attributes[name];
    if (attribute === undefined) continue;
    if (attribute.prefix === 'xmlns' || name === 'xmlns') {
      declares = true;
      continue;
    }
    attributes ??= [];
    attributes.push({ local: attribute.local, namespace: attribute.uri, value: attribute.value });
  }
  return {
    local: tag.local,
    namespace: tag.uri,
    attributes: attributes ?? NO_ATTRIBUTES,
    children: [],
    text: '',
    line,
    scope: declares ? { around: parent?.scope, own: tag.ns } : parent?.scope,
  };
}

/** The value of an attribute without a namespace, or of the given one. */
export function attributeOf(element: XmlElement, local: string, namespace = ''): string | undefined {
  for (const attribute of element.attributes) {
    if (attribute.local === local && attribute.namespace === namespace) return attribute.value;
  }
  return undefined;
}

export function childrenOf(element: XmlElement, namespace: string, local: string): XmlElement[] {
  return element.children.filter((child) => child.local === local && child.namespace === namespace);
}

export function childOf(element: XmlElement, namespace: string, local: string): XmlElement | undefined {
  return element.children.find((child) => child.local === local && child.namespace === namespace);
}

export interface QualifiedName {
  readonly namespace: string;
  readonly local: string;
}

/** `tns:Item` as the element sees it; undefined where the prefix is not declared. */
export function resolveName(name: string, element: XmlElement): QualifiedName | undefined {
  const text = name.trim();
  const colon = text.indexOf(':');
  const prefix = colon < 0 ? '' : text.slice(0, colon);
  const namespace = prefix === 'xml' ? XML : namespaceOf(prefix, element);
  if (namespace === undefined && prefix !== '') return undefined;
  return { namespace: namespace ?? '', local: text.slice(colon + 1) };
}

function namespaceOf(prefix: string, element: XmlElement): string | undefined {
  for (let scope = element.scope; scope !== undefined; scope = scope.around) {
    const namespace = scope.own[prefix];
    if (namespace !== undefined) return namespace;
  }
  return undefined;
}
