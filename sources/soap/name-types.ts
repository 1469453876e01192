import { type NameRegistry, typeName } from '../openapi/names.ts';
import type { ElementName } from './plan.ts';

/** A type that wants a GraphQL name. */
export interface NamelessType {
  readonly id: string;
  /** Its name in a schema. */
  readonly name: ElementName | undefined;
  /** Words to name it by where it has none. */
  readonly hint: string;
}

/**
 * A GraphQL name for each: the local one; where several namespaces have it, each with as much of its namespace before it
 * as tells them apart (`urn:shop:orders` and `urn:shop:billing`: `OrdersItem`, `BillingItem`). The order in which types
 * come is of no meaning for those with names.
 */
export function nameTypes(types: readonly NamelessType[], names: NameRegistry): Map<string, string> {
  const result = new Map<string, string>();
  const groups = new Map<string, { id: string; name: ElementName }[]>();
  for (const { id, name } of types) {
    if (name === undefined) continue;
    const wanted = typeName(name.local);
    groups.set(wanted, [...(groups.get(wanted) ?? []), { id, name }]);
  }
  // Short names first: none is lost to one that had to be made longer.
  const sorted = [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [wanted, [single, ...others]] of sorted) {
    if (others.length > 0 || single === undefined || names.has(wanted)) continue;
    result.set(single.id, names.claim(wanted));
  }
  for (const [, group] of sorted) {
    const waiting = group.filter(({ id }) => !result.has(id));
    for (const [id, wanted] of withNamespaces(waiting)) result.set(id, names.claim(wanted));
  }
  for (const { id, name, hint } of types) {
    if (name === undefined) result.set(id, names.claim(typeName(hint)));
  }
  return result;
}

function withNamespaces(group: readonly { id: string; name: ElementName }[]): [id: string, wanted: string][] {
  const sorted = [...group].sort((a, b) => (a.name.namespace < b.name.namespace ? -1 : 1));
  const all = sorted.map(({ id, name }) => ({ id, local: name.local, words: wordsOf(name.namespace) }));
  const longest = Math.max(1, ...all.map(({ words }) => words.length));
  for (let count = 1; ; count++) {
    const names = all.map(({ id, local, words }): [string, string] => [id, prefixed(words, count, local)]);
    if (count >= longest || new Set(names.map(([, name]) => name)).size === names.length) return names;
  }
}

function prefixed(words: readonly string[], count: number, local: string): string {
  let start = Math.max(0, words.length - count);
  // No name begins with a digit.
  while (start > 0 && /^\d/.test(words[start] ?? '')) start -= 1;
  return typeName([...words.slice(start), local].join(' '));
}

function wordsOf(namespace: string): string[] {
  return namespace
    .replace(/^[a-z]+:(?:\/\/)?(?:www\.)?/i, '')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean);
}
