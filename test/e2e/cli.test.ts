import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createSchema, createYoga } from 'graphql-yoga';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deferred } from '../utils/deferred.ts';

const run = promisify(execFile);
const CLI = 'dist/src/cli/main.js';

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built CLI to its end. */
async function skein(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  try {
    const { stdout, stderr } = await run(process.execPath, [CLI, ...args], {
      env: { PATH: process.env.PATH ?? '', SKEIN_DATA: ':memory:', ...env },
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

/** Starts the built CLI and waits until it says that it is ready. */
async function startSkein(
  env: Readonly<Record<string, string>>,
): Promise<{ child: ChildProcess; url: string; ended: Promise<Ended> }> {
  const child = spawn(process.execPath, [CLI, 'start'], {
    env: { PATH: process.env.PATH ?? '', PORT: '0', SKEIN_DATA: ':memory:', ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = once(child, 'exit').then(([code]) => ({ code: code as number, stdout, stderr }));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      const match = /GraphQL +(\S+)/.exec(stdout);
      if (match !== null) resolve(match[1] as string);
    });
    ended.then(() => reject(new Error(stderr)));
  });
  return { child, url, ended };
}

const SDL = 'type Query { hello(name: String!): String slow: String }';

describe('the skein command', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skein-cli-'));
    await writeFile(join(folder, 'service.graphql'), SDL);
  });
  afterAll(() => rm(folder, { recursive: true }));

  const config = async (name: string, text: string) => {
    const file = join(folder, name);
    await writeFile(file, text);
    return file;
  };

  it('prints help worth reading, a version, and a way out of a mistyped command', async () => {
    expect((await skein(['--help'])).stdout).toContain('SKEIN_API_KEY');
    expect((await skein(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await skein(['print', '--help'])).stdout).toContain('Exit codes');
    expect(await skein(['strat'])).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean "start"?') });
    expect(await skein(['--prot', '1'])).toMatchObject({ code: 2, stderr: expect.stringContaining("'--prot'") });
  });

  it('tells every mistake of every sort at once, with file and line, and exits with 1', async () => {
    const file = await config(
      'mistakes.yaml',
      `sources:
  one:
    kind: graphql
    endpoint: http://127.0.0.1:1/graphql
    document: service.graphql
    timeout: 5
  two:
    kind: graphql
    endpoint: http://127.0.0.1:1/graphql
    document: service.graphql
  three:
    kind: openapi
    endpoint: http://127.0.0.1:1
    document: missing.yaml
  four:
    kind: grpc
    endpoint: 5
    document: service.graphql
links:
  Query.x: { call: one.nothing }
  Nobody.y: { call: one.hello, args: { name: $parent.name } }
prompts:
  broken: { input: { text: Strin! }, template: "{{ texd }} {{" }
keys:
  - { name: a, key: "\${SKEIN_MISSING}" }
`,
    );
    const expected = [
      /mistakes\.yaml:6:\d+ .*"timeout".*Did you mean "timeoutMs"/,
      /mistakes\.yaml:7:\d+ .*"Query\.hello" is defined by source "one" and by source "two"/,
      /mistakes\.yaml:14:\d+ .*missing\.yaml/,
      /mistakes\.yaml:17:\d+ /,
      /mistakes\.yaml:20:\d+ .*"nothing".*/,
      /mistakes\.yaml:2[34]:\d+ .*/,
      /mistakes\.yaml:25:\d+ .*SKEIN_MISSING/,
    ];
    for (const command of ['start', 'validate']) {
      const { code, stdout, stderr } = await skein([command, '--config', file], { PORT: '0' });
      expect(code).toBe(1);
      expect(stdout).toBe('');
      for (const pattern of expected) expect(stderr).toMatch(pattern);
      expect(stderr).toMatch(/\d+ mistakes\.\n$/);
    }
  });

  it('prints and compares the graph without listening, into a pipe that is closed early too', async () => {
    const file = await config('pipe.yaml', good('http://127.0.0.1:1/graphql'));
    const printed = await skein(['print', '--config', file]);
    expect(printed).toEqual({
      code: 0,
      stdout: 'type Query {\n  hello(name: String!): String\n  slow: String\n}\n',
      stderr: '',
    });
    const from = await config('printed.graphql', printed.stdout);
    expect(await skein(['diff', '--from', from, '--config', file])).toEqual({
      code: 0,
      stdout: 'No changes.\n',
      stderr: '',
    });
    const piped = await run('bash', [
      '-c',
      `"$0" ${CLI} print --config "$1" | true; echo "\${PIPESTATUS[0]}"`,
      process.execPath,
      file,
    ]);
    expect(piped).toMatchObject({ stdout: '0\n', stderr: '' });
  });

  it('names a configuration that is not there', async () => {
    const { code, stderr } = await skein(['start', '--config', join(folder, 'none.yaml')]);
    expect(code).toBe(1);
    expect(stderr).toContain('none.yaml');
    expect(stderr).toContain('SKEIN_CONFIG');
  });

  it('says in one line that the port is taken, and exits with 1', async () => {
    const file = await config('good.yaml', good('http://127.0.0.1:1/graphql'));
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as { port: number };
    const { code, stdout, stderr } = await skein(['start', '--config', file, '--port', String(port)]);
    expect({ code, stdout, lines: stderr.trimEnd().split('\n') }).toEqual({
      code: 1,
      stdout: '',
      lines: [`Port ${port} on 127.0.0.1 is taken. Stop what uses it, or set PORT to another one.`],
    });
    holder.close();
  });

  it('serves although a source cannot be reached, names it, and takes it in when it comes', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as { port: number };
    holder.close();
    await once(holder, 'close');
    const late = `http://127.0.0.1:${port}/graphql`;
    const file = await config(
      'late.yaml',
      `${good('http://127.0.0.1:1/graphql')}  late: { kind: graphql, endpoint: "${late}" }\n`,
    );
    const { child, url, ended } = await startSkein({ SKEIN_CONFIG: file, SKEIN_API_KEY: 'k' });
    const ask = async (query: string) => {
      const headers = { 'content-type': 'application/json', authorization: 'Bearer k' };
      return (await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) })).json();
    };
    expect(await ask('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
    expect(await ask('{ greeting }')).toMatchObject({
      errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }],
    });

    const schema = createSchema({
      typeDefs: 'type Query { greeting: String }',
      resolvers: { Query: { greeting: () => 'hi' } },
    });
    const service = createHttpServer(createYoga({ schema, logging: false })).listen(port, '127.0.0.1');
    await expect
      .poll(() => ask('{ greeting }'), { timeout: 15_000, interval: 200 })
      .toEqual({ data: { greeting: 'hi' } });
    child.kill('SIGTERM');
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/late +graphql +cannot be reached: .*join the graph/);
    service.closeAllConnections();
    service.close();
  });

  it('drains on SIGTERM: what is under way is answered, then the process ends with 0', async () => {
    let release: (() => void) | undefined;
    const arrived = deferred<void>();
    const service = createHttpServer((_request, response) => {
      release = () => response.setHeader('content-type', 'application/json').end('{"data":{"slow":"done"}}');
      arrived.resolve();
    }).listen(0, '127.0.0.1');
    await once(service, 'listening');
    const { port } = service.address() as { port: number };
    const file = await config('drain.yaml', good(`http://127.0.0.1:${port}/graphql`));
    const { child, url, ended } = await startSkein({ SKEIN_CONFIG: file, SKEIN_API_KEY: 'k' });
    const headers = { 'content-type': 'application/json', authorization: 'Bearer k' };
    const answer = fetch(url, { method: 'POST', headers, body: '{"query":"{ slow }"}' }).then((response) =>
      response.json(),
    );
    await arrived.promise;
    child.kill('SIGTERM');
    await expect
      .poll(() =>
        fetch(url.replace('/graphql', '/readyz')).then(
          ({ status }) => status,
          () => 'refused',
        ),
      )
      .not.toBe(200);
    release?.();
    expect(await answer).toEqual({ data: { slow: 'done' } });
    expect((await ended).code).toBe(0);
    service.close();
  });
});

function good(endpoint: string): string {
  return `sources:\n  one: { kind: graphql, endpoint: "${endpoint}", document: service.graphql }\n`;
}
