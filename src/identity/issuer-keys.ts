import {
  type CryptoKey,
  createLocalJWKSet,
  errors,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWK,
  type JWSHeaderParameters,
} from 'jose';
import { describeError, SkeinError } from '../../kernel/errors.ts';
import type { Clock, Log } from '../../kernel/ports.ts';
import { fetchJson } from './fetch-json.ts';

/** After this, keys are asked for beside the work, */
const FRESH_MS = 10 * 60_000;
/** and after this nothing is verified before they were asked for: a key that was withdrawn does not live on unseen. */
const STALE_MS = 60 * 60_000;
/** How often an unknown key may make us ask again. */
const COOLDOWN_MS = 30_000;
/** How often it is tried while there are no keys at all. */
const RETRY_MS = 2_000;
const MAX_KEYS = 100;

/** The public keys of an issuer (RFC 7517), asked for when they are first needed and kept while it does not answer. */
export interface IssuerKeys {
  /**
   * The key that a token says it is signed with.
   * @throws SkeinError IDENTITY_UNAVAILABLE while there are no keys
   * @throws jose's JWKSNoMatchingKey, JWKSMultipleMatchingKeys
   */
  find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey>;
}

export interface IssuerKeysOptions {
  readonly issuer: string;
  /** Default: what the issuer's discovery document says. */
  readonly jwks?: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export function createIssuerKeys({ issuer, jwks, clock, log }: IssuerKeysOptions): IssuerKeys {
  let current: ReturnType<typeof createLocalJWKSet> | undefined;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  const ask = async () => {
    try {
      const url = jwks ?? (await discover(issuer));
      current = createLocalJWKSet(publicKeys(await fetchJson(url)));
      fetchedAt = clock.now();
    } catch (error) {
      const fields = { issuer, reason: describeError(error), hasKeys: current !== undefined };
      log.warn(fields, 'the keys of an issuer of tokens cannot be had');
    }
  };
  /** Asks unless that was done not long ago. Never rejects. */
  const refresh = (): Promise<void> | undefined => {
    const pauseMs = current === undefined ? RETRY_MS : COOLDOWN_MS;
    if (asking === undefined && clock.now() - triedAt >= pauseMs) {
      triedAt = clock.now();
      asking = ask().finally(() => {
        asking = undefined;
      });
    }
    return asking;
  };

  return {
    async find(header, token) {
      const ageMs = clock.now() - fetchedAt;
      if (ageMs >= FRESH_MS) {
        const refreshing = refresh();
        if (ageMs >= STALE_MS) await refreshing;
      }
      if (current === undefined) {
        throw new SkeinError('IDENTITY_UNAVAILABLE', 'The keys that tokens are verified with cannot be had now.');
      }
      try {
        return await current(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        await refresh();
        return current(header, token);
      }
    },
  };
}

/** Address of the keys, from OpenID Connect Discovery 1.0, section 4. */
async function discover(issuer: string): Promise<string> {
  const found = await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  if (found.issuer !== issuer) throw new Error('its discovery document is that of another issuer');
  const url = found.jwks_uri;
  if (typeof url !== 'string' || !URL.canParse(url)) throw new Error('its discovery document has no "jwks_uri"');
  const { protocol } = new URL(url);
  const isSafe = protocol === 'https:' || (protocol === 'http:' && new URL(issuer).protocol === 'http:');
  if (!isSafe) throw new Error('the "jwks_uri" of its discovery document is not https');
  return url;
}

/** Those that can verify a signature: a secret that somebody has published by mistake must not become one to sign with. */
function publicKeys({ keys }: Readonly<Record<string, unknown>>): JSONWebKeySet {
  if (!Array.isArray(keys)) throw new Error('it has no list of "keys"');
  if (keys.length > MAX_KEYS) throw new Error(`it has more than ${MAX_KEYS} keys`);
  const usable = keys.filter(
    (key: unknown): key is JWK =>
      typeof key === 'object' && key !== null && /^(RSA|EC|OKP)$/.test(String((key as JWK).kty)),
  );
  // Private parts are not looked at, and what is imported can only verify.
  return { keys: usable.map(({ d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...key }) => key) };
}
