import type { Findings } from './findings.ts';
import { ENCODING_11, ENCODING_12, keyOf, XSD } from './namespaces.ts';
import { attributeOf, type QualifiedName, resolveName, type XmlElement } from './xml.ts';

/** What holds for all of one `xsd:schema`. */
export interface SchemaContext {
  readonly file: string;
  readonly targetNamespace: string;
  readonly qualifiesElements: boolean;
  readonly qualifiesAttributes: boolean;
}

/** A named part of a schema. */
export interface Component extends QualifiedName {
  readonly key: string;
  readonly node: XmlElement;
  readonly context: SchemaContext;
}

type Kind = 'types' | 'elements' | 'attributes' | 'groups' | 'attributeGroups';

/** All schemas of a WSDL, by `keyOf` names. */
export interface SchemaSet extends Readonly<Record<Kind, ReadonlyMap<string, Component>>> {
  /** Key of a type → the named types that extend or restrict it. */
  readonly derived: ReadonlyMap<string, readonly Component[]>;
  /** Key of an element → the elements that may stand in its place. */
  readonly substitutes: ReadonlyMap<string, readonly Component[]>;
}

const KINDS: Readonly<Record<string, Kind>> = {
  complexType: 'types',
  simpleType: 'types',
  element: 'elements',
  attribute: 'attributes',
  group: 'groups',
  attributeGroup: 'attributeGroups',
};

export function createSchemaSet(findings: Findings) {
  const set = {
    types: new Map<string, Component>(),
    elements: new Map<string, Component>(),
    attributes: new Map<string, Component>(),
    groups: new Map<string, Component>(),
    attributeGroups: new Map<string, Component>(),
    derived: new Map<string, Component[]>(),
    substitutes: new Map<string, Component[]>(),
  };

  function add(kind: Kind, component: Component): void {
    const { key, node, context } = component;
    const first = set[kind].get(key);
    if (first === undefined) {
      set[kind].set(key, component);
      index(kind, component);
    } else if (!isSame(first.node, node)) {
      const what = node.local === 'complexType' || node.local === 'simpleType' ? 'type' : node.local;
      const where = `in ${first.context.file === context.file ? '' : `${first.context.file}, `}line ${first.node.line}`;
      findings.problem(
        { file: context.file, node },
        `The ${what} "${component.local}" is defined twice: it is ${where} already, which counts.`,
      );
    }
  }

  function index(kind: Kind, component: Component): void {
    if (kind === 'types') {
      for (const content of component.node.children) {
        if (content.local !== 'complexContent' && content.local !== 'simpleContent') continue;
        for (const derivation of content.children) append(set.derived, derivation, 'base', component);
      }
    } else if (kind === 'elements') {
      append(set.substitutes, component.node, 'substitutionGroup', component);
    }
  }

  function append(to: Map<string, Component[]>, node: XmlElement, attribute: string, component: Component): void {
    const named = attributeOf(node, attribute);
    const name = named === undefined ? undefined : nameIn(component.context, node, named);
    if (name === undefined) return;
    const key = keyOf(name.namespace, name.local);
    const list = to.get(key);
    if (list === undefined) to.set(key, [component]);
    else list.push(component);
  }

  return {
    set: set satisfies SchemaSet as SchemaSet,
    /** Adds what a schema defines. One without a namespace of its own takes the includer's. */
    add(schema: XmlElement, file: string, includer: string): SchemaContext {
      const context: SchemaContext = {
        file,
        targetNamespace: attributeOf(schema, 'targetNamespace') ?? includer,
        qualifiesElements: attributeOf(schema, 'elementFormDefault') === 'qualified',
        qualifiesAttributes: attributeOf(schema, 'attributeFormDefault') === 'qualified',
      };
      const { targetNamespace: namespace } = context;
      for (const node of schema.children) {
        const local = attributeOf(node, 'name')?.trim();
        const kind = Object.hasOwn(KINDS, node.local) ? KINDS[node.local] : undefined;
        if (node.namespace !== XSD || kind === undefined) continue;
        if (local === undefined) findings.problem({ file, node }, `An ${node.local} of the schema has no name.`);
        else add(kind, { namespace, local, key: keyOf(namespace, local), node, context });
      }
      return context;
    },
  };
}

/** A name as a schema means it. Undefined where its prefix is not declared. */
export function nameIn(context: SchemaContext, node: XmlElement, name: string): QualifiedName | undefined {
  const resolved = resolveName(name, node);
  // A schema without a namespace means that of the one which includes it.
  if (resolved?.namespace === '' && !name.includes(':')) return { ...resolved, namespace: context.targetNamespace };
  return resolved;
}

/** Whether a type stands for all that SOAP encoding calls an array. */
export function isEncodedArray({ namespace, local }: QualifiedName): boolean {
  return local === 'Array' && (namespace === ENCODING_11 || namespace === ENCODING_12);
}

/** The same schema is often written into several documents. */
function isSame(one: XmlElement, other: XmlElement): boolean {
  return (
    one === other ||
    (one.local === other.local &&
      one.text.trim() === other.text.trim() &&
      one.attributes.length === other.attributes.length &&
      one.children.length === other.children.length &&
      one.attributes.every(
        ({ local, value }) => attributeOf(other, local)?.split(':').at(-1) === value.split(':').at(-1),
      ) &&
      one.children.every((child, index) => {
        const counterpart = other.children[index];
        return counterpart !== undefined && isSame(child, counterpart);
      }))
  );
}
