import type { KeyOptions, SkeinConfig } from './config/schema.ts';
import { type Cors, createCors } from './http/cors.ts';
import { createKeyring, generateKey, type Keyring } from './identity/keyring.ts';

export type ShownKey = KeyOptions & { readonly generated: boolean };

/** What of a configuration doors ask for at every request, so that a change of it counts from the next one on. */
export interface LiveSettings {
  readonly keyring: Keyring;
  readonly limits: SkeinConfig['limits'];
  readonly cors: Cors;
  readonly keys: readonly ShownKey[];
  use(config: SkeinConfig): void;
}

export function createLiveSettings(config: SkeinConfig): LiveSettings {
  /** A key that was made at start stays for its name: people have copied it. */
  const generated = new Map<string, string>();
  let current = read(config);

  function read({ keys: given, limits, cors }: SkeinConfig, before?: ReturnType<typeof createKeyring>) {
    const keys = given.map((options): ShownKey => {
      if (options.key !== '') return { ...options, generated: false };
      const key = generated.get(options.name) ?? generateKey();
      generated.set(options.name, key);
      return { ...options, key, generated: true, operator: true };
    });
    return { keys, keyring: createKeyring(keys, before), limits, cors: createCors(cors.origins) };
  }

  const limits: SkeinConfig['limits'] = {
    get bodyBytes() {
      return current.limits.bodyBytes;
    },
    get tokens() {
      return current.limits.tokens;
    },
    get depth() {
      return current.limits.depth;
    },
    get fields() {
      return current.limits.fields;
    },
    get requestTimeoutMs() {
      return current.limits.requestTimeoutMs;
    },
    get streamTimeoutMs() {
      return current.limits.streamTimeoutMs;
    },
    get drainTimeoutMs() {
      return current.limits.drainTimeoutMs;
    },
  };
  return {
    keyring: { identify: (authorization) => current.keyring.identify(authorization) },
    limits,
    cors: (request, response) => current.cors(request, response),
    get keys() {
      return current.keys;
    },
    use(next) {
      current = read(next, current.keyring);
    },
  };
}
