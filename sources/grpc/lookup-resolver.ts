import { ADDRCONFIG } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { type ChannelOptions, experimental, status } from '@grpc/grpc-js';
import { describeError } from '../../kernel/errors.ts';

type Uri = experimental.GrpcUri;
type Listener = experimental.ResolverListener;

const SCHEME = 'skein';
const LOOKUP = 'skein.lookup';

/** Names are asked for again no sooner than this, however often connections fail. */
const PAUSE_MS = 1_000;

/**
 * A target and an option for a channel that looks its host up as sockets do that have a `lookup`. The host's name stays
 * the channel's authority, and the name that certificates are judged by.
 */
export function lookedUpTarget(address: string, lookup: LookupFunction): { target: string; options: ChannelOptions } {
  return { target: `${SCHEME}:${address}`, options: { [LOOKUP]: lookup } };
}

/** grpc-js asks it for addresses when a channel connects, and again when it has lost its connection. */
class LookupResolver implements experimental.Resolver {
  readonly #authority: string;
  readonly #listener: Listener;
  readonly #lookup: LookupFunction;
  #lookedUpAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  /** Of the lookup whose answer counts. */
  #round = {};

  constructor({ path }: Uri, listener: Listener, options: ChannelOptions) {
    this.#authority = path;
    this.#listener = listener;
    this.#lookup = options[LOOKUP] as LookupFunction;
  }

  static getDefaultAuthority({ path }: Uri): string {
    return path;
  }

  updateResolution(): void {
    if (this.#timer !== undefined) return;
    const waitMs = Math.max(0, this.#lookedUpAt + PAUSE_MS - performance.now());
    this.#timer = setTimeout(() => this.#lookUp(), waitMs).unref();
  }

  destroy(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#round = {};
  }

  #lookUp(): void {
    const round = {};
    this.#round = round;
    this.#lookedUpAt = performance.now();
    const { host, port = 443 } = experimental.splitHostPort(this.#authority) ?? { host: this.#authority };
    this.#lookup(host, { all: true, family: 0, hints: ADDRCONFIG }, (error, found) => {
      if (this.#round !== round) return;
      this.#timer = undefined;
      const hosts = Array.isArray(found) ? found.map(({ address }) => address) : [found];
      const told =
        error === null
          ? experimental.statusOrFromValue(hosts.map((each) => ({ addresses: [{ host: each, port }] })))
          : experimental.statusOrFromError<experimental.Endpoint[]>({
              code: status.UNAVAILABLE,
              details: `Name resolution failed: ${describeError(error)}`,
            });
      this.#listener(told, {}, null, '');
    });
  }
}

experimental.registerResolver(SCHEME, LookupResolver);
