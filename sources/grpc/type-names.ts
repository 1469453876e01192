/** Names that mean something else in a source's SDL. */
const RESERVED = [
  ...['Query', 'Mutation', 'Subscription'],
  ...['ID', 'String', 'Int', 'Float', 'Boolean', 'JSON', 'Int64', 'Upload'],
];

/**
 * GraphQL names of messages and enums, by their full names: the short name; where several share one, each with as much
 * of its parents and package before it as tells them apart (`shop.v1.Item` and `billing.Item` become `V1Item` and
 * `BillingItem`).
 */
export function nameTypes(
  fullNames: Iterable<string>,
  taken: Iterable<string> = [],
  suffix = '',
): ReadonlyMap<string, string> {
  const reserved = new Set([...RESERVED, ...taken]);
  const names = new Map<string, string>();
  const marks = new Map<string, number>();
  /** All of the path is in the name and it is still not free: only a mark is left to add. */
  function marked({ fullName, parts }: Candidate, name: string): void {
    const base = `${join(parts)}_`;
    let count = marks.get(name) ?? 1;
    while (reserved.has(`${base}${count === 1 ? '' : count}${suffix}`)) count += 1;
    const free = `${base}${count === 1 ? '' : count}${suffix}`;
    marks.set(name, count + 1);
    names.set(fullName, free);
    reserved.add(free);
  }

  let waiting: Candidate[] = [...fullNames].map((fullName) => ({ fullName, parts: fullName.split('.'), used: 1 }));
  while (waiting.length > 0) {
    const groups = new Map<string, Candidate[]>();
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
        names.set(winner.fullName, name);
        reserved.add(name);
      }
      for (const candidate of group) {
        if (candidate === winner) continue;
        if (candidate.used < candidate.parts.length) waiting.push({ ...candidate, used: candidate.used + 1 });
        else marked(candidate, name);
      }
    }
  }
  return names;
}

interface Candidate {
  readonly fullName: string;
  readonly parts: readonly string[];
  readonly used: number;
}

function join(parts: readonly string[]): string {
  const name = parts.map((part, index) => (index === parts.length - 1 ? part : pascal(part))).join('');
  return name.replace(/^__+/, '_');
}

/** `shop_v1` → `ShopV1`. */
export function pascal(part: string): string {
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

/** `unit_price` → `unitPrice`; `line_1` stays. */
export function fieldName(name: string): string {
  return name.replace(/(?<=.)_([a-z])/g, (_, letter: string) => letter.toUpperCase()).replace(/^__+/, '_');
}
