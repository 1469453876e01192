import type {
  Directory,
  DirectoryApp,
  DirectoryKey,
  DirectoryTenant,
  DirectoryUser,
} from '../../src/identity/directory.ts';
import { digest } from '../../src/identity/secrets.ts';

export interface MemoryDirectory extends Directory {
  /** Makes a key of the form that keys of the control plane have, and puts it in. */
  add(name: string, options?: Partial<Omit<DirectoryKey, 'name'>>): string;
  /** The same key as another record, as a new snapshot may have it. */
  change(key: string, options: Partial<DirectoryKey>): void;
  revoke(key: string): void;
  addTenant(tenant: DirectoryTenant): void;
  addApp(app: DirectoryApp): void;
  removeTenant(id: string): void;
  setUser(tenant: string, name: string, archivedAt: Date | null): void;
}

export const ACME: DirectoryTenant = { id: 'tnt_acme', name: 'acme', rates: [] };
export const SHOP: DirectoryApp = { id: 'app_shop', name: 'shop', tenant: ACME, rates: [], grants: new Map() };

/** A directory that a test fills. */
export function createMemoryDirectory(): MemoryDirectory {
  const keys = new Map<string, DirectoryKey>();
  const apps = new Map<string, DirectoryApp>([[SHOP.id, SHOP]]);
  const tenants = new Map<string, DirectoryTenant>([[ACME.id, ACME]]);
  const users = new Map<string, DirectoryUser>();
  let made = 0;
  return {
    key: (hash) => keys.get(hash),
    app: (id) => apps.get(id),
    tenant: (idOrName) => tenants.get(idOrName) ?? [...tenants.values()].find(({ name }) => name === idOrName),
    user: (tenant, name) => users.get(`${tenant} ${name}`),
    add(name, options = {}) {
      made += 1;
      const key = `skein_${String(made).padStart(32, 'k')}`;
      const none = { expiresAt: undefined, products: undefined, origins: [], cidrs: [], rates: [] };
      keys.set(digest(key), { id: `key_${made}`, app: SHOP, ...none, ...options, name });
      return key;
    },
    change(key, options) {
      const record = keys.get(digest(key));
      if (record === undefined) throw new Error('There is no such key.');
      keys.set(digest(key), { ...record, ...options });
    },
    revoke: (key) => void keys.delete(digest(key)),
    addTenant: (tenant) => void tenants.set(tenant.id, tenant),
    addApp: (app) => void apps.set(app.id, app),
    removeTenant: (id) => void tenants.delete(id),
    setUser: (tenant, name, archivedAt) => void users.set(`${tenant} ${name}`, { archivedAt }),
  };
}
