import type { Secret } from '../../admin/models/secret.ts';
import type { Tenant } from '../../admin/models/tenant.ts';
import { createFileWatcher } from '../watch-files.ts';
import { readSecret, type SecretReading } from './read-secret.ts';

/** A secret as it stands. */
export interface KnownSecret extends Pick<Secret, 'name' | 'place' | 'content'> {
  /** The same as long as its value is. */
  readonly state: string;
}

export interface TenantSecrets {
  take(changed: readonly Secret[]): void;
  of(tenant: string): readonly KnownSecret[];
  /** By name, without those that cannot be read. */
  valuesOf(tenant: Tenant, own: readonly Pick<Secret, 'name' | 'place' | 'content'>[]): ReadonlyMap<string, string>;
  stop(): void;
}

export interface TenantSecretsDeps extends SecretReading {
  /** Files with secrets of these tenants have changed. */
  onChange(tenants: ReadonlySet<string>): void;
}

const LOOK_EVERY_MS = 1_000;

/** The secrets of all tenants. Those in files are watched: what mounts them there may replace them at any time. */
export function createTenantSecrets({ onChange, ...reading }: TenantSecretsDeps): TenantSecrets {
  const byTenant = new Map<string, Map<string, Secret>>();
  /** How often a file has changed. */
  const changes = new Map<string, number>();
  const inFiles = () =>
    [...byTenant.values()].flatMap((own) => [...own.values()].filter(({ place }) => place === 'file'));
  const readAt = Date.now();
  const watcher = createFileWatcher({
    files: () => inFiles().map(({ content }) => content),
    everyMs: LOOK_EVERY_MS,
    readAt: () => readAt,
    onChange(changed) {
      for (const file of changed) changes.set(file, (changes.get(file) ?? 0) + 1);
      onChange(new Set(inFiles().flatMap(({ content, tenant }) => (changed.has(content) ? [tenant] : []))));
    },
  });
  const stateOf = ({ _id, version, place, content }: Secret) =>
    `${_id}@${version}${place === 'file' ? `#${changes.get(content) ?? 0}` : ''}`;
  return {
    take(changed) {
      for (const secret of changed) {
        const own = byTenant.get(secret.tenant) ?? new Map<string, Secret>();
        byTenant.set(secret.tenant, own);
        if (secret.archivedAt === null) own.set(secret._id, secret);
        else own.delete(secret._id);
      }
    },
    of: (tenant) =>
      [...(byTenant.get(tenant)?.values() ?? [])].map((secret) => {
        const { name, place, content } = secret;
        return { name, place, content, state: stateOf(secret) };
      }),
    valuesOf(tenant, own) {
      const values = new Map<string, string>();
      for (const secret of own) {
        const value = readSecret(secret, tenant, reading);
        if (value !== undefined) values.set(secret.name, value);
      }
      return values;
    },
    stop: () => watcher.stop(),
  };
}

/** The same as long as the secrets are. */
export function stateOfSecrets(own: readonly KnownSecret[]): string {
  const states = own.map(({ state }) => state);
  return states.sort().join();
}
