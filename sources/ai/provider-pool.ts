import type { Tls } from '../upstream/tls-files.ts';
import type { ProviderOptions } from './options.ts';
import type { Provider } from './provider.ts';

/**
 * Providers that outlive the models they are made for: one with the same options is the same, with its sockets, its
 * breaker and the keys that rest. Each that is taken has its own `dispose`; with the last of them it is closed.
 */
export interface ProviderPool {
  take(name: string, options: ProviderOptions, tls: Tls | undefined, make: () => Provider): Provider;
}

interface Shared {
  readonly provider: Provider;
  users: number;
}

export function createProviderPool(): ProviderPool {
  const all = new Map<string, Shared>();
  return {
    take(name, options, tls, make) {
      const key = JSON.stringify([name, options, tls]);
      const shared = all.get(key) ?? { provider: make(), users: 0 };
      all.set(key, shared);
      shared.users += 1;
      let isHeld = true;
      return {
        ...shared.provider,
        async dispose() {
          if (!isHeld) return;
          isHeld = false;
          shared.users -= 1;
          if (shared.users > 0) return;
          all.delete(key);
          await shared.provider.dispose();
        },
      };
    },
  };
}
