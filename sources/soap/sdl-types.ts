import { type ComplexPlan, type FieldPlan, isUnspeakable, type OperationPlan, type TypePlan } from './plan.ts';
import type { PlannedTypes } from './plan-types.ts';

export type Direction = 'output' | 'input';

/** The types that operations lead to, by id, in the forms in which they are shown. */
export interface ReachableTypes {
  readonly objects: ReadonlySet<string>;
  /** Interfaces and unions. */
  readonly abstracts: ReadonlySet<string>;
  readonly inputs: ReadonlySet<string>;
  /** Inputs with a field for each variant. */
  readonly variantInputs: ReadonlySet<string>;
  readonly enums: ReadonlySet<string>;
}

/** `[Item!]` for a type of the document, without an outermost `!`. */
export function typeText(type: TypePlan, direction: Direction, planned: PlannedTypes): string {
  switch (type.kind) {
    case 'simple': {
      const name = type.enum === undefined ? type.scalar : (planned.enums.get(type.enum)?.name ?? 'String');
      return type.list ? `[${name}!]` : name;
    }
    case 'array':
      return `[${typeText(type.item, direction, planned)}]`;
    case 'json':
      return 'JSON';
    case 'complex': {
      const plan = planned.types.get(type.id);
      if (plan === undefined || isUnspeakable(plan)) return 'JSON';
      if (plan.isFlag) return 'Boolean';
      return planned.names.get(type.id)?.[direction] ?? 'JSON';
    }
  }
}

/** The whole type of a field, with its `!`. */
export function fieldText(field: FieldPlan, direction: Direction, planned: PlannedTypes, isOpen = false): string {
  const own = typeText(field.type, direction, planned);
  const type = field.isList ? `[${own}${field.isNillable ? '' : '!'}]` : own;
  return isNonNull(field, direction) && !isOpen ? `${type}!` : type;
}

export function isNonNull(field: FieldPlan, direction: Direction): boolean {
  if (direction === 'input')
    return field.isRequired && field.preset === undefined && (field.isList || !field.isNillable);
  if (field.isChosen) return false;
  if (field.isList) return true;
  if (field.place === 'attribute' && field.preset !== undefined) return true;
  return field.isRequired && !field.isNillable;
}

/** Fields of a type as inputs have them: text among elements has no place there. */
export function inputFields(plan: ComplexPlan): readonly FieldPlan[] {
  return plan.fields.filter((field) => field.place !== 'mixed');
}

export function findReachable(operations: readonly OperationPlan[], planned: PlannedTypes): ReachableTypes {
  const found = {
    objects: new Set<string>(),
    abstracts: new Set<string>(),
    inputs: new Set<string>(),
    variantInputs: new Set<string>(),
    enums: new Set<string>(),
  };
  const waiting: { readonly type: TypePlan; readonly direction: Direction }[] = [];
  const askFields = (fields: readonly FieldPlan[], direction: Direction) => {
    for (const { type } of fields) waiting.push({ type, direction });
  };

  function reach(plan: ComplexPlan, direction: Direction, asVariant: boolean): void {
    if (isUnspeakable(plan) || plan.isFlag) return;
    const isAbstract = plan.variants.length > 0 && !asVariant;
    const [own, abstract] =
      direction === 'output' ? [found.objects, found.abstracts] : [found.inputs, found.variantInputs];
    const to = isAbstract ? abstract : own;
    if (to.has(plan.id)) return;
    to.add(plan.id);
    if (!isAbstract || direction === 'output') {
      askFields(direction === 'output' ? plan.fields : inputFields(plan), direction);
    }
    if (!isAbstract) return;
    for (const id of plan.variants) {
      const variant = planned.types.get(id);
      if (variant !== undefined) reach(variant, direction, true);
    }
  }

  for (const { input, headers, output } of operations) {
    askFields(inputFieldsOf(planned, input.type), 'input');
    askFields(headers, 'input');
    if (output.kind === 'done') continue;
    const plan = output.type.kind === 'complex' ? planned.types.get(output.type.id) : undefined;
    if (output.unwrap === undefined || plan === undefined) waiting.push({ type: output.type, direction: 'output' });
    else askFields(plan.fields, 'output');
  }
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { type, direction } = next;
    if (type.kind === 'simple' && type.enum !== undefined) found.enums.add(type.enum);
    if (type.kind === 'array') waiting.push({ type: type.item, direction });
    const plan = type.kind === 'complex' ? planned.types.get(type.id) : undefined;
    if (plan !== undefined) reach(plan, direction, false);
  }
  return found;
}

export function inputFieldsOf({ types }: PlannedTypes, id: string): readonly FieldPlan[] {
  const plan = types.get(id);
  return plan === undefined ? [] : inputFields(plan);
}

/**
 * Fields that close a circle of inputs which all must be given: no value could ever end, and GraphQL forbids it. They
 * may be left out instead.
 */
export function findInputCycles(reachable: ReachableTypes, planned: PlannedTypes): ReadonlySet<FieldPlan> {
  const opened = new Set<FieldPlan>();
  const state = new Map<string, 'open' | 'done'>();
  for (const start of reachable.inputs) {
    if (state.has(start)) continue;
    state.set(start, 'open');
    const path = [{ id: start, fields: inputFieldsOf(planned, start)[Symbol.iterator]() }];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const { value: field, done } = top.fields.next();
      if (done === true) {
        state.set(top.id, 'done');
        path.pop();
        continue;
      }
      if (field.type.kind !== 'complex' || field.isList || !isNonNull(field, 'input')) continue;
      const { id } = field.type;
      // Of those with variants only one is given, and it may be another.
      if ((planned.types.get(id)?.variants.length ?? 0) > 0) continue;
      const before = state.get(id);
      if (before === 'open') opened.add(field);
      else if (before === undefined) {
        state.set(id, 'open');
        path.push({ id, fields: inputFieldsOf(planned, id)[Symbol.iterator]() });
      }
    }
  }
  return opened;
}
