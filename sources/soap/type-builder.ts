import { didYouMean } from '../../kernel/suggest.ts';
import { ANY_ARRAY, createArrayReader } from './encoded-arrays.ts';
import type { Findings, Place } from './findings.ts';
import { keyOf, XSD } from './namespaces.ts';
import { createParticleReader, documentationOf, type ElementType, presetOf } from './particles.ts';
import type { ElementName, TypePlan } from './plan.ts';
import { type Component, isEncodedArray, nameIn, type SchemaContext, type SchemaSet } from './schema-set.ts';
import { createSimpleTypes, type EnumSource } from './simple-types.ts';
import { type Content, inSequence, NOTHING, type Slot } from './slots.ts';
import { attributeOf, childOf, type QualifiedName, resolveName, type XmlElement } from './xml.ts';

/** A complex type, before its fields have GraphQL names. */
export interface ComplexDraft {
  readonly id: string;
  readonly name: ElementName | undefined;
  /** Words for a GraphQL name where it has none of its own. */
  readonly hint: string;
  readonly isAbstract: boolean;
  readonly description: string | undefined;
  /** Undefined for types that no document has. */
  readonly place: Place | undefined;
  /** Id of the type that it extends or restricts. */
  base: string | undefined;
  content: Content;
}

export interface TypeBuilder {
  readonly drafts: ReadonlyMap<string, ComplexDraft>;
  readonly enums: ReadonlyMap<string, EnumSource>;
  /** A type by its name; what is missing is told, and is JSON. */
  named(name: string, node: XmlElement, file: string): TypePlan;
  /** A global element; undefined when there is none. */
  element(name: QualifiedName): (ElementType & { readonly hint: string }) | undefined;
  /** A type that no schema has: the parts of an rpc message. */
  define(id: string, hint: string, slots: readonly Slot[]): TypePlan;
  /** Fills all types that were asked for. To be called before `drafts` are read. */
  finish(): void;
}

/** There is more than we want to hold. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}

const MAX_DERIVATIONS = 50;
const MAX_WORK = 2_000_000;
const MAX_SUGGESTIONS = 20;
const JSON_TYPE: TypePlan = { kind: 'json' };

/** Makes the types of a schema set, as far as they are asked for. Throws TooLargeError. */
export function createTypeBuilder(set: SchemaSet, findings: Findings): TypeBuilder {
  const simple = createSimpleTypes(set, findings);
  const drafts = new Map<string, ComplexDraft>();
  const anonymous = new Map<SchemaContext, Map<XmlElement, string>>();
  const pending: (() => void)[] = [];
  const filled = new Set<string>();
  /** Types whose derived types are asked for as well. */
  const expanded = new Set<string>();
  let anonymousCount = 0;
  let work = 0;
  let misses = 0;

  const arrayOf = createArrayReader(findings, named);
  const particles = createParticleReader({
    set,
    findings,
    elementType,
    attributeType,
    describe: documentationOf,
    grow,
  });

  function named(name: string, node: XmlElement, file: string, context?: SchemaContext): TypePlan {
    const resolved = context === undefined ? resolveName(name, node) : nameIn(context, node, name);
    const found = resolved && resolve(resolved);
    if (found !== undefined) return found;
    const isTold = resolved !== undefined && ++misses <= MAX_SUGGESTIONS;
    const near = isTold ? didYouMean(resolved.local, localNames(resolved.namespace)).trim() : '';
    findings.problem(
      { file, node },
      `There is no type "${name}"; it is shown as JSON.`,
      near === '' ? undefined : near,
    );
    return JSON_TYPE;
  }

  function localNames(namespace: string): string[] {
    return [...set.types.values()].filter((type) => type.namespace === namespace).map((type) => type.local);
  }

  function resolve(name: QualifiedName): TypePlan | undefined {
    if (isEncodedArray(name)) return ANY_ARRAY;
    const component = set.types.get(keyOf(name.namespace, name.local));
    if (component?.node.local === 'complexType') return complexType(component);
    if (name.namespace === XSD && (name.local === 'anyType' || name.local === 'ur-type')) return JSON_TYPE;
    return simple.named(name);
  }

  function complexType(component: Component): TypePlan {
    const array = arrayOf(component.node, component.context, component.key);
    if (array !== undefined) return array;
    demand(component);
    return { kind: 'complex', id: component.key };
  }

  /** Makes the type and those derived from it, one after the other: some schemas nest deeply. */
  function demand(component: Component): void {
    if (expanded.has(component.key)) return;
    expanded.add(component.key);
    draftOf(component);
    pending.push(() => {
      for (const derived of set.derived.get(component.key) ?? []) {
        if (derived.node.local === 'complexType') demand(derived);
      }
    });
  }

  function draftOf(component: Component): ComplexDraft {
    const existing = drafts.get(component.key);
    if (existing !== undefined) return existing;
    const { key, namespace, local, node, context } = component;
    const draft = create(key, { namespace, local }, local, node, context);
    pending.push(() => fill(draft, node, context, 0));
    return draft;
  }

  function create(
    id: string,
    name: ElementName | undefined,
    hint: string,
    node: XmlElement,
    { file }: SchemaContext,
  ): ComplexDraft {
    const isAbstract = attributeOf(node, 'abstract') === 'true' || attributeOf(node, 'abstract') === '1';
    const description = documentationOf(node);
    const place = { file, node };
    const draft: ComplexDraft = { id, name, hint, isAbstract, description, place, base: undefined, content: NOTHING };
    drafts.set(id, draft);
    return draft;
  }

  function fill(draft: ComplexDraft, node: XmlElement, context: SchemaContext, depth: number): void {
    if (filled.has(draft.id)) return;
    filled.add(draft.id);
    draft.content = contentOf(draft, node, context, depth);
    grow(draft.content.slots.length);
  }

  /** Groups and derivations multiply. */
  function grow(slots: number): void {
    work += slots;
    if (work > MAX_WORK) throw new TooLargeError('Its types have too many fields.');
  }

  function contentOf(draft: ComplexDraft, node: XmlElement, context: SchemaContext, depth: number): Content {
    const content = childOf(node, XSD, 'complexContent') ?? childOf(node, XSD, 'simpleContent');
    const own = (owner: XmlElement) => [
      particles.elements(owner, context, draft.hint),
      particles.attributes(owner, context, draft.hint),
    ];
    const isMixed = [node, content].some((each) => each && /^(?:true|1)$/.test(attributeOf(each, 'mixed') ?? ''));
    const mixed = isMixed ? [{ slots: [textSlot('mixed', stringType())], choices: [] }] : [];
    if (content === undefined) return inSequence([...own(node), ...mixed]);
    const derivation = content.children.find(
      (child) => child.namespace === XSD && (child.local === 'extension' || child.local === 'restriction'),
    );
    if (derivation === undefined) {
      findings.problem({ file: context.file, node: content }, `The ${content.local} of "${draft.hint}" is empty.`);
      return NOTHING;
    }
    const base = baseOf(draft, derivation, context, depth);
    // A restriction of a type is written out anew; what is new in it, as attributes may be, is rare.
    if (derivation.local === 'restriction' && base !== undefined) return base;
    const added = inSequence([...own(derivation), ...mixed]);
    if (base === undefined) return added;
    // What the base has stays as it is: the type stands where the base is expected.
    const has = new Set(base.slots.map((slot) => slot.key));
    const fresh = added.slots.filter((slot) => !has.has(slot.key));
    if (added.slots.some((slot) => slot.place === 'element' && has.has(slot.key))) {
      findings.notice(
        { file: context.file, node: derivation },
        `The type "${draft.hint}" has an element again that its base has; the first counts.`,
      );
    }
    return { slots: [...base.slots, ...fresh], choices: [...base.choices, ...added.choices] };
  }

  function baseOf(draft: ComplexDraft, derivation: XmlElement, context: SchemaContext, depth: number) {
    const reference = attributeOf(derivation, 'base') ?? '';
    const name = nameIn(context, derivation, reference);
    const component = name && set.types.get(keyOf(name.namespace, name.local));
    const place = { file: context.file, node: derivation };
    if (component?.node.local === 'complexType') {
      open.add(draft.id);
      const base = draftOf(component);
      if (depth >= MAX_DERIVATIONS || (filled.has(base.id) && isOpen(base))) {
        findings.problem(place, `The type "${draft.hint}" is derived from itself, or too often.`);
        open.delete(draft.id);
        return undefined;
      }
      fill(base, component.node, component.context, depth + 1);
      open.delete(draft.id);
      draft.base = base.id;
      return base.content;
    }
    if (name?.namespace === XSD && name.local === 'anyType') return undefined;
    const text = name && simple.named(name);
    if (text !== undefined) return { slots: [textSlot('text', text)], choices: [] };
    if (name === undefined || !isEncodedArray(name)) {
      findings.problem(place, `There is no type "${reference}" for "${draft.hint}" to be derived from.`);
    }
    return undefined;
  }

  // Types whose bases are being filled.
  const open = new Set<string>();
  const isOpen = (draft: ComplexDraft) => open.has(draft.id);

  function stringType(): TypePlan {
    return simple.builtIn({ namespace: XSD, local: 'string' }) ?? JSON_TYPE;
  }

  function elementType(node: XmlElement, context: SchemaContext, hint: string): ElementType {
    return {
      type: typeWithin(node, context, hint) ?? headType(node, context, hint),
      isNillable: /^(?:true|1)$/.test(attributeOf(node, 'nillable') ?? ''),
      preset: presetOf(node),
      description: documentationOf(node),
    };
  }

  /** An element without a type has that of the one it stands for. */
  function headType(node: XmlElement, context: SchemaContext, hint: string, depth = 0): TypePlan {
    const reference = attributeOf(node, 'substitutionGroup');
    const name = reference === undefined ? undefined : nameIn(context, node, reference);
    const head = name && set.elements.get(keyOf(name.namespace, name.local));
    if (head === undefined || depth > MAX_DERIVATIONS) return JSON_TYPE;
    return typeWithin(head.node, head.context, hint) ?? headType(head.node, head.context, hint, depth + 1);
  }

  function attributeType(node: XmlElement, context: SchemaContext, hint: string): TypePlan {
    return typeWithin(node, context, hint) ?? stringType();
  }

  function typeWithin(node: XmlElement, context: SchemaContext, hint: string): TypePlan | undefined {
    const reference = attributeOf(node, 'type');
    if (reference !== undefined) return named(reference, node, context.file, context);
    const simpleType = childOf(node, XSD, 'simpleType');
    if (simpleType !== undefined) return simple.ofNode(simpleType, context, hint);
    const complex = childOf(node, XSD, 'complexType');
    return complex && anonymousType(complex, context, hint);
  }

  function anonymousType(node: XmlElement, context: SchemaContext, hint: string): TypePlan {
    const ids = anonymous.get(context) ?? new Map<XmlElement, string>();
    anonymous.set(context, ids);
    const existing = ids.get(node);
    if (existing !== undefined) return { kind: 'complex', id: existing };
    const id = `#${++anonymousCount}`;
    const array = arrayOf(node, context, id);
    if (array !== undefined) return array;
    ids.set(node, id);
    const draft = create(id, undefined, hint, node, context);
    pending.push(() => fill(draft, node, context, 0));
    return { kind: 'complex', id };
  }

  return {
    drafts,
    enums: simple.enums,
    named,
    element(name) {
      const component = set.elements.get(keyOf(name.namespace, name.local));
      return component && { ...elementType(component.node, component.context, component.local), hint: component.local };
    },
    define(id, hint, slots) {
      const content: Content = { slots, choices: [] };
      drafts.set(id, {
        id,
        name: undefined,
        hint,
        isAbstract: false,
        description: undefined,
        place: undefined,
        base: undefined,
        content,
      });
      return { kind: 'complex', id };
    },
    finish() {
      for (let next = pending.pop(); next !== undefined; next = pending.pop()) next();
    },
  };
}

function textSlot(place: 'text' | 'mixed', type: TypePlan): Slot {
  const local = place === 'text' ? 'value' : 'text';
  return {
    key: `#${place}`,
    place,
    local,
    namespace: '',
    type,
    isNillable: false,
    min: place === 'text' ? 1 : 0,
    max: 1,
    isChosen: false,
  };
}
