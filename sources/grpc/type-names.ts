import type protobuf from 'protobufjs';

/** Names that mean something else in a source's SDL. */
const RESERVED = [
  ...['Query', 'Mutation', 'Subscription'],
  ...['ID', 'String', 'Int', 'Float', 'Boolean', 'JSON', 'Int64'],
];

type Named = protobuf.Type | protobuf.Enum;

/**
 * GraphQL names of messages and enums: the short name; where several share one, each with as much of its parents and
 * package before it as tells them apart (`shop.v1.Item` and `billing.Item` become `V1Item` and `BillingItem`).
 */
export function nameTypes<T extends Named>(
  types: Iterable<T>,
  taken: Iterable<string> = [],
  suffix = '',
): Map<T, string> {
  const reserved = new Set([...RESERVED, ...taken]);
  const names = new Map<T, string>();
  let waiting: Candidate<T>[] = [...types].map((type) => ({ type, parts: partsOf(type), used: 1 }));
  while (waiting.length > 0) {
    const groups = new Map<string, Candidate<T>[]>();
    for (const candidate of waiting) {
      const name = join(candidate.parts.slice(-candidate.used)) + suffix;
      const group = groups.get(name);
      if (group === undefined) groups.set(name, [candidate]);
      else group.push(candidate);
    }
    waiting = [];
    for (const [name, group] of groups) {
      const exhausted = group.findIndex(({ parts, used }) => used >= parts.length);
      const winner = reserved.has(name) ? undefined : group[group.length === 1 ? 0 : exhausted];
      if (winner !== undefined) {
        names.set(winner.type, name);
        reserved.add(name);
      }
      for (const candidate of group) if (candidate !== winner) waiting.push(longer(candidate));
    }
  }
  return names;
}

interface Candidate<T> {
  readonly type: T;
  readonly parts: string[];
  readonly used: number;
}

function longer<T>({ type, parts, used }: Candidate<T>): Candidate<T> {
  // All of the path is in the name and it is still not free: only a mark is left to add.
  if (used >= parts.length) return { type, parts: [...parts.slice(0, -1), `${parts.at(-1)}_`], used };
  return { type, parts, used: used + 1 };
}

function partsOf(type: Named): string[] {
  return type.fullName.split('.').filter((part) => part !== '');
}

function join(parts: readonly string[]): string {
  const name = parts.map((part, index) => (index === parts.length - 1 ? part : pascal(part))).join('');
  return name.replace(/^__+/, '_');
}

function pascal(part: string): string {
  return part
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

/** `GetStock`, `get_stock` → `getStock`; `HTTPCheck` → `httpCheck`. Never begins with two underscores. */
export function camelCase(name: string): string {
  return name
    .replace(/_+([a-zA-Z])/g, (match, letter: string, offset: number) => (offset === 0 ? match : letter.toUpperCase()))
    .replace(/^[A-Z]+(?=[A-Z][a-z])|^[A-Z]+(?![a-z])|^[A-Z]/, (start) => start.toLowerCase())
    .replace(/^__+/, '_');
}

/** Fields of .proto files have camel case already; those of the bundled google.protobuf files do not. */
export function fieldName(name: string): string {
  return name.replace(/(?<=.)_([a-z])/g, (_, letter: string) => letter.toUpperCase()).replace(/^__+/, '_');
}
