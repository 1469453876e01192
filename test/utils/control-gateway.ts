import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { deferred } from './deferred.ts';

export const ADMIN_TOKEN = 'skein_admin_0123456789abcdefghijkl';

export interface ControlGatewayOptions {
  /** Where it runs, and keeps its data unless `env` says otherwise. */
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface GraphqlAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly data?: never;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    readonly extensions: Readonly<Record<string, unknown>>;
  }[];
  /** The whole answer as it came. */
  readonly text: string;
}

/** A gateway in a process of its own, with a control plane. */
export interface ControlGateway {
  /** `http://127.0.0.1:…` */
  readonly url: string;
  readonly process: ChildProcess;
  /** All it has written until now. */
  stdout(): string;
  stderr(): string;
  /** Calls the graph. */
  ask(key: string, query: string, variables?: object): Promise<GraphqlAnswer>;
  /** Calls the graph for an event stream. */
  open(key: string, query: string): Promise<Response>;
  /** Calls the admin schema. */
  admin(query: string, variables?: object, token?: string): Promise<GraphqlAnswer>;
  ready(): Promise<{
    readonly ready: boolean;
    readonly store: { readonly reachable: boolean; readonly silentMs: number };
  }>;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts what is built: `npm test` builds first. Rejects with all it wrote when it ends instead of listening. */
export async function startControlGateway({ folder, env = {} }: ControlGatewayOptions): Promise<ControlGateway> {
  const child = spawnGateway({ folder, env });
  let out = '';
  let err = '';
  const listening = deferred<string>();
  child.stdout?.on('data', (chunk: Buffer) => {
    out += String(chunk);
    const match = /GraphQL +(http\S+)\/graphql/.exec(out);
    if (match !== null) listening.resolve(match[1] as string);
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    err += String(chunk);
  });
  child.once('exit', () => listening.reject(new Error(`The gateway did not start: ${out}${err}`)));
  const url = await listening.promise;
  const post = async (path: string, token: string, body: object): Promise<GraphqlAnswer> => {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    return { ...(JSON.parse(text) as object), status: response.status, headers: response.headers, text };
  };
  return {
    url,
    process: child,
    stdout: () => out,
    stderr: () => err,
    ask: (key, query, variables) => post('/graphql', key, { query, variables }),
    open: (key, query) =>
      fetch(`${url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'text/event-stream',
          authorization: `Bearer ${key}`,
        },
        body: JSON.stringify({ query }),
      }),
    admin: (query, variables, token = ADMIN_TOKEN) => post('/admin/graphql', token, { query, variables }),
    ready: async () => (await (await fetch(`${url}/readyz`)).json()) as never,
    async stop(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
      return child.exitCode;
    },
  };
}

export function spawnGateway({ folder, env = {} }: ControlGatewayOptions): ChildProcess {
  return spawn(process.execPath, [new URL('../../dist/src/cli/main.js', import.meta.url).pathname, 'start'], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', PORT: '0', SKEIN_ADMIN_TOKEN: ADMIN_TOKEN, ...env },
  });
}
