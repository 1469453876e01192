import type { StateChange, StateDiff } from '../../../admin/gitops/plan.ts';
import { clean } from '../../config/print-problems.ts';

const SIGNS = { created: '+', changed: '~', removed: '-' } as const;
const MOST_CHARACTERS = 200;

/** The changes by tenant, and a line that counts them. `isDone` says whether they were made. */
export function formatDiff({ changes, unchanged, breaking }: StateDiff, isDone: boolean): string {
  if (changes.length === 0) return 'No changes.\n';
  const lines: string[] = [];
  let tenant: string | undefined;
  for (const change of changes) {
    if (change.tenant !== tenant) lines.push(clean(change.tenant));
    tenant = change.tenant;
    lines.push(`  ${SIGNS[change.action]} ${clean(nameOf(change))}`);
    for (const { path, before, after } of change.fields)
      lines.push(`      ${clean(path.join('.'))}: ${value(before)} → ${value(after)}`);
  }
  if (breaking.length > 0) lines.push('', 'Clients may break:');
  for (const { tenant: whose, message } of breaking) lines.push(`  ${clean(`${whose}: ${message}`)}`);
  const count = (action: StateChange['action']) => changes.filter((change) => change.action === action).length;
  const [created, changed, removed] = [count('created'), count('changed'), count('removed')];
  const counts = isDone
    ? `${created} created, ${changed} changed, ${removed} removed, ${unchanged} as they were.`
    : `${created} to create, ${changed} to change, ${removed} to remove, ${unchanged} as they are.`;
  return `${lines.join('\n')}\n\n${counts}\n`;
}

function nameOf({ kind, name, tenant }: StateChange): string {
  return kind === 'tenant' && name === tenant ? 'the tenant itself' : `${kind} ${name}`;
}

function value(given: unknown): string {
  const text = given === undefined ? 'nothing' : JSON.stringify(given);
  return clean(text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text);
}
