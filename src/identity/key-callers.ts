import { SkeinError } from '../../kernel/errors.ts';
import { type AddressRanges, compileRanges } from './addresses.ts';
import { type Caller, DEFAULT_TENANT } from './caller.ts';
import type { DirectoryKey } from './directory.ts';

/** A key as it is used: everything that a request needs, made once. */
export interface KeyEntry {
  readonly caller: Caller;
  /** Undefined: any. */
  readonly origins: ReadonlySet<string> | undefined;
  readonly ranges: AddressRanges | undefined;
}

const entries = new WeakMap<DirectoryKey, KeyEntry>();

export function entryOf(key: DirectoryKey): KeyEntry {
  let entry = entries.get(key);
  if (entry === undefined) {
    entry = {
      caller: callerOfKey(key),
      origins: key.origins.length === 0 ? undefined : new Set(key.origins),
      ranges: key.cidrs.length === 0 ? undefined : compileRanges(key.cidrs),
    };
    entries.set(key, entry);
  }
  return entry;
}

function callerOfKey({ id, name, app, products, rates }: DirectoryKey): Caller {
  return Object.freeze({
    id,
    name,
    tenant: app.tenant.id,
    app: app.id,
    key: id,
    user: undefined,
    roles: [],
    isOperator: false,
    grants: app.grants,
    products,
    rates: [...rates, ...app.rates, ...app.tenant.rates],
  });
}

const NO_GRANTS: Caller['grants'] = new Map();

/** A key of skein.yaml. */
export function configuredCaller(name: string, isOperator: boolean, rates: Caller['rates'] = []): Caller {
  const id = `config:${name}`;
  return Object.freeze({
    ...{ id, name, isOperator },
    ...{ tenant: DEFAULT_TENANT, app: undefined, key: undefined, user: undefined },
    ...{ roles: [], grants: NO_GRANTS, products: undefined, rates },
  });
}

export function isExpired({ expiresAt }: DirectoryKey, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

/** @throws SkeinError FORBIDDEN for an origin that may not send the key */
export function checkOrigin({ origins }: KeyEntry, origin: string | undefined): void {
  if (origins === undefined || (origin !== undefined && origins.has(origin))) return;
  const message =
    origin === undefined
      ? 'The API key is for pages of certain origins, and the request has no Origin header.'
      : 'The API key is for pages of certain origins, and this is none of them.';
  throw new SkeinError('FORBIDDEN', message);
}

/** @throws SkeinError FORBIDDEN for an address that may not send the key */
export function checkAddress(ranges: AddressRanges, address: string | undefined): void {
  if (ranges.has(address)) return;
  throw new SkeinError('FORBIDDEN', 'The API key is for certain addresses, and the request comes from none of them.');
}
