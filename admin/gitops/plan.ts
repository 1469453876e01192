import type { AdminContext } from '../stores/context.ts';
import { checkItems } from './check.ts';
import { type FieldChange, fieldChanges, type ItemChange } from './compare.ts';
import { type BreakingChange, checkConfiguration } from './configuration.ts';
import { demandPlatform } from './demand.ts';
import { itemPath } from './items.ts';
import { readState } from './read-state.ts';
import { StateErrors } from './state-error.ts';
import { createWorld, type World } from './world.ts';

export interface StateRequest {
  /** Whether what the file leaves out is archived. */
  readonly prune?: boolean | null | undefined;
  /** Whether clients may break by it. */
  readonly allowBreaking?: boolean | null | undefined;
}

export interface StatePlan {
  readonly world: World;
  readonly breaking: readonly BreakingChange[];
}

/**
 * Reads a file of state, holds it against what there is, and checks all that applying it would do.
 *
 * @throws StateErrors with all mistakes
 */
export async function planState(context: AdminContext, text: string, request: StateRequest): Promise<StatePlan> {
  demandPlatform(context);
  const state = readState(text);
  const { findings } = state;
  const world = await createWorld(context, state, request.prune === true);
  await checkItems(context, world, findings);
  const breaking: BreakingChange[] = [];
  const checks = { findings, breaking, allowBreaking: request.allowBreaking === true };
  for (const plan of world.plans) await checkConfiguration(context, plan, checks);
  if (findings.errors.length > 0) {
    const inOrder = [...findings.errors].sort((one, other) => (one.line ?? 0) - (other.line ?? 0));
    throw new StateErrors(inOrder);
  }
  return { world, breaking };
}

/** A change as people are shown it. */
export interface StateChange {
  readonly action: ItemChange['action'];
  readonly tenant: string;
  /** `app`, `key`, `source` and such. */
  readonly kind: string;
  /** Keys and grants are named with their app before. */
  readonly name: string;
  /** Where it is in the file. */
  readonly path: readonly string[];
  /** Of what is changed; of all else, none. */
  readonly fields: readonly FieldChange[];
}

export interface StateDiff {
  readonly changes: readonly StateChange[];
  /** How many items are as the file says already. */
  readonly unchanged: number;
  /** Changes of graphs that clients may break by. */
  readonly breaking: readonly BreakingChange[];
}

/** What applying the file would change. Nothing changes. @throws StateErrors with all mistakes of the file */
export async function diffState(context: AdminContext, text: string, request: StateRequest = {}): Promise<StateDiff> {
  return toDiff(await planState(context, text, { ...request, allowBreaking: true }));
}

export function toDiff({ world, breaking }: StatePlan): StateDiff {
  const changes: StateChange[] = [];
  let unchanged = 0;
  for (const plan of world.plans) {
    const shown = plan.changes.map(toChange).sort((one, other) => compare(one.path, other.path));
    changes.push(...shown);
    unchanged += plan.wanted.size - plan.changes.filter(({ after }) => after !== undefined).length;
  }
  for (const { name } of world.left) {
    const path = ['tenants', name];
    changes.push({ action: 'removed', tenant: name, kind: 'tenant', name, path, fields: [] });
  }
  return { changes, unchanged, breaking };
}

function toChange(change: ItemChange): StateChange {
  const item = change.after ?? change.before;
  if (item === undefined) throw new Error('A change of nothing.');
  const { tenant, within, name, kind } = item;
  return {
    action: change.action,
    tenant,
    kind: kind === 'entry' ? within.slice(0, -1) : kind,
    name: kind === 'key' || kind === 'grant' ? `${within}: ${name}` : name,
    path: itemPath(item),
    fields: change.action === 'changed' ? fieldChanges(change) : [],
  };
}

function compare(one: readonly string[], other: readonly string[]): number {
  for (const [index, step] of one.entries()) {
    const against = other[index];
    if (against === undefined) return 1;
    if (step !== against) return step < against ? -1 : 1;
  }
  return one.length - other.length;
}
