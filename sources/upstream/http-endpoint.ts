import type { LookupFunction } from 'node:net';
import { Pool } from 'undici';
import type { HttpRequest } from './http.ts';
import type { HttpCall } from './http-call.ts';
import type { Target } from './target.ts';
import { connectOptions, type Tls } from './tls-files.ts';

/** One address of an HTTP service, with its sockets. */
export interface HttpEndpoint {
  readonly target: Target;
  /** How its name becomes an address; undefined for the system's way. */
  readonly lookup: LookupFunction | undefined;
  readonly tls: Tls | undefined;
  /** `headers` flat, as undici takes them. */
  send(request: HttpRequest, headers: string[], call: HttpCall): void;
  /** Asks for a path of the host itself, over a connection of its own, and gives the status; the body is thrown away. */
  ask(path: string, signal: AbortSignal): Promise<number>;
  /** Closes all sockets; calls under way fail. */
  close(): Promise<void>;
}

export interface HttpEndpointOptions {
  readonly target: Target;
  readonly timeoutMs: number;
  readonly maxConnections: number;
  /** How the host's name becomes an address. Default: the system's way. */
  readonly lookup?: LookupFunction | undefined;
  readonly tls?: Tls | undefined;
}

/** Answers that last, at a time: each has a socket of its own. */
const MAX_LASTING = 4_096;

export function openHttpEndpoint({
  target,
  timeoutMs,
  maxConnections,
  lookup,
  tls,
}: HttpEndpointOptions): HttpEndpoint {
  const connecting = {
    connectTimeout: timeoutMs,
    ...(lookup === undefined && tls === undefined
      ? {}
      : {
          connect: {
            timeout: timeoutMs,
            ...(lookup === undefined ? {} : { lookup }),
            ...(tls === undefined ? {} : connectOptions(tls)),
          },
        }),
  };
  const openPool = (connections: number, silenceMs: number) =>
    // A session that is taken up again would be trusted beyond the time of its certificate.
    new Pool(target.origin, {
      maxCachedSessions: 0,
      connections,
      headersTimeout: silenceMs,
      bodyTimeout: silenceMs,
      ...connecting,
    });
  const pool = openPool(maxConnections, timeoutMs);
  let lasting: Pool | undefined;
  return {
    target,
    lookup,
    tls,
    send(request, headers, call) {
      const path = target.pathPrefix + request.path;
      let sockets = pool;
      if (request.lasts === true) {
        // 0 switches the limits off.
        lasting ??= openPool(MAX_LASTING, 0);
        sockets = lasting;
      }
      sockets.dispatch({ method: request.method, path, headers, body: request.body ?? null }, call);
    },
    async ask(path, signal) {
      // Not behind the calls, which may have taken all sockets; and undici lets go of what waits for one by this alone.
      const own = openPool(1, timeoutMs);
      const end = () => void own.destroy();
      signal.addEventListener('abort', end);
      try {
        const { statusCode, body } = await own.request({ method: 'GET', path, headers: target.headers.flat });
        body.on('error', () => {}).destroy();
        return statusCode;
      } finally {
        signal.removeEventListener('abort', end);
        await own.destroy();
      }
    },
    async close() {
      await Promise.all([pool.destroy(), lasting?.destroy()]);
    },
  };
}
