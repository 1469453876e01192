import type { Findings, Place } from './findings.ts';
import type { SoapDocument } from './load-documents.ts';
import { resolveLocation } from './locations.ts';
import { BUILT_IN, keyOf, WSDL, WSDL_20, XSD } from './namespaces.ts';
import { createSchemaSet, type SchemaSet } from './schema-set.ts';
import {
  attributeOf,
  childrenOf,
  MAX_DOCUMENT_DEPTH,
  parseXml,
  resolveName,
  type XmlElement,
  XmlError,
} from './xml.ts';

/** A message, portType, binding or service of a WSDL. */
export interface Definition extends Place {
  readonly name: string;
  readonly node: XmlElement;
  readonly targetNamespace: string;
}

type Kind = 'message' | 'portType' | 'binding' | 'service';

/** A WSDL with all that it imports. */
export interface Wsdl extends Readonly<Record<Kind, ReadonlyMap<string, Definition>>> {
  readonly schemas: SchemaSet;
  /** The roots of the WSDL documents. */
  readonly roots: readonly (Place & { readonly node: XmlElement })[];
}

/** Of all documents together. */
const MAX_NODES = 2_000_000;

/** Reads the documents, of which the first is the WSDL. Undefined when that one cannot be used. */
export function readWsdl(documents: readonly SoapDocument[], findings: Findings): Wsdl | undefined {
  const kinds: Record<Kind, Map<string, Definition>> = {
    message: new Map(),
    portType: new Map(),
    binding: new Map(),
    service: new Map(),
  };
  const { set, add } = createSchemaSet(findings);
  const texts = new Map(documents.map(({ location, text }) => [location, text]));
  const parsed = new Map<string, XmlElement | undefined>();
  const roots: (Place & { readonly node: XmlElement })[] = [];
  const visited = new Set<string>();
  const waiting: { readonly location: string; readonly includer: string }[] = [];
  let nodesLeft = MAX_NODES;

  function parse(location: string): XmlElement | undefined {
    if (parsed.has(location)) return parsed.get(location);
    let root: XmlElement | undefined;
    try {
      root = parseXml(texts.get(location) ?? '', { maxDepth: MAX_DOCUMENT_DEPTH, maxNodes: nodesLeft, lines: true });
      nodesLeft -= countNodes(root);
    } catch (error) {
      if (!(error instanceof XmlError)) throw error;
      const suggestion = error.message.includes('DOCTYPE')
        ? 'Remove the DOCTYPE; entities must be written out.'
        : undefined;
      const place = { file: location, node: { line: error.line ?? 1 } };
      findings.problem(place, `The document cannot be read: ${error.message}.`, suggestion);
    }
    parsed.set(location, root);
    return root;
  }

  function follow(node: XmlElement, attribute: string, from: string, includer: string): void {
    const named = attributeOf(node, attribute)?.trim();
    if (named === undefined || named === '' || BUILT_IN.has(attributeOf(node, 'namespace') ?? '')) return;
    const location = resolveLocation(named, from);
    // What could not be loaded has been told by the loader.
    if (location !== undefined && texts.has(location)) waiting.push({ location, includer });
  }

  function readSchema(node: XmlElement, file: string, includer: string): void {
    const { targetNamespace } = add(node, file, includer);
    for (const child of node.children) {
      if (child.namespace !== XSD) continue;
      if (child.local === 'import') follow(child, 'schemaLocation', file, '');
      if (child.local === 'include' || child.local === 'redefine') {
        follow(child, 'schemaLocation', file, targetNamespace);
      }
      if (child.local === 'redefine' && child.children.some((each) => each.local !== 'annotation')) {
        findings.notice({ file, node: child }, 'What xsd:redefine changes is left out; the types stay as they were.');
      }
    }
  }

  function readDefinitions(root: XmlElement, file: string): void {
    roots.push({ node: root, file });
    const targetNamespace = attributeOf(root, 'targetNamespace') ?? '';
    for (const node of root.children) {
      if (node.namespace !== WSDL) continue;
      if (node.local === 'import') follow(node, 'location', file, '');
      else if (node.local === 'types') {
        for (const schema of childrenOf(node, XSD, 'schema')) readSchema(schema, file, '');
      } else if (Object.hasOwn(kinds, node.local)) define(kinds[node.local as Kind], { node, file, targetNamespace });
    }
  }

  function define(all: Map<string, Definition>, found: Omit<Definition, 'name'>): void {
    const name = attributeOf(found.node, 'name')?.trim();
    if (name === undefined) {
      findings.problem(found, `A ${found.node.local} has no name.`);
      return;
    }
    const key = keyOf(found.targetNamespace, name);
    const first = all.get(key);
    if (first === undefined) all.set(key, { ...found, name });
    else {
      const message = `The ${found.node.local} "${name}" is defined twice: it is in line ${first.node.line} already, which counts.`;
      findings.problem(found, message);
    }
  }

  const [first] = documents;
  if (first === undefined) return undefined;
  const root = parse(first.location);
  if (root === undefined) return undefined;
  if (root.namespace !== WSDL || root.local !== 'definitions') {
    const is = root.namespace === WSDL_20 ? 'It is WSDL 2.0; only 1.1 can be read.' : `It begins with <${root.local}>.`;
    findings.problem({ file: first.location, node: root }, `The document is not a WSDL 1.1 document. ${is}`);
    return undefined;
  }
  waiting.push({ location: first.location, includer: '' });
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { location, includer } = next;
    const node = parse(location);
    const takes = node?.local === 'schema' && attributeOf(node, 'targetNamespace') === undefined ? includer : '';
    if (node === undefined || visited.has(keyOf(takes, location))) continue;
    visited.add(keyOf(takes, location));
    if (node.namespace === WSDL && node.local === 'definitions') readDefinitions(node, location);
    else if (node.namespace === XSD && node.local === 'schema') readSchema(node, location, takes);
    else findings.problem({ file: location, node }, 'The document is neither a WSDL 1.1 document nor an XML schema.');
  }
  return { ...kinds, schemas: set, roots };
}

/** The definition that an attribute names; one that is missing is told. */
export function referred(
  all: ReadonlyMap<string, Definition>,
  from: Place & { readonly node: XmlElement },
  attribute: string,
  findings: Findings,
): Definition | undefined {
  const reference = attributeOf(from.node, attribute) ?? '';
  const name = resolveName(reference, from.node);
  const found = name && all.get(keyOf(name.namespace, name.local));
  if (found === undefined) {
    const what = attribute === 'type' ? 'portType' : attribute;
    findings.problem(from, `There is no ${what} "${reference}", which the ${from.node.local} needs.`);
  }
  return found;
}

function countNodes(root: XmlElement): number {
  let count = 0;
  const waiting = [root];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    count += 1 + next.attributes.length;
    for (const child of next.children) waiting.push(child);
  }
  return count;
}
