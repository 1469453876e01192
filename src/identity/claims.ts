import type { JWTPayload } from 'jose';
import type { Role } from '../../admin/roles.ts';
import type { IssuerOptions } from './options.ts';

const MAX_NAME_LENGTH = 200;
const MAX_VALUES = 1_000;

/** A claim by its name or, where there is none of that name, by a path with dots. */
export function readClaim(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name];
  let value: unknown = payload;
  for (const step of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

/** A claim that is text. What is there and is something else is as if it were not. */
export function readText(payload: JWTPayload, name: string | undefined): string | undefined {
  const value = name === undefined ? undefined : readClaim(payload, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Our roles: those that the issuer's values stand for. A claim of text has them with spaces between, as `scope` does. */
export function readRoles(payload: JWTPayload, { claims, roles }: IssuerOptions): readonly Role[] {
  const value = claims.roles === undefined ? undefined : readClaim(payload, claims.roles);
  const values: readonly unknown[] = typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : [];
  const found = new Set<Role>();
  for (const one of values.slice(0, MAX_VALUES)) {
    if (typeof one !== 'string' || !Object.hasOwn(roles, one)) continue;
    const role = roles[one];
    if (role !== undefined) found.add(role);
  }
  return [...found];
}

/** What people call whom the token is for. */
export function readName(payload: JWTPayload, subject: string): string {
  const name = ['name', 'preferred_username', 'email', 'client_id', 'azp'].map((claim) => readText(payload, claim));
  const [first = subject] = name.filter((one) => one !== undefined);
  return first.replace(/\p{Cc}/gu, ' ').slice(0, MAX_NAME_LENGTH);
}
