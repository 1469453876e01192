import { SkeinError } from '../../kernel/errors.ts';
import type { Plan } from '../../schema/plan/plan.ts';
import type { Caller } from '../identity/caller.ts';
import { type GraphAccess, type GraphPlace, givenLinks, isFree, judgeField } from './graph-access.ts';
import { countSelectedFields } from './rates/selected-fields.ts';
import { createViews, type Views } from './views.ts';

export interface AccessOperation extends GraphPlace {
  readonly plan: Plan;
}

interface Verdict {
  readonly error: SkeinError | undefined;
  /** Ids of the grants that it takes. */
  readonly grants: readonly string[];
}

const FREE: Verdict = { error: undefined, grants: [] };

export interface AccessPolicy {
  /**
   * The documents of a graph as the caller sees it: what they may not use is not there. At once for who may use everything
   * and where others have asked for the same before.
   */
  readonly documentsFor: Views['documentsFor'];
  /** Why the caller may not run it; undefined: they may. */
  refusal(operation: AccessOperation, caller: Caller): SkeinError | undefined;
  /** Ids of the caller's grants whose products it uses. */
  grantsUsed(operation: AccessOperation, caller: Caller): readonly string[];
}

/**
 * May they: whether a caller may use every field that an operation selects. A document is read once; what it means for a
 * caller is kept as long as both are the same objects, and a caller is another one when its grants change.
 */
export function createAccessPolicy(): AccessPolicy {
  const fieldsOf = new WeakMap<Plan, readonly string[]>();
  const verdicts = new WeakMap<GraphAccess, WeakMap<Caller, WeakMap<Plan, Verdict>>>();

  const selected = ({ plan, generation: { schema } }: AccessOperation): readonly string[] => {
    let fields = fieldsOf.get(plan);
    if (fields === undefined) {
      fields = [...countSelectedFields(schema, plan.document, plan.operation).keys()];
      fieldsOf.set(plan, fields);
    }
    return fields;
  };
  const judge = (operation: AccessOperation, caller: Caller): Verdict => {
    const { access } = operation;
    if (isFree(operation, caller)) return FREE;
    const ofCallers = verdicts.get(access) ?? new WeakMap<Caller, WeakMap<Plan, Verdict>>();
    verdicts.set(access, ofCallers);
    const known = ofCallers.get(caller) ?? new WeakMap<Plan, Verdict>();
    ofCallers.set(caller, known);
    const verdict = known.get(operation.plan) ?? judgeFields(selected(operation), operation, caller);
    known.set(operation.plan, verdict);
    return verdict;
  };
  const views = createViews();
  return {
    documentsFor: (place, caller, isWanted) =>
      isFree(place, caller) ? place.generation.documents : views.documentsFor(place, caller, isWanted),
    refusal: (operation, caller) => judge(operation, caller).error,
    grantsUsed: (operation, caller) => judge(operation, caller).grants,
  };
}

function judgeFields(selected: readonly string[], operation: AccessOperation, caller: Caller): Verdict {
  const links = givenLinks(operation.generation);
  const grants = new Set<string>();
  const fields = new Set(selected.flatMap((field) => [field, ...(links.get(field) ?? [])]));
  for (const field of fields) {
    const judged = judgeField(field, operation, caller);
    if ('refusal' in judged) return { error: new SkeinError('FORBIDDEN', judged.refusal), grants: [] };
    if (judged.grant !== undefined) grants.add(judged.grant);
  }
  return { error: undefined, grants: [...grants] };
}
