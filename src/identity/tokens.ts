import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import type { Role } from '../../admin/roles.ts';
import { SkeinError } from '../../kernel/errors.ts';
import type { Clock, Log } from '../../kernel/ports.ts';
import { readName, readRoles, readText } from './claims.ts';
import { createIssuerKeys, type IssuerKeys } from './issuer-keys.ts';
import type { IssuerOptions } from './options.ts';
import { digest } from './secrets.ts';

/** What a token says that was verified. */
export interface VerifiedToken {
  readonly issuer: string;
  readonly subject: string;
  /** What people call whom it is for. */
  readonly name: string;
  /** Its e-mail address, where the issuer says that it has verified it. */
  readonly email?: string | undefined;
  /** Id or name of the tenant, as claimed or configured. */
  readonly tenant: string | undefined;
  /** Id of the app. */
  readonly app: string | undefined;
  readonly roles: readonly Role[];
  /** Milliseconds since 1970, the tolerance for clocks in it. */
  readonly expiresAt: number;
}

export interface TokenVerifier {
  /** Whether the text has the form of a token, and tokens are taken at all. */
  isToken(text: string): boolean;
  /**
   * At once for a token that was verified not long ago. `hashed` is its digest, for callers that have it.
   * @throws SkeinError UNAUTHENTICATED for one that is not valid, IDENTITY_UNAVAILABLE when that cannot be told now;
   *   also as a rejection
   */
  verify(token: string, hashed?: string): VerifiedToken | Promise<VerifiedToken>;
  /** Whether tokens of the issuer are taken. */
  trusts(issuer: string): boolean;
}

export interface TokenVerifierOptions {
  readonly issuers: readonly IssuerOptions[];
  readonly clock: Clock;
  readonly log: Log;
}

const MAX_LENGTH = 16_384;
const MAX_KEPT = 10_000;
/** A token is verified again after this: its issuer may have withdrawn the key since. */
const MAX_KEPT_MS = 5 * 60_000;
/** OpenID Connect Core 1.0, section 2. */
const MAX_SUBJECT_LENGTH = 255;
const FORM = /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/;

/** Verifies signed tokens (RFC 7519) of the issuers that are trusted, by the keys they publish. */
export function createTokenVerifier({ issuers, clock, log }: TokenVerifierOptions): TokenVerifier {
  const trusted = new Map(
    issuers.map((options) => {
      const { issuer, jwks } = options;
      return [issuer, { options, keys: createIssuerKeys({ issuer, jwks, clock, log }) }];
    }),
  );
  const kept = new LRUCache<string, { readonly token: VerifiedToken; readonly until: number }>({ max: MAX_KEPT });

  const verifyAnew = async (text: string, hashed: string): Promise<VerifiedToken> => {
    const issuer = trusted.get(issuerOf(text) ?? '');
    if (issuer === undefined) throw new SkeinError('UNAUTHENTICATED', 'The issuer of the token is not trusted here.');
    const token = await verifyWith(issuer.options, issuer.keys, text, clock.now());
    kept.set(hashed, { token, until: Math.min(token.expiresAt, clock.now() + MAX_KEPT_MS) });
    return token;
  };

  return {
    isToken: (text) => trusted.size > 0 && text.length <= MAX_LENGTH && FORM.test(text),
    trusts: (issuer) => trusted.has(issuer),
    verify(text, hashed = digest(text)) {
      const known = kept.get(hashed);
      if (known !== undefined && clock.now() < known.until) return known.token;
      return verifyAnew(text, hashed);
    },
  };
}

/** As it says itself: it decides whose keys it must fit, and nothing else. */
function issuerOf(text: string): string | undefined {
  try {
    return decodeJwt(text).iss;
  } catch (cause) {
    throw new SkeinError('UNAUTHENTICATED', 'The token is not valid.', { cause });
  }
}

async function verifyWith(options: IssuerOptions, keys: IssuerKeys, text: string, now: number): Promise<VerifiedToken> {
  const { issuer, audience, algorithms, clockToleranceSeconds, claims } = options;
  const payload = await jwtVerify(text, (header, token) => keys.find(header, token), {
    issuer,
    audience: typeof audience === 'string' ? audience : [...audience],
    algorithms: [...algorithms],
    clockTolerance: clockToleranceSeconds,
    currentDate: new Date(now),
    requiredClaims: ['exp', 'sub'],
  }).then(
    (result): JWTPayload => result.payload,
    (error: unknown) => {
      throw error instanceof SkeinError
        ? error
        : new SkeinError('UNAUTHENTICATED', whyRefused(error), { cause: error });
    },
  );
  const { sub: subject = '', exp = 0 } = payload;
  if (subject === '' || subject.length > MAX_SUBJECT_LENGTH) {
    throw new SkeinError('UNAUTHENTICATED', 'The token does not say whom it is for: its subject is empty or too long.');
  }
  return Object.freeze({
    issuer,
    subject,
    name: readName(payload, subject),
    email: payload.email_verified === true ? readText(payload, 'email') : undefined,
    tenant: options.tenant ?? readText(payload, claims.tenant),
    app: readText(payload, claims.app),
    roles: readRoles(payload, options),
    expiresAt: (exp + clockToleranceSeconds) * 1_000,
  });
}

function whyRefused(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'The token has expired.';
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') return 'The token is for another audience.';
    if (error.claim === 'nbf') return 'The token is not valid yet.';
    if (error.reason === 'missing') return `The token lacks the claim "${error.claim}".`;
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return 'The token is signed in a way that is not taken.';
  if (error instanceof errors.JWKSNoMatchingKey) return 'The token is signed with a key that its issuer does not have.';
  if (error instanceof errors.JWKSMultipleMatchingKeys) return 'The token does not say which key it is signed with.';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'The signature of the token is wrong.';
  return 'The token is not valid.';
}
