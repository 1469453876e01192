import type { z } from 'zod';
import { didYouMean } from '../../kernel/suggest.ts';
import { PRODUCT_STATES, type Product } from '../models/product.ts';
import { RESOURCE_KINDS } from '../models/resource.ts';
import { isEncrypted } from '../secrets/encryption.ts';
import { apps, keys } from '../stores/apps.ts';
import { plans, products } from '../stores/products.ts';
import { secrets } from '../stores/secrets.ts';
import { tenants } from '../stores/tenants.ts';
import { users } from '../stores/users.ts';
import { type GrantValue, type Item, itemKey, itemPath, KEPT_GRANTS } from './items.ts';
import { readText } from './read-text.ts';
import { createFindings, type Findings } from './state-error.ts';

/** What a file of state says. Items that have mistakes are as if they had none, so that the rest can be checked. */
export interface ReadState {
  readonly allTenants: boolean;
  readonly tenants: ReadonlyMap<string, ReadonlyMap<string, Item>>;
  readonly findings: Findings;
}

type Fields = Readonly<Record<string, unknown>>;

const TENANT_SECTIONS = ['users', 'apps', 'plans', 'products', 'secrets', 'documents', ...RESOURCE_KINDS];

/** @throws StateErrors for what is no YAML; all other mistakes are in `findings` */
export function readState(text: string): ReadState {
  const { value, line } = readText(text);
  const reader = createReader(createFindings(line));
  const { findings } = reader;
  const state = reader.map(value, []);
  reader.known(state, ['allTenants', 'tenants'], []);
  if (state.allTenants !== undefined && typeof state.allTenants !== 'boolean')
    findings.invalid(['allTenants'], 'must be true or false');
  if (state.tenants === undefined) findings.invalid([], 'The state has no "tenants".');
  const found = new Map<string, ReadonlyMap<string, Item>>();
  for (const [name, fields] of reader.entries(state.tenants, ['tenants'])) {
    const items = readTenant(reader, name, fields);
    found.set(name, new Map(items.map((item) => [itemKey(item), item])));
  }
  return { allTenants: state.allTenants === true, tenants: found, findings };
}

function readTenant(reader: Reader, tenant: string, fields: Fields): Item[] {
  const at = ['tenants', tenant];
  const { users: _u, apps: _a, plans: _p, products: _r, secrets: _s, documents, ...others } = fields;
  const own = Object.fromEntries(Object.entries(others).filter(([key]) => !isSection(key)));
  const checked = reader.check(tenants.options.create, { ...own, name: tenant }, at, TENANT_SECTIONS);
  const { title = '', description = '', network = 'public', rates = [] } = checked ?? {};
  const items: Item[] = [
    { kind: 'tenant', tenant, within: '', name: tenant, value: { title, description, network, rates } },
  ];
  const each = (section: string, read: (name: string, one: Fields, path: readonly string[]) => Item | undefined) => {
    for (const [name, one] of reader.entries(fields[section], [...at, section])) {
      const item = read(name, one, [...at, section, name]);
      if (item !== undefined) items.push(item);
    }
  };
  const base = { tenant, within: '' };
  each('users', (name, one, path) => {
    const user = reader.check(users.options.create, { ...one, name }, path);
    return user && { ...base, kind: 'user', name, value: { title: user.title ?? '', roles: user.roles } };
  });
  each('apps', (name, { keys: ownKeys, grants: ownGrants, ...one }, path) => {
    for (const [key, given] of reader.entries(ownKeys, [...path, 'keys']))
      push(items, readKey(reader, tenant, name, key, given));
    for (const [product, given] of reader.entries(ownGrants, [...path, 'grants']))
      push(items, readGrant(reader, tenant, name, product, given));
    const app = reader.check(apps.options.create, { ...one, name }, path, ['keys', 'grants']);
    return app && { ...base, kind: 'app', name, value: detailsOf(app) };
  });
  each('plans', (name, one, path) => {
    const plan = reader.check(plans.options.create, { ...one, name }, path);
    return plan && { ...base, kind: 'plan', name, value: detailsOf(plan) };
  });
  each('products', (name, one, path) => readProduct(reader, tenant, name, one, path));
  each('secrets', (name, one, path) => readSecret(reader, tenant, name, one, path));
  items.push(...readConfiguration(reader, tenant, fields, documents));
  return items;
}

function readKey(reader: Reader, tenant: string, app: string, name: string, given: Fields): Item<'key'> | undefined {
  const place = { kind: 'key', tenant, within: app, name } as const;
  const path = itemPath(place);
  const { hash, prefix, ...others } = given;
  const isHash = typeof hash === 'string' && /^[A-Za-z0-9_-]{43}$/.test(hash);
  if (!isHash) reader.findings.invalid([...path, 'hash'], 'must be the SHA-256 of the key in base64url');
  const isPrefix = typeof prefix === 'string' && prefix.length <= 20;
  if (!isPrefix) reader.findings.invalid([...path, 'prefix'], 'must be how the key begins, 20 characters at the most');
  const key = reader.check(keys.options.update, { ...reader.moments(others, ['expiresAt']), name }, path, [
    'hash',
    'prefix',
  ]);
  if (key === undefined || !isHash || !isPrefix) return undefined;
  const { expiresAt, products: only = [], origins = [], cidrs = [], rates = [] } = key;
  const restrictions = { products: only, origins, cidrs, rates };
  return { ...place, value: { hash, prefix, expiresAt: expiresAt?.toISOString() ?? null, ...restrictions } };
}

function readGrant(reader: Reader, tenant: string, app: string, name: string, given: Fields): Item<'grant'> {
  const place = { kind: 'grant', tenant, within: app, name } as const;
  const path = itemPath(place);
  reader.known(given, ['plan', 'state', 'reason', 'comment'], path);
  const state = reader.oneOf(given.state, KEPT_GRANTS, 'approved', [...path, 'state']);
  const words = (field: 'plan' | 'reason' | 'comment') => reader.words(given[field], [...path, field]);
  const value: GrantValue = {
    plan: words('plan') || null,
    state,
    reason: words('reason'),
    comment: words('comment'),
  };
  return { ...place, value };
}

function readProduct(
  reader: Reader,
  tenant: string,
  name: string,
  { state: givenState, sunsetAt: givenSunset, ...one }: Fields,
  path: readonly string[],
): Item<'product'> | undefined {
  const state = reader.oneOf<Product['state']>(givenState, PRODUCT_STATES, 'draft', [...path, 'state']);
  const { sunsetAt } = reader.moments({ sunsetAt: givenSunset }, ['sunsetAt']);
  if (sunsetAt !== undefined && sunsetAt !== null && !(sunsetAt instanceof Date))
    reader.findings.invalid([...path, 'sunsetAt'], 'must be a moment, e.g. 2030-01-31T12:00:00Z');
  else if (sunsetAt instanceof Date && state !== 'deprecated')
    reader.findings.invalid([...path, 'sunsetAt'], 'Only a product that is deprecated has a sunset.');
  const product = reader.check(products.options.create, { ...one, name }, path, ['state', 'sunsetAt']);
  if (product === undefined) return undefined;
  const {
    title = '',
    description = '',
    tags = [],
    owner = '',
    visibility = 'private',
    approval = 'required',
  } = product;
  const about = { title, description, tags, owner, state, visibility, approval, fields: product.fields };
  const sunset = sunsetAt instanceof Date ? sunsetAt.toISOString() : null;
  const value = { ...about, sunsetAt: sunset, plans: product.plans ?? [] };
  return { kind: 'product', tenant, within: '', name, value };
}

function readSecret(
  reader: Reader,
  tenant: string,
  name: string,
  { encrypted, lastFour, ...one }: Fields,
  path: readonly string[],
): Item<'secret'> | undefined {
  const { findings } = reader;
  if (Object.hasOwn(one, 'value')) {
    findings.invalid([...path, 'value'], 'is not for files: give "encrypted", or the name of a variable or file');
    return undefined;
  }
  const secret = reader.check(secrets.options.create, { ...one, name }, path, ['encrypted', 'lastFour']);
  const hasForm = typeof encrypted === 'string' && isEncrypted(encrypted);
  if (encrypted !== undefined && !hasForm)
    findings.invalid([...path, 'encrypted'], 'must be as "skein export" writes it: v1:<key>:<nonce>:<text>');
  if (secret === undefined || (encrypted !== undefined && !hasForm)) return undefined;
  const { environment = null, file = null, description = '' } = secret;
  const given = [environment, file, encrypted ?? null].filter((place) => place !== null);
  if (given.length !== 1) findings.invalid(path, 'Give one of encrypted, environment and file.');
  const shown = hasForm ? reader.words(lastFour, [...path, 'lastFour'], 4) : '';
  const value = { description, encrypted: hasForm ? encrypted : null, environment, file, lastFour: shown };
  return { kind: 'secret', tenant, within: '', name, value };
}

/** Options are checked later, by whoever knows them. */
function readConfiguration(reader: Reader, tenant: string, fields: Fields, documents: unknown): Item<'entry'>[] {
  const at = ['tenants', tenant];
  const items: Item<'entry'>[] = [];
  const texts = reader.map(documents, [...at, 'documents']);
  reader.known(texts, RESOURCE_KINDS, [...at, 'documents']);
  for (const kind of RESOURCE_KINDS) {
    const entries = reader.map(fields[kind], [...at, kind]);
    const ofKind = reader.map(texts[kind], [...at, 'documents', kind]);
    for (const name of Object.keys(ofKind))
      if (!Object.hasOwn(entries, name))
        reader.findings.invalid([...at, 'documents', kind, name], `There is no "${name}" in ${kind}.`);
    for (const [name, options] of Object.entries(entries)) {
      const path = [...at, 'documents', kind, name];
      const files = Object.entries(reader.map(Object.hasOwn(ofKind, name) ? ofKind[name] : undefined, path));
      const [file] = files;
      if (files.length > 1) reader.findings.invalid(path, 'An entry has one document.');
      if (file !== undefined && typeof file[1] !== 'string')
        reader.findings.invalid([...path, file[0]], 'must be the text of the document');
      const document = file === undefined ? null : { name: file[0], text: String(file[1]) };
      items.push({ kind: 'entry', tenant, within: kind, name, value: { options: options ?? {}, document } });
    }
  }
  return items;
}

function isSection(key: string): boolean {
  return (RESOURCE_KINDS as readonly string[]).includes(key);
}

function push<T>(items: T[], item: T | undefined): void {
  if (item !== undefined) items.push(item);
}

function detailsOf({ title = '', description = '', rates = [] }: z.infer<typeof apps.options.create>) {
  return { title, description, rates };
}

type Reader = ReturnType<typeof createReader>;

function createReader(findings: Findings) {
  const map = (value: unknown, path: readonly string[]): Fields => {
    if (value === undefined || value === null) return {};
    if (typeof value === 'object' && !Array.isArray(value)) return value as Fields;
    findings.invalid(path, 'must be a map');
    return {};
  };
  const unknownField = (field: string, known: readonly string[], path: readonly string[]) =>
    findings.invalid([...path, field], `There is no "${field}" here.${didYouMean(field, known)}`);
  return {
    findings,
    map,
    entries: (value: unknown, path: readonly string[]): [string, Fields][] =>
      Object.entries(map(value, path)).map(([name, one]) => [name, map(one, [...path, name])]),
    known(fields: Fields, names: readonly string[], path: readonly string[]) {
      for (const field of Object.keys(fields)) if (!names.includes(field)) unknownField(field, names, path);
    },
    /** By the rules that the store has for what people give. */
    check<T>(
      schema: z.ZodType<T>,
      input: Fields,
      path: readonly string[],
      others: readonly string[] = [],
    ): T | undefined {
      const result = schema.safeParse(input);
      if (result.success) return result.data;
      const shape = (schema as unknown as { shape?: Record<string, unknown> }).shape ?? {};
      const known = [...Object.keys(shape), ...others].filter((field) => field !== 'name');
      for (const issue of result.error.issues) {
        if (issue.code === 'unrecognized_keys')
          for (const field of issue.keys) unknownField(field, known, [...path, ...issue.path.map(String)]);
        else findings.invalid([...path, ...placeOf(issue.path)], wordsOf(issue));
      }
      return undefined;
    },
    /** Moments are text in YAML. What is none is left, for the rules to tell. */
    moments(fields: Fields, names: readonly string[]): Fields {
      const isMoment = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;
      const read = Object.entries(fields).map(([name, value]) => {
        const moment =
          names.includes(name) && typeof value === 'string' && isMoment.test(value) ? new Date(value) : value;
        return [name, moment instanceof Date && Number.isNaN(moment.getTime()) ? value : moment];
      });
      return Object.fromEntries(read);
    },
    oneOf<T extends string>(value: unknown, among: readonly T[], fallback: T, path: readonly string[]): T {
      if (value === undefined) return fallback;
      const found = among.find((one) => one === value);
      if (found === undefined)
        findings.invalid(path, `must be one of ${among.join(', ')}.${didYouMean(String(value), among)}`);
      return found ?? fallback;
    },
    words(value: unknown, path: readonly string[], most = 2_000): string {
      if (value === undefined || value === null) return '';
      if (typeof value === 'string' && value.length <= most) return value;
      findings.invalid(path, `must be text of ${most} characters at the most`);
      return '';
    },
  };
}

/** Names are keys of the file: what is wrong with one is wrong with the item. */
function placeOf(path: readonly PropertyKey[]): string[] {
  return path[0] === 'name' ? [] : path.map(String);
}

function wordsOf({ path, message }: z.core.$ZodIssue): string {
  return path[0] === 'name' ? `The name ${message}` : message;
}
