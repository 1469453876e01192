import { isDeepStrictEqual } from 'node:util';
import { SkeinError } from '../../kernel/errors.ts';
import { type Clock, systemClock } from '../../kernel/ports.ts';
import { configuredRates, type RateOptions } from '../policy/rates/options.ts';
import { type AddressRanges, clientAddress, compileRanges } from './addresses.ts';
import type { Caller } from './caller.ts';
import { type Credentials, NOT_VALID, secretOf } from './credentials.ts';
import type { Directory } from './directory.ts';
import { checkAddress, checkOrigin, configuredCaller, entryOf, isExpired } from './key-callers.ts';
import { digest, isGeneratedKey } from './secrets.ts';
import { callerOfToken, tokenOf } from './token-callers.ts';
import type { TokenVerifier } from './tokens.ts';

export interface Keyring {
  /**
   * The caller that a request comes from: at once for keys and for tokens that were verified not long ago. The same
   * object for the same key as long as nothing of it changes.
   *
   * @throws SkeinError UNAUTHENTICATED without a key or token, or with one that is not valid or has expired; FORBIDDEN
   *   for a place that may not send the key; IDENTITY_UNAVAILABLE when it cannot be told now. Also as a rejection.
   */
  identify(credentials: Credentials): Caller | Promise<Caller>;
  /** Whether what a caller has shown still counts: it was not revoked, and has not expired. */
  isCurrent(caller: Caller): boolean;
  /** Where a request comes from, whatever trusted proxies it came through. */
  addressOf(credentials: Credentials): string | undefined;
}

export interface KeyringOptions {
  /** Keys of skein.yaml. */
  readonly configured?: readonly ConfiguredKey[] | undefined;
  /** Keys, apps and tenants of the control plane; it answers undefined until they are read. Default: there is none. */
  readonly directory?: (() => Directory | undefined) | undefined;
  /** Default: no tokens are taken. */
  readonly tokens?: TokenVerifier | undefined;
  /** Ranges of proxies whose `X-Forwarded-For` is believed. Default: none. */
  readonly trustedProxies?: readonly string[] | undefined;
  readonly clock?: Clock | undefined;
  /** Told that a key of the directory was used: once in a minute at the most, with milliseconds since 1970. */
  readonly onUsed?: ((keyId: string, at: number) => void) | undefined;
  /** A caller that was in it as well, with the same key and rights, stays the same object. */
  readonly before?: ConfiguredCallers | undefined;
}

export interface ConfiguredKey {
  readonly name: string;
  readonly key: string;
  readonly operator?: boolean;
  readonly rates?: readonly RateOptions[];
}

export interface ConfiguredCallers {
  /** By the hash of their key. */
  readonly callers: ReadonlyMap<string, Caller>;
}

const MINUTE_MS = 60_000;
const NOT_READY = 'Whether the API key is valid cannot be told yet: the gateway has not read its keys.';

/** The hash of the key that a caller showed. Keys themselves are kept nowhere. */
const hashes = new WeakMap<Caller, string>();

/** Looking a key up by its hash takes the same time for every wrong key. */
export function createKeyring(options: KeyringOptions): Keyring & ConfiguredCallers {
  const { directory, tokens, clock = systemClock, onUsed } = options;
  const callers = readConfigured(options);
  const trusted: AddressRanges = compileRanges(options.trustedProxies ?? []);
  let minute = 0;
  const usedInMinute = new Set<string>();

  const addressOf = ({ address, forwardedFor }: Credentials) => clientAddress(address, forwardedFor, trusted);

  const noteUse = (keyId: string, now: number): void => {
    if (onUsed === undefined) return;
    const current = Math.floor(now / MINUTE_MS);
    if (current !== minute) {
      minute = current;
      usedInMinute.clear();
    }
    if (usedInMinute.has(keyId)) return;
    usedInMinute.add(keyId);
    onUsed(keyId, now);
  };

  /** @throws SkeinError IDENTITY_UNAVAILABLE while it has not been read */
  const readyDirectory = (): Directory | undefined => {
    const ready = directory?.();
    if (ready === undefined && directory !== undefined) throw new SkeinError('IDENTITY_UNAVAILABLE', NOT_READY);
    return ready;
  };

  const identifyByKey = (hashed: string, credentials: Credentials): Caller => {
    const key = readyDirectory()?.key(hashed);
    if (key === undefined) throw notValid();
    const now = clock.now();
    if (isExpired(key, now)) throw new SkeinError('UNAUTHENTICATED', 'The API key has expired.');
    const entry = entryOf(key);
    checkOrigin(entry, credentials.origin);
    if (entry.ranges !== undefined) checkAddress(entry.ranges, addressOf(credentials));
    if (!hashes.has(entry.caller)) hashes.set(entry.caller, hashed);
    noteUse(key.id, now);
    return entry.caller;
  };

  return {
    callers,
    addressOf,
    identify(credentials) {
      const secret = secretOf(credentials);
      const hashed = digest(secret);
      const caller = callers.get(hashed);
      if (caller !== undefined) return caller;
      if (isGeneratedKey(secret)) return identifyByKey(hashed, credentials);
      if (tokens?.isToken(secret) !== true) throw notValid();
      const token = tokens.verify(secret, hashed);
      if (!(token instanceof Promise)) return callerOfToken(token, readyDirectory());
      return token.then((verified) => callerOfToken(verified, readyDirectory()));
    },
    isCurrent(caller) {
      const token = tokenOf(caller);
      const hashed = hashes.get(caller) ?? '';
      const configured = callers.get(hashed);
      // With other limits it is another object, but what it has open goes on.
      if (configured !== undefined) return configured.id === caller.id && configured.isOperator === caller.isOperator;
      if (token !== undefined && token.expiresAt <= clock.now()) return false;
      const ready = directory?.();
      // It was known once: a directory that has gone says nothing of it.
      if (directory !== undefined && ready === undefined) return true;
      if (token === undefined) {
        const key = ready?.key(hashed);
        return key !== undefined && key.id === caller.key && !isExpired(key, clock.now());
      }
      if (tokens?.trusts(token.issuer) !== true) return false;
      try {
        return callerOfToken(token, ready).tenant === caller.tenant;
      } catch {
        return false;
      }
    },
  };
}

function readConfigured({ configured = [], before }: KeyringOptions): ReadonlyMap<string, Caller> {
  return new Map(
    configured.map(({ name, key, operator = false, rates = [] }) => {
      const hashed = digest(key);
      const known = before?.callers.get(hashed);
      const limits = configuredRates(name, rates);
      const stays = known?.name === name && known.isOperator === operator && isDeepStrictEqual(known.rates, limits);
      const caller = stays ? known : configuredCaller(name, operator, limits);
      hashes.set(caller, hashed);
      return [hashed, caller];
    }),
  );
}

function notValid(): SkeinError {
  return new SkeinError('UNAUTHENTICATED', NOT_VALID);
}
