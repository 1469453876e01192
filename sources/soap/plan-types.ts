import { camelCase, enumValueName, fieldName, isGraphqlName, NameRegistry, nameAll } from '../openapi/names.ts';
import { nameTypes } from './name-types.ts';
import type { ChoicePlan, ComplexPlan, FieldPlan, TypePlan } from './plan.ts';
import type { EnumSource } from './simple-types.ts';
import type { Slot } from './slots.ts';
import type { ComplexDraft, TypeBuilder } from './type-builder.ts';

/** All types with their GraphQL names. */
export interface PlannedTypes {
  readonly types: ReadonlyMap<string, ComplexPlan>;
  /** By the type's id. */
  readonly names: ReadonlyMap<string, TypeNames>;
  readonly enums: ReadonlyMap<string, PlannedEnum>;
  /** Ids of what a type is derived from, the nearest first. */
  readonly ancestors: ReadonlyMap<string, readonly string[]>;
  descriptionOf(of: FieldPlan | ComplexPlan): string | undefined;
}

export interface TypeNames {
  /** Of the object type, or of the interface or union where it has variants. */
  readonly output: string;
  readonly input: string;
  /** Of an input of exactly this type; differs where it has variants. */
  readonly ownInput: string;
}

export interface PlannedEnum {
  readonly name: string;
  readonly values: ReadonlyMap<string, string>;
}

const RESERVED = ['Query', 'Mutation', 'Subscription', 'ID', 'String', 'Int', 'Float', 'Boolean'];
const SCALARS = ['JSON', 'Int64', 'Upload'];
const MAX_ANCESTORS = 50;

/** Gives all types of the builder, which has finished, their names. `roots` are the types of what operations answer. */
export function planTypes(builder: TypeBuilder, roots: readonly TypePlan[]): PlannedTypes {
  const registry = new NameRegistry([...RESERVED, ...SCALARS]);
  const variantFields = new NameRegistry();
  const drafts = [...builder.drafts.values()];
  const ancestors = new Map(drafts.map((draft) => [draft.id, ancestorsOf(draft, builder)]));
  const variants = variantsOf(drafts, ancestors, referredTo(drafts, roots));
  const baseNames = nameTypes([...drafts, ...builder.enums.values()], registry);
  const types = new Map<string, ComplexPlan>();
  const names = new Map<string, TypeNames>();
  const descriptions = new Map<FieldPlan | ComplexPlan, string>();

  for (const draft of drafts) {
    const output = baseNames.get(draft.id) ?? 'Type';
    const own = variants.get(draft.id) ?? [];
    const input = registry.claim(`${output}Input`);
    const ownInput = own.length === 0 ? input : registry.claim(`${output}BaseInput`);
    names.set(draft.id, { output, input, ownInput });
    const plan: ComplexPlan = {
      id: draft.id,
      name: draft.name,
      isAbstract: draft.isAbstract,
      ...planFields(draft, descriptions),
      variants: own,
      objectName: own.length === 0 ? output : registry.claim(`${output}Base`),
      variantField: variantFields.claim(fieldNameOf(output)),
      isFlag: draft.content.slots.length === 0 && own.length === 0 && draft.base === undefined,
    };
    if (draft.description !== undefined) descriptions.set(plan, draft.description);
    types.set(draft.id, plan);
  }
  const enums = new Map([...builder.enums.values()].map((each) => [each.id, planEnum(each, baseNames)]));
  return { types, names, enums, ancestors, descriptionOf: (of) => descriptions.get(of) };
}

function ancestorsOf(draft: ComplexDraft, { drafts }: TypeBuilder): string[] {
  const ids: string[] = [];
  for (let base = draft.base; base !== undefined && ids.length < MAX_ANCESTORS; base = drafts.get(base)?.base) {
    if (base === draft.id) break;
    ids.push(base);
  }
  return ids;
}

/** Types that something is said to be; of others a value is always told to be exactly one. */
function referredTo(drafts: readonly ComplexDraft[], roots: readonly TypePlan[]): Set<string> {
  const found = new Set<string>();
  const look = (type: TypePlan): void => {
    if (type.kind === 'complex') found.add(type.id);
    else if (type.kind === 'array') look(type.item);
  };
  for (const root of roots) look(root);
  for (const { content } of drafts) for (const { type } of content.slots) look(type);
  return found;
}

/** Of each such type that others are derived from, what a value of it may be: itself first. */
function variantsOf(
  drafts: readonly ComplexDraft[],
  ancestors: ReadonlyMap<string, readonly string[]>,
  referred: ReadonlySet<string>,
): Map<string, string[]> {
  const all = new Map<string, string[]>();
  const abstract = new Set(drafts.filter((draft) => draft.isAbstract).map(({ id }) => id));
  for (const { id } of drafts) {
    for (const ancestor of ancestors.get(id) ?? []) {
      if (!referred.has(ancestor)) continue;
      const list = all.get(ancestor) ?? (abstract.has(ancestor) ? [] : [ancestor]);
      all.set(ancestor, list);
      if (!abstract.has(id)) list.push(id);
    }
  }
  return all;
}

/** `ProductName` and `productName` are `productName`; `product_name` stays. */
export function fieldNameOf(local: string): string {
  return fieldName(/^[A-Z][A-Za-z0-9]*$/.test(local) || !isGraphqlName(local) ? camelCase(local) : local);
}

function planFields(
  { content }: ComplexDraft,
  descriptions: Map<FieldPlan | ComplexPlan, string>,
): Pick<ComplexPlan, 'fields' | 'choices'> {
  const registry = new NameRegistry();
  const nameOf = new Map<string, string>();
  const fields = content.slots.map((slot) => {
    const field = planField(slot, registry);
    nameOf.set(slot.key, field.name);
    if (slot.description !== undefined) descriptions.set(field, slot.description);
    return field;
  });
  const choices = content.choices.map(
    (branches): ChoicePlan =>
      branches.map((keys) => keys.flatMap((key) => nameOf.get(key) ?? [])).filter((names) => names.length > 0),
  );
  return { fields, choices: choices.filter((branches) => branches.length > 1) };
}

/** The field of an element, attribute or text, with a name that `registry` has not given yet. */
export function planField(slot: Slot, registry: NameRegistry): FieldPlan {
  const { place, local, namespace, type, isNillable, isChosen, round, preset } = slot;
  const wanted = fieldNameOf(local);
  const clashes = place === 'attribute' && registry.has(wanted);
  return {
    name: registry.claim(clashes ? `attr${wanted.charAt(0).toUpperCase()}${wanted.slice(1)}` : wanted),
    place,
    local,
    namespace,
    type,
    isList: slot.max > 1 && place === 'element',
    isNillable,
    isRequired: slot.min > 0,
    isChosen,
    ...(round === undefined ? {} : { round }),
    ...(preset === undefined ? {} : { preset }),
  };
}

function planEnum({ id, values }: EnumSource, names: ReadonlyMap<string, string>): PlannedEnum {
  const valueNames = nameAll(values, enumValueName);
  return {
    name: names.get(id) ?? 'Enum',
    values: new Map([...valueNames].map(([value, name]) => [name, value])),
  };
}
