import { canonicalJson } from '../../kernel/canonical-json.ts';
import { type KnownSecrets, MASK, maskSecretsAt, secretsIn } from '../stores/masking.ts';
import { sha256 } from '../stores/sha256.ts';
import type { Item, TenantItems } from './items.ts';

export const ACTIONS = ['created', 'changed', 'removed'] as const;

/** An item as it is and as it should be; one of them may be missing. */
export interface ItemChange {
  readonly action: (typeof ACTIONS)[number];
  readonly before: Item | undefined;
  readonly after: Item | undefined;
}

/** The changes that make one of the other. Items that only `before` has are removed where that is asked for. */
export function compareItems(before: TenantItems | undefined, after: TenantItems, prune: boolean): ItemChange[] {
  const changes: ItemChange[] = [];
  for (const [key, item] of after) {
    const known = before?.get(key);
    if (known === undefined) changes.push({ action: 'created', before: undefined, after: item });
    else if (canonicalJson(known.value) !== canonicalJson(item.value))
      changes.push({ action: 'changed', before: known, after: item });
  }
  if (!prune || before === undefined) return changes;
  for (const [key, item] of before)
    if (!after.has(key)) changes.push({ action: 'removed', before: item, after: undefined });
  return changes;
}

/** A field that changes, as people are shown it: secrets are masked, and documents are told by their size. */
export interface FieldChange {
  readonly path: readonly string[];
  readonly before: unknown;
  readonly after: unknown;
}

export function fieldChanges({ before, after }: ItemChange): FieldChange[] {
  const changes: FieldChange[] = [];
  const [one, other] = [shown(before), shown(after)];
  compareValues([], [one, secretsIn(one)], [other, secretsIn(other)], changes);
  return changes;
}

function shown(item: Item | undefined): unknown {
  if (item === undefined) return undefined;
  const { value } = item;
  switch (item.kind) {
    case 'key':
      return { ...value, hash: masked(item.value.hash) };
    case 'secret':
      return { ...value, encrypted: item.value.encrypted === null ? null : masked(item.value.encrypted) };
    case 'entry': {
      const { options, document } = item.value;
      const options_ = options as Readonly<Record<string, unknown>>;
      if (document === null) return options_;
      return { ...options_, [`document ${document.name}`]: told(document.text) };
    }
    default:
      return value;
  }
}

/** Says that it is another one, and nothing of it. */
function masked(text: string): string {
  return `${MASK} (${sha256(`shown\n${text}`).slice(0, 8)})`;
}

function told(text: string): string {
  return `${Buffer.byteLength(text)} bytes (${sha256(text).slice(0, 8)})`;
}

type Beside = readonly [value: unknown, secrets: KnownSecrets];

function compareValues(
  path: readonly string[],
  [before, secretsBefore]: Beside,
  [after, secretsAfter]: Beside,
  changes: FieldChange[],
): void {
  if (canonicalJson(before ?? null) === canonicalJson(after ?? null)) return;
  const isDeeper = isRecord(before) || isRecord(after);
  const canDescend = (isRecord(before) || before === undefined) && (isRecord(after) || after === undefined);
  if (!isDeeper || !canDescend) {
    changes.push({
      path,
      before: maskSecretsAt(path, before, secretsBefore),
      after: maskSecretsAt(path, after, secretsAfter),
    });
    return;
  }
  const [one, other] = [isRecord(before) ? before : {}, isRecord(after) ? after : {}];
  for (const field of [...new Set([...Object.keys(one), ...Object.keys(other)])].sort())
    compareValues([...path, field], [one[field], secretsBefore], [other[field], secretsAfter], changes);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
