import { isDeepStrictEqual } from 'node:util';
import { type Clock, type Log, silentLog, systemClock } from '../kernel/ports.ts';
import type { KeyOptions, SkeinConfig } from './config/schema.ts';
import { type Cors, createCors } from './http/cors.ts';
import type { Directory } from './identity/directory.ts';
import { createKeyring, type Keyring } from './identity/keyring.ts';
import type { AuthOptions } from './identity/options.ts';
import { generateKey } from './identity/secrets.ts';
import { createTokenVerifier, type TokenVerifier } from './identity/tokens.ts';

export type ShownKey = KeyOptions & { readonly generated: boolean };

interface Settings extends Pick<LiveSettings, 'keys' | 'tokens' | 'limits' | 'cors'> {
  readonly auth: AuthOptions;
  readonly keyring: ReturnType<typeof createKeyring>;
}

/** What of a configuration doors ask for at every request, so that a change of it counts from the next one on. */
export interface LiveSettings {
  readonly keyring: Keyring;
  /** Tokens of the issuers of `auth.jwt`, whoever shows them. */
  readonly tokens: TokenVerifier;
  readonly limits: SkeinConfig['limits'];
  readonly cors: Cors;
  readonly keys: readonly ShownKey[];
  use(config: SkeinConfig): void;
}

export interface LiveSettingsDeps {
  /** As the keyring takes it. Default: there is none. */
  readonly directory?: (() => Directory | undefined) | undefined;
  readonly onKeyUsed?: ((keyId: string, at: number) => void) | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  /** Default: nobody is told. */
  readonly log?: Log | undefined;
}

export function createLiveSettings(config: SkeinConfig, deps: LiveSettingsDeps = {}): LiveSettings {
  const { directory, onKeyUsed: onUsed, clock = systemClock, log = silentLog } = deps;
  /** A key that was made at start stays for its name: people have copied it. */
  const generated = new Map<string, string>();
  let current = read(config);

  function read({ keys: given, auth, limits, cors }: SkeinConfig, before?: Settings): Settings {
    const keys = given.map((options): ShownKey => {
      if (options.key !== '') return { ...options, generated: false };
      const key = generated.get(options.name) ?? generateKey();
      generated.set(options.name, key);
      return { ...options, key, generated: true, operator: true };
    });
    // What was verified and the issuers' keys stay as long as nothing is said otherwise of them.
    const isSame = before !== undefined && isDeepStrictEqual(before.auth.jwt, auth.jwt);
    const tokens = isSame ? before.tokens : createTokenVerifier({ issuers: auth.jwt, clock, log });
    const known = { ...{ configured: keys, before: before?.keyring }, trustedProxies: auth.trustedProxies };
    const keyring = createKeyring({ ...known, directory, tokens, clock, onUsed });
    return { keys, keyring, tokens, auth, limits, cors: createCors(cors.origins) };
  }

  const limits: SkeinConfig['limits'] = {
    get bodyBytes() {
      return current.limits.bodyBytes;
    },
    get modelBodyBytes() {
      return current.limits.modelBodyBytes;
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
    get cost() {
      return current.limits.cost;
    },
    get costUsd() {
      return current.limits.costUsd;
    },
    get listSize() {
      return current.limits.listSize;
    },
    get listSizes() {
      return current.limits.listSizes;
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
    keyring: {
      identify: (credentials) => current.keyring.identify(credentials),
      isCurrent: (caller) => current.keyring.isCurrent(caller),
      addressOf: (credentials) => current.keyring.addressOf(credentials),
    },
    tokens: {
      isToken: (text) => current.tokens.isToken(text),
      verify: (token, hashed) => current.tokens.verify(token, hashed),
      trusts: (issuer) => current.tokens.trusts(issuer),
    },
    limits,
    cors: (request, response) => current.cors(request, response),
    get keys() {
      return current.keys;
    },
    use(next) {
      current = read(next, current);
    },
  };
}
