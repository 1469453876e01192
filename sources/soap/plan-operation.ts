import { NameRegistry } from '../openapi/names.ts';
import type { DraftBody, DraftOperation } from './draft-operation.ts';
import type { NamedOperation } from './name-operations.ts';
import type { BodyPlan, FieldPlan, OperationPlan, OutputPlan } from './plan.ts';
import { type PlannedTypes, planField } from './plan-types.ts';
import type { TypeBuilder } from './type-builder.ts';

/** Ids of the types that stand for the body of an operation's messages. */
export interface BodyTypes {
  /** Its fields are the arguments. */
  readonly input: string;
  /** Undefined where the one element has a type that does without. */
  readonly output: string | undefined;
  /** Around the fields of `input`. */
  readonly wrapper: BodyPlan['wrapper'];
}

/**
 * Decides how arguments stand for the body: the content of its one element is the arguments, as of "wrapped" documents;
 * where that has several forms, or none, the element itself is the argument. To be called when the builder has
 * finished, and before types get names.
 */
export function defineBodies(
  { name, input, output }: DraftOperation,
  bases: ReadonlySet<string | undefined>,
  types: TypeBuilder,
): BodyTypes {
  const content = input.element?.type;
  const flat = content?.kind === 'complex' && !bases.has(content.id) && !types.drafts.get(content.id)?.isAbstract;
  const outputSlots = output === undefined || output.element !== undefined ? undefined : output.slots;
  if (!flat) types.define(`#in ${name}`, `${name} arguments`, input.slots);
  if (outputSlots !== undefined) types.define(`#out ${name}`, `${name} result`, outputSlots);
  return {
    input: flat ? content.id : `#in ${name}`,
    wrapper: flat ? input.element?.name : input.wrapper,
    output: outputSlots === undefined ? undefined : `#out ${name}`,
  };
}

export function planOperation(
  { operation: draft, parent, field }: NamedOperation<DraftOperation>,
  bodies: BodyTypes,
  types: PlannedTypes,
): OperationPlan {
  const registry = new NameRegistry(types.types.get(bodies.input)?.fields.map((each) => each.name) ?? []);
  return {
    parent,
    field,
    operation: draft.name,
    action: draft.source.action,
    input: { wrapper: bodies.wrapper, type: bodies.input, encoded: draft.input.isEncoded },
    headers: draft.headers.map((slot): FieldPlan => planField(slot, registry)),
    output: planOutput(draft.output, draft.name, bodies, types),
  };
}

function planOutput(
  output: DraftBody | undefined,
  operation: string,
  bodies: BodyTypes,
  { types }: PlannedTypes,
): OutputPlan {
  if (output === undefined) return { kind: 'done', oneWay: true };
  if (bodies.output !== undefined) {
    const fields = types.get(bodies.output)?.fields ?? [];
    if (fields.length === 0) return { kind: 'done', oneWay: false };
    const unwrap = fields.length === 1 ? fields[0]?.name : undefined;
    // What is around the parts of rpc style may have any name.
    return { kind: 'element', element: undefined, type: { kind: 'complex', id: bodies.output }, unwrap };
  }
  const { name, type } = output.element ?? { name: undefined, type: { kind: 'json' } as const };
  const plan = type.kind === 'complex' ? types.get(type.id) : undefined;
  const isWrapper =
    name !== undefined && plan !== undefined && isResponseOf(name.local, operation, plan.name === undefined);
  if (!isWrapper || plan.variants.length > 0) return { kind: 'element', element: name, type, unwrap: undefined };
  if (plan.fields.length === 0) return { kind: 'done', oneWay: false };
  const [only, ...others] = plan.fields;
  const isOnly = others.length === 0 && only?.place === 'element';
  return { kind: 'element', element: name, type, unwrap: isOnly ? only.name : undefined };
}

/** An element that is there for the sake of the operation only. */
function isResponseOf(local: string, operation: string, isAnonymous: boolean): boolean {
  const word = local.toLowerCase();
  const name = operation.toLowerCase();
  return isAnonymous || ['response', 'result', 'reply', 'output', 'out'].some((end) => word === `${name}${end}`);
}
