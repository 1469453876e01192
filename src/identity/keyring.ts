import { hash, randomBytes } from 'node:crypto';
import { SkeinError } from '../../kernel/errors.ts';

/** Who is calling: what policy, metering and logs know of them. Never the key itself. */
export interface Caller {
  /** Name of the key, from the configuration. */
  readonly keyName: string;
  /** May read how the gateway is doing. */
  readonly isOperator: boolean;
}

export interface Keyring {
  /**
   * The caller that an `Authorization` header names. Throws UNAUTHENTICATED without one, with another scheme than
   * Bearer (RFC 6750), or with an unknown key.
   */
  identify(authorization: string | undefined): Caller;
}

/** By the hash of their key. */
interface KnownCallers {
  readonly callers: ReadonlyMap<string, Caller>;
}

/**
 * Keys are kept as SHA-256; looking one up by its hash takes the same time for every wrong key. A caller that was in the
 * keyring `before` as well, with the same key and rights, is the same object: event streams belong to it.
 */
export function createKeyring(
  keys: readonly { readonly name: string; readonly key: string; readonly operator?: boolean }[],
  before?: KnownCallers,
): Keyring & KnownCallers {
  const callers = new Map(
    keys.map(({ name, key, operator = false }) => {
      const hashed = digest(key);
      const known = before?.callers.get(hashed);
      const stays = known?.keyName === name && known.isOperator === operator;
      return [hashed, stays ? known : Object.freeze({ keyName: name, isOperator: operator })];
    }),
  );
  return {
    callers,
    identify(authorization) {
      if (authorization === undefined || authorization === '') {
        throw new SkeinError('UNAUTHENTICATED', 'An API key is required: send it as "Authorization: Bearer <key>".');
      }
      const key = /^bearer +(\S+)$/i.exec(authorization)?.[1];
      const caller = key === undefined ? undefined : callers.get(digest(key));
      if (caller === undefined) throw new SkeinError('UNAUTHENTICATED', 'The API key is not valid.');
      return caller;
    },
  };
}

/** A new key: 192 bits, with a prefix that secret scanners can know. */
export function generateKey(): string {
  return `skein_${randomBytes(24).toString('base64url')}`;
}

function digest(key: string): string {
  return hash('sha256', key, 'base64');
}
