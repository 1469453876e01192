import { Document, Scalar, visit } from 'yaml';
import { RESOURCE_KINDS } from '../models/resource.ts';
import { type Item, itemsOf, type TenantItems } from './items.ts';

const HEADER = `# The state of the control plane. "skein diff --state FILE" shows what "skein apply --file FILE" would change.
`;

export interface WrittenState {
  /** Whether it has all tenants that there are. */
  readonly allTenants: boolean;
  readonly tenants: ReadonlyMap<string, TenantItems>;
}

/** As YAML. Equal states give equal texts: everything that has a name is in the order of names. */
export function writeState({ allTenants, tenants }: WrittenState): string {
  const written = sortedEntries(tenants).map(([name, items]) => [name, writeTenant(name, items)] as const);
  const state = { ...(allTenants ? { allTenants } : {}), tenants: Object.fromEntries(written) };
  const text = toYaml(state);
  return `${HEADER}${text}`;
}

/** Texts of several lines are blocks where a block says exactly them, and otherwise in quotes. */
function toYaml(state: object): string {
  const document = new Document(state, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(key, node) {
      const { value } = node;
      if (typeof value !== 'string' || !NEEDS_QUOTES.test(value)) return;
      node.type = key !== 'key' && !NO_BLOCK.test(value) ? Scalar.BLOCK_LITERAL : Scalar.QUOTE_DOUBLE;
    },
  });
  return document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER });
}

/** Line breaks, and what is not to be seen. */
const NEEDS_QUOTES =
  /[^\x20-\x7e\u00a1-\u1fff\u2030-\u205e\u20a0-\ud7ff\uf900-\ufdff\ufe70-\ufefc\u{10000}-\u{10ffff}]/u;
/** What a block loses, or shows differently: spaces at its ends, carriage returns, control characters and such. */
const NO_BLOCK =
  /^[ \t\n]|\n[ \t]+$|[^\n\t\x20-\x7e\u00a0-\u1fff\u2010-\u2027\u2030-\u205e\u20a0-\ud7ff\uf900-\ufdff\ufe70-\ufefc\u{10000}-\u{10ffff}]/u;

function writeTenant(name: string, items: TenantItems): object {
  const [tenant] = itemsOf(items, 'tenant');
  const apps = itemsOf(items, 'app').map(
    (app) =>
      [
        app.name,
        {
          ...written(app.value),
          ...section('keys', named(itemsOf(items, 'key', app.name))),
          ...section('grants', named(itemsOf(items, 'grant', app.name))),
        },
      ] as const,
  );
  if (tenant === undefined) throw new Error(`The tenant ${name} has no item of its own.`);
  return {
    ...written(tenant.value, { network: 'public' }),
    ...section('users', named(itemsOf(items, 'user'))),
    ...section('apps', byName(apps)),
    ...section('plans', named(itemsOf(items, 'plan'))),
    ...section('products', named(itemsOf(items, 'product'))),
    ...section('secrets', named(itemsOf(items, 'secret'))),
    ...configuration(items),
  };
}

function configuration(items: TenantItems): object {
  const sections: Record<string, object> = {};
  const documents: Record<string, object> = {};
  for (const kind of RESOURCE_KINDS) {
    const entries = itemsOf(items, 'entry', kind);
    if (entries.length > 0) sections[kind] = byName(entries.map(({ name, value }) => [name, sorted(value.options)]));
    const texts = entries.flatMap(({ name, value: { document } }) =>
      document === null ? [] : [[name, { [document.name]: document.text }] as const],
    );
    if (texts.length > 0) documents[kind] = byName(texts);
  }
  return { ...sections, ...section('documents', documents) };
}

function named(items: readonly Item[]): object {
  return byName(items.map(({ name, value }) => [name, written(value)]));
}

/** Without what is as it would be if nobody said it. */
function written(value: object, defaults: Readonly<Record<string, unknown>> = {}): object {
  const entries = Object.entries(value).flatMap(([field, inner]): [string, unknown][] => {
    if (field === 'rates' && Array.isArray(inner)) {
      return inner.length === 0 ? [] : [[field, inner.map((rule: object) => written(rule))]];
    }
    if (inner === '' || inner === null || inner === undefined || inner === defaults[field]) return [];
    if (Array.isArray(inner) && inner.length === 0) return [];
    return [[field, inner]];
  });
  return Object.fromEntries(entries);
}

function section(name: string, value: object): object {
  return Object.keys(value).length === 0 ? {} : { [name]: value };
}

function byName(entries: readonly (readonly [string, unknown])[]): object {
  return Object.fromEntries(sortedEntries(entries));
}

function sortedEntries<T>(entries: Iterable<readonly [string, T]>): (readonly [string, T])[] {
  return [...entries].sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
}

/** Maps in the order of their keys: JSON does not keep one, and neither does the store. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return byName(Object.entries(value).map(([key, inner]) => [key, sorted(inner)]));
}
