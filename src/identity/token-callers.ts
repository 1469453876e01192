import { SkeinError } from '../../kernel/errors.ts';
import { type Caller, DEFAULT_TENANT, PLATFORM_TENANT } from './caller.ts';
import type { Directory, DirectoryApp, DirectoryTenant } from './directory.ts';
import type { VerifiedToken } from './tokens.ts';

/** Where a token belongs, by what the directory has now. */
interface Place {
  readonly tenant: DirectoryTenant | undefined;
  readonly app: DirectoryApp | undefined;
}

const built = new WeakMap<VerifiedToken, Place & { readonly caller: Caller }>();
const tokens = new WeakMap<Caller, VerifiedToken>();
const NO_GRANTS: Caller['grants'] = new Map();

/**
 * The caller that a token stands for: the same object until its tenant or app changes. Without a directory there is the
 * default tenant alone.
 * @throws SkeinError FORBIDDEN when what the token names does not exist here, or the user that it is for is archived
 */
export function callerOfToken(token: VerifiedToken, directory: Directory | undefined): Caller {
  const place = placeOf(token, directory);
  refuseArchived(token, place, directory);
  const known = built.get(token);
  if (known !== undefined && known.tenant === place.tenant && known.app === place.app) return known.caller;
  const caller = makeCaller(token, place);
  built.set(token, { ...place, caller });
  tokens.set(caller, token);
  return caller;
}

/** The token that a caller showed; undefined for those that showed a key. */
export function tokenOf(caller: Caller): VerifiedToken | undefined {
  return tokens.get(caller);
}

/** The tenant is undefined for the default one where the directory does not know it. */
function placeOf(token: VerifiedToken, directory: Directory | undefined): Place {
  const app = token.app === undefined ? undefined : directory?.app(token.app);
  if (token.app !== undefined && app === undefined) throw forbidden('The app that the token names does not exist.');
  const named = token.tenant ?? app?.tenant.id ?? (token.roles.includes('platform') ? DEFAULT_TENANT : undefined);
  if (named === undefined) throw forbidden('The token does not say whose it is: it names no tenant.');
  const tenant = directory?.tenant(named);
  if (tenant === undefined && named !== DEFAULT_TENANT) {
    throw forbidden('The tenant that the token names does not exist.');
  }
  if (app !== undefined && app.tenant.id !== (tenant?.id ?? DEFAULT_TENANT)) {
    throw forbidden('The app that the token names is that of another tenant.');
  }
  return { tenant, app };
}

/** Whom administrators have archived here has no rights here, whatever their issuer says. */
function refuseArchived({ subject, email, roles }: VerifiedToken, { tenant }: Place, directory?: Directory): void {
  if (directory === undefined) return;
  const isArchived = (of: string) => {
    const user = directory.user(of, subject) ?? (email === undefined ? undefined : directory.user(of, email));
    return user !== undefined && user.archivedAt !== null;
  };
  if (isArchived(tenant?.id ?? DEFAULT_TENANT) || (roles.includes('platform') && isArchived(PLATFORM_TENANT)))
    throw forbidden('The user that the token is for is archived.');
}

function makeCaller({ issuer, subject, name, roles }: VerifiedToken, { tenant, app }: Place): Caller {
  return Object.freeze({
    // Neither ids nor addresses have spaces, so no subject can look like another one's.
    id: `token:${app?.id ?? ''} ${issuer} ${subject}`,
    name,
    tenant: tenant?.id ?? DEFAULT_TENANT,
    app: app?.id,
    key: undefined,
    user: subject,
    roles,
    isOperator: roles.includes('platform'),
    grants: app?.grants ?? NO_GRANTS,
    products: undefined,
    rates: [...(app?.rates ?? []), ...(tenant?.rates ?? [])],
  });
}

function forbidden(message: string): SkeinError {
  return new SkeinError('FORBIDDEN', message);
}
