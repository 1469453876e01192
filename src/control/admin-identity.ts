import type { Actor } from '../../admin/actor.ts';
import { PLATFORM } from '../../admin/models/record.ts';
import type { Role, User } from '../../admin/models/user.ts';
import { hashSecret } from '../../admin/secrets/new-secret.ts';
import { SkeinError } from '../../kernel/errors.ts';
import type { Clock } from '../../kernel/ports.ts';
import type { Credentials } from '../identity/credentials.ts';
import { secretOf } from '../identity/credentials.ts';
import type { TokenVerifier, VerifiedToken } from '../identity/tokens.ts';
import type { LiveDirectory } from './directory.ts';

export interface AdminIdentityDeps {
  readonly directory: () => LiveDirectory | undefined;
  readonly tokens: () => TokenVerifier;
  readonly clock: Clock;
  addressOf(credentials: Credentials): string | undefined;
  onUsed(tokenId: string, at: number): void;
}

const TOKEN_WORDS = {
  missing: 'An administrator’s token is required: send it as "Authorization: Bearer <token>".',
  notValid: 'The token is not valid.',
};

/** Who administers. @throws SkeinError UNAUTHENTICATED, FORBIDDEN for a token that gives no rights, IDENTITY_UNAVAILABLE */
export type AdminIdentity = (credentials: Credentials, requestId: string) => Promise<Actor>;

export function createAdminIdentity({ directory, tokens, clock, addressOf, onUsed }: AdminIdentityDeps): AdminIdentity {
  return async (credentials, requestId) => {
    const known = directory();
    if (known === undefined) throw new SkeinError('IDENTITY_UNAVAILABLE');
    const secret = secretOf(credentials, TOKEN_WORDS);
    const address = addressOf(credentials) ?? '';
    const found = known.token(hashSecret(secret), clock.now());
    if (found !== undefined) {
      const { token, user } = found;
      const owner = user.tenant === PLATFORM ? undefined : known.tenantRecord(user.tenant);
      if (user.tenant !== PLATFORM && (owner === undefined || owner.archivedAt !== null))
        throw new SkeinError('UNAUTHENTICATED', 'The tenant of this token is archived.');
      onUsed(token._id, clock.now());
      return { id: user._id, name: user.name, tenant: user.tenant, roles: user.roles, address, requestId };
    }
    if (!tokens().isToken(secret))
      throw new SkeinError(
        'UNAUTHENTICATED',
        `${TOKEN_WORDS.notValid} API keys of apps are for the graph, not for this.`,
      );
    return actorOf(await tokens().verify(secret), known, { address, requestId });
  };
}

/**
 * Rights come from the token's claims; one without roles is matched with a user of its tenant by its subject, or by
 * an e-mail address that its issuer has verified. Its name is for people: in many issuers everybody chooses their own.
 */
function actorOf(token: VerifiedToken, directory: LiveDirectory, from: Pick<Actor, 'address' | 'requestId'>): Actor {
  /** Who was archived here has no rights here, whatever its issuer says. */
  const userIn = (tenant: string): User | undefined => {
    const { subject, email } = token;
    const user = directory.user(tenant, subject) ?? (email === undefined ? undefined : directory.user(tenant, email));
    if (user !== undefined && user.archivedAt !== null)
      throw new SkeinError('FORBIDDEN', 'The user that the token is for is archived.');
    return user;
  };
  if (token.roles.includes('platform')) {
    userIn(PLATFORM);
    return { id: idOf(token), name: token.name, tenant: PLATFORM, roles: ['platform'], ...from };
  }
  const tenant = token.tenant === undefined ? undefined : directory.tenantRecord(token.tenant);
  if (tenant === undefined || tenant.archivedAt !== null)
    throw new SkeinError('FORBIDDEN', 'The token names no tenant that exists here.');
  const user = userIn(tenant._id);
  const roles: readonly Role[] = token.roles.length > 0 ? (token.roles as readonly Role[]) : (user?.roles ?? []);
  if (roles.length === 0)
    throw new SkeinError(
      'FORBIDDEN',
      'The token gives no role in its tenant, and no user there has its subject or verified e-mail address as a name.',
    );
  return { id: user?._id ?? idOf(token), name: token.name, tenant: tenant._id, roles, ...from };
}

/** Ids of users have no spaces: no subject can look like one of them, nor like a subject of another issuer. */
function idOf({ issuer, subject }: VerifiedToken): string {
  return `token: ${issuer} ${subject}`;
}
