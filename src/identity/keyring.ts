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

/** Keys are kept as SHA-256; looking one up by its hash takes the same time for every wrong key. */
export function createKeyring(
  keys: readonly { readonly name: string; readonly key: string; readonly operator?: boolean }[],
): Keyring {
  const callers = new Map(
    keys.map(({ name, key, operator = false }) => [
      digest(key),
      Object.freeze({ keyName: name, isOperator: operator }),
    ]),
  );
  return {
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
