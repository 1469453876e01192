import type { Findings } from './findings.ts';
import { keyOf, XML, XSD } from './namespaces.ts';
import type { TypePlan } from './plan.ts';
import { type Component, nameIn, type SchemaContext, type SchemaSet } from './schema-set.ts';
import {
  asChoice,
  type Content,
  findScattered,
  inSequence,
  NOTHING,
  type Occurs,
  repeated,
  type Slot,
} from './slots.ts';
import { attributeOf, childOf, type XmlElement } from './xml.ts';

export interface ElementType {
  readonly type: TypePlan;
  readonly isNillable: boolean;
  readonly preset: string | undefined;
  readonly description: string | undefined;
}

export interface ParticleDeps {
  readonly set: SchemaSet;
  readonly findings: Findings;
  elementType(node: XmlElement, context: SchemaContext, hint: string): ElementType;
  attributeType(node: XmlElement, context: SchemaContext, hint: string): TypePlan;
  describe(node: XmlElement): string | undefined;
  /** Called with how much was put together. @throws where it is too much */
  grow(slots: number): void;
}

export type ParticleReader = ReturnType<typeof createParticleReader>;

const JSON_TYPE: TypePlan = { kind: 'json' };
const ONCE: Occurs = { min: 1, max: 1 };
const TEXT: TypePlan = {
  kind: 'simple',
  scalar: 'String',
  form: 'text',
  list: false,
  xsdType: { namespace: XSD, local: 'string' },
};
const MAX_NESTED_GROUPS = 64;
const MODEL_GROUPS: ReadonlySet<string> = new Set(['sequence', 'choice', 'all', 'group']);

/** Reads what complex types are made of: elements and groups of them, attributes and groups of these. */
export function createParticleReader({ set, findings, elementType, attributeType, describe, grow }: ParticleDeps) {
  const groups = new Map<string, Content | 'open'>();
  let rounds = 0;
  let depth = 0;

  /** The elements of a type, extension or restriction. */
  function elements(owner: XmlElement, context: SchemaContext, hint: string): Content {
    const model = owner.children.find((child) => child.namespace === XSD && MODEL_GROUPS.has(child.local));
    return model === undefined ? NOTHING : particle(model, context, hint);
  }

  function particle(node: XmlElement, context: SchemaContext, hint: string): Content {
    if (node.namespace !== XSD) return NOTHING;
    const occurs = occursOf(node);
    if (occurs.max === 0) return NOTHING;
    switch (node.local) {
      case 'element':
        return element(node, context, hint, occurs);
      case 'any':
        return { slots: [wildcard('any', 'any')], choices: [] };
      case 'group':
        return repeat(node, context, group(node, context), occurs, true);
      case 'choice': {
        const branches = node.children.filter(isParticle).map((child) => particle(child, context, hint));
        return repeat(node, context, asChoice(branches), occurs, branches.length < 2);
      }
      case 'sequence':
      case 'all': {
        const parts = node.children.filter(isParticle).map((child) => particle(child, context, hint));
        const scattered = findScattered(parts);
        if (scattered !== undefined) {
          findings.notice(
            { file: context.file, node },
            `The element "${scattered.local}" stands at several places of a sequence; it is shown as one list, all of which is sent at the first.`,
          );
        }
        return repeat(node, context, inSequence(parts), occurs, true);
      }
      default:
        return NOTHING;
    }
  }

  function repeat(
    node: XmlElement,
    context: SchemaContext,
    content: Content,
    occurs: Occurs,
    inTurns: boolean,
  ): Content {
    grow(content.slots.length);
    if (occurs.max < 2 || content.slots.length < 2) return repeated(content, occurs, undefined);
    const isRegular = inTurns && content.slots.every((slot) => slot.min === 1 && slot.max === 1);
    if (!isRegular) {
      findings.notice(
        { file: context.file, node },
        'The elements of a repeated group are shown as a list each; their order among each other is not kept.',
      );
    }
    return repeated(content, occurs, isRegular ? ++rounds : undefined);
  }

  function element(node: XmlElement, context: SchemaContext, hint: string, occurs: Occurs): Content {
    const reference = attributeOf(node, 'ref');
    if (reference === undefined) {
      const local = attributeOf(node, 'name')?.trim();
      if (local === undefined) {
        findings.problem({ file: context.file, node }, 'An element has neither a name nor a ref.');
        return NOTHING;
      }
      const form = attributeOf(node, 'form');
      const isQualified = form === undefined ? context.qualifiesElements : form === 'qualified';
      const namespace = isQualified ? context.targetNamespace : '';
      return only(slotOf(node, context, local, namespace, `${hint} ${local}`, occurs));
    }
    const name = nameIn(context, node, reference);
    const head = name && set.elements.get(keyOf(name.namespace, name.local));
    if (head === undefined) {
      // Schemas that are delivered as an example of themselves: all of .NET's DataSets.
      if (name?.namespace === XSD) return { slots: [wildcard('any', 'any')], choices: [] };
      findings.problem({ file: context.file, node }, `There is no element "${reference}"; it is left out.`);
      return NOTHING;
    }
    const members = [head, ...substitutesOf(head)].filter((member) => attributeOf(member.node, 'abstract') !== 'true');
    if (members.length === 0) {
      findings.notice(
        { file: context.file, node: head.node },
        `The element "${head.local}" is abstract and nothing stands in its place; it is left out.`,
      );
    }
    const slots = members.map((member) => globalSlot(member, members.length === 1 ? occurs : ONCE));
    if (slots.length === 1 && slots[0] !== undefined) return only(slots[0]);
    return repeat(node, context, asChoice(slots.map(only)), occurs, false);
  }

  function globalSlot({ node, context, namespace, local }: Component, occurs: Occurs): Slot {
    return slotOf(node, context, local, namespace, local, occurs);
  }

  function slotOf(
    node: XmlElement,
    context: SchemaContext,
    local: string,
    namespace: string,
    hint: string,
    occurs: Occurs,
  ): Slot {
    const own = elementType(node, context, hint);
    return { key: keyOf(namespace, local), place: 'element', local, namespace, ...own, ...occurs, isChosen: false };
  }

  function substitutesOf(head: Component): Component[] {
    const found = new Set<Component>([head]);
    for (const member of found) for (const substitute of set.substitutes.get(member.key) ?? []) found.add(substitute);
    found.delete(head);
    return [...found];
  }

  function group(node: XmlElement, context: SchemaContext): Content {
    const found = referred(node, context, set.groups, 'group');
    return found === undefined ? NOTHING : once(found, 'group', () => elements(found.node, found.context, found.local));
  }

  function referred(
    node: XmlElement,
    context: SchemaContext,
    all: ReadonlyMap<string, Component>,
    what: string,
  ): Component | undefined {
    const reference = attributeOf(node, 'ref') ?? '';
    const name = nameIn(context, node, reference);
    const found = name && all.get(keyOf(name.namespace, name.local));
    if (found === undefined) {
      findings.problem({ file: context.file, node }, `There is no ${what} "${reference}"; it is left out.`);
    }
    return found;
  }

  /** Groups are read once, however often they are used; one that holds itself ends there. */
  function once(component: Component, kind: string, read: () => Content): Content {
    const key = `${kind} ${component.key}`;
    const existing = groups.get(key);
    if (existing === 'open') {
      const place = { file: component.context.file, node: component.node };
      findings.problem(place, `The ${kind} "${component.local}" holds itself.`);
      return NOTHING;
    }
    if (existing !== undefined) return existing;
    if (depth >= MAX_NESTED_GROUPS) {
      findings.problem({ file: component.context.file, node: component.node }, 'Groups are nested too deeply.');
      return NOTHING;
    }
    groups.set(key, 'open');
    depth += 1;
    const content = read();
    depth -= 1;
    groups.set(key, content);
    return content;
  }

  function attributes(owner: XmlElement, context: SchemaContext, hint: string): Content {
    const parts = owner.children.flatMap((node): Content[] => {
      if (node.namespace !== XSD) return [];
      if (node.local === 'anyAttribute') return [only(wildcard('anyAttribute', 'anyAttributes'))];
      if (node.local === 'attribute') return attribute(node, context, hint);
      if (node.local !== 'attributeGroup') return [];
      const found = referred(node, context, set.attributeGroups, 'attributeGroup');
      if (found === undefined) return [];
      return [once(found, 'attributeGroup', () => attributes(found.node, found.context, found.local))];
    });
    // The same attribute in two groups is one attribute.
    const content = asAttributes(inSequence(parts));
    grow(content.slots.length);
    return content;
  }

  function attribute(node: XmlElement, context: SchemaContext, hint: string): Content[] {
    const use = attributeOf(node, 'use');
    if (use === 'prohibited') return [];
    const reference = attributeOf(node, 'ref');
    const name = reference === undefined ? undefined : nameIn(context, node, reference);
    const found = name && set.attributes.get(keyOf(name.namespace, name.local));
    const isOfXml = name?.namespace === XML;
    if (reference !== undefined && found === undefined && !isOfXml) {
      findings.problem({ file: context.file, node }, `There is no attribute "${reference}"; it is left out.`);
      return [];
    }
    const declared = found?.node ?? node;
    const form = attributeOf(node, 'form');
    const isQualified = form === undefined ? context.qualifiesAttributes : form === 'qualified';
    const local = name?.local ?? attributeOf(node, 'name')?.trim() ?? '';
    const namespace = name?.namespace ?? (isQualified ? context.targetNamespace : '');
    const type = isOfXml ? TEXT : attributeType(declared, found?.context ?? context, `${hint} ${local}`);
    const slot: Slot = {
      key: `@${keyOf(namespace, local)}`,
      place: 'attribute',
      local,
      namespace,
      type,
      isNillable: false,
      min: use === 'required' ? 1 : 0,
      max: 1,
      isChosen: false,
      preset: presetOf(node) ?? presetOf(declared),
      description: describe(node) ?? describe(declared),
    };
    return [only(slot)];
  }

  return { elements, attributes };
}

export function presetOf(node: XmlElement): string | undefined {
  return attributeOf(node, 'fixed') ?? attributeOf(node, 'default');
}

function only(slot: Slot): Content {
  return { slots: [slot], choices: [] };
}

function asAttributes({ slots }: Content): Content {
  return { slots: slots.map((slot) => ({ ...slot, min: Math.min(1, slot.min), max: 1 })), choices: [] };
}

function wildcard(place: 'any' | 'anyAttribute', local: string): Slot {
  return {
    key: `*${place}`,
    place,
    local,
    namespace: '',
    type: JSON_TYPE,
    isNillable: false,
    min: 0,
    max: 1,
    isChosen: false,
  };
}

function isParticle(node: XmlElement): boolean {
  return node.namespace === XSD && node.local !== 'annotation';
}

function occursOf(node: XmlElement): Occurs {
  const [min, max] = [attributeOf(node, 'minOccurs')?.trim(), attributeOf(node, 'maxOccurs')?.trim()];
  const most = max === 'unbounded' ? 2 : max === undefined ? 1 : Number(max);
  return { min: min === undefined || Number(min) > 0 ? 1 : 0, max: Number.isNaN(most) ? 1 : Math.min(2, most) };
}

/** The text of an element's `xsd:annotation`. */
export function documentationOf(node: XmlElement, namespace = XSD): string | undefined {
  const annotation = namespace === XSD ? childOf(node, XSD, 'annotation') : node;
  const documentation = annotation && childOf(annotation, namespace, 'documentation');
  const text =
    documentation &&
    wholeText(documentation)
      .replace(/[ \t]*\r?\n\s*/g, '\n')
      .trim();
  return text === undefined || text === '' ? undefined : text.slice(0, 2_000);
}

function wholeText(node: XmlElement): string {
  return node.text + node.children.map(wholeText).join(' ');
}
