import type { Role } from '../roles.ts';
import { moment, recordSchema, type StoredRecord, text, texts, words } from './record.ts';

export { type Role, TENANT_ROLES, type TenantRole } from '../roles.ts';

/** A person, or a machine, that administers. */
export interface User extends StoredRecord {
  /** E-mail address, or any name that is unique in the tenant: what a token's subject or e-mail claim is matched with. */
  readonly name: string;
  readonly title: string;
  readonly roles: readonly Role[];
}

export const userSchema = recordSchema({ name: text, title: words, roles: texts })
  .index({ tenant: 1, name: 1 }, { unique: true })
  .index({ name: 1 })
  .index({ tenant: 1, _id: 1 })
  .index({ seq: 1 });

/** What a user signs in to the admin schema with. The token itself is shown once and kept nowhere. */
export interface UserToken extends StoredRecord {
  readonly user: string;
  readonly name: string;
  /** SHA-256 in base64url. */
  readonly hash: string;
  /** How it begins, for people to know it by. */
  readonly prefix: string;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
}

export const userTokenSchema = recordSchema({
  user: text,
  name: text,
  hash: text,
  prefix: text,
  expiresAt: moment,
  revokedAt: moment,
  lastUsedAt: moment,
})
  .index({ hash: 1 }, { unique: true })
  .index({ tenant: 1, _id: 1 })
  .index({ user: 1, _id: 1 })
  .index({ seq: 1 });
