import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageVersion, start } from './processes.js';

const here = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const KEY = 'bench-key';

/** Starts everything that is measured. Each has a `door`: where an operation goes, and with which headers. */
export async function startTargets(upstream) {
  if (!existsSync(here('../dist/src/cli/main.js'))) throw new Error('Run "npm run build" in the folder above first.');
  const env = { UPSTREAM_URL: upstream.url, PORT: '0' };
  const skein = { ...env, SKEIN_CONFIG: here('skein.yaml'), SKEIN_API_KEY: KEY };
  const authorization = `Bearer ${KEY}`;
  const started = [];
  const add = async (name, options, door) => {
    const process = await start({ name, core: 'gateway', ...options });
    started.push({ name, process, ...door });
  };
  try {
    await add('floor', { script: here('targets/floor.js'), env }, { path: (workload) => `/${workload.id}` });
    await add('proxy', { script: here('targets/proxy.js'), env }, { isProxy: true });
    await add(
      'Skein, direct',
      { script: here('../dist/src/cli/main.js'), args: ['start'], env: skein },
      { authorization },
    );
    await add('Skein, stitched', { script: here('targets/skein-stitched.js'), env: skein }, { authorization });
    const supergraph = composeSupergraph(upstream.url);
    for (const flags of [[], ['--jit']]) {
      const name = ['Hive Gateway', ...flags].join(' ');
      await add(name, await hiveOptions(supergraph, flags), { idType: 'String' });
    }
    return started;
  } catch (error) {
    await Promise.all(started.map(({ process }) => process.stop()));
    throw error;
  }
}

/** Name and version of what is compared with. */
export const versions = () => ({ 'Hive Gateway': packageVersion('@graphql-hive/gateway') });

function composeSupergraph(upstreamUrl) {
  const folder = mkdtempSync(join(tmpdir(), 'skein-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'supergraph.graphql');
  const env = { ...process.env, UPSTREAM_URL: upstreamUrl };
  const { status, stderr } = spawnSync(process.execPath, [here('targets/hive-compose.js'), file], {
    env,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The supergraph for Hive Gateway could not be composed:\n${stderr}`);
  return { folder, file };
}

async function hiveOptions({ folder, file }, flags) {
  const port = await freePort();
  return {
    script: here('node_modules/@graphql-hive/gateway/dist/bin.js'),
    args: ['supergraph', file, '--host', '127.0.0.1', '--port', String(port), '--polling', '1h', ...flags],
    env: {},
    url: `http://127.0.0.1:${port}`,
    cwd: folder,
  };
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** What is sent to a target for a workload; undefined where it has no such thing. */
export function requestFor(target, workload) {
  const base = target.process.url;
  if (target.isProxy) {
    const { proxied } = workload;
    return (
      proxied && {
        url: base + proxied.path,
        method: proxied.method,
        headers: { 'content-type': 'application/json' },
        body: proxied.body,
      }
    );
  }
  if (target.idType !== undefined && workload.needsModel) return undefined;
  const { query, variables } = workload.operation;
  const text = target.idType === undefined ? query : query.replace('ID!', `${target.idType}!`);
  return {
    url: base + (target.path?.(workload) ?? '/graphql'),
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: workload.accept,
      ...(target.authorization && { authorization: target.authorization }),
    },
    body: JSON.stringify({ query: text, variables }),
  };
}
