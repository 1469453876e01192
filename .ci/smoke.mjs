// The quickstart as a newcomer meets it: `npm start`, the README's requests with curl, SIGTERM, and nothing left behind.
// It reads /proc to see what is left behind, so it runs on Linux.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const START_MS = 120_000;
const STOP_MS = 20_000;
const KEY = 'skein_smoke_0123456789abcdef';

const run = promisify(execFile);
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
let passed = 0;

async function check(promise, body) {
  const startedAt = performance.now();
  await body();
  passed += 1;
  console.log(`ok    ${promise} (${Math.round(performance.now() - startedAt)} ms)`);
}

// A key of a real model would send the requests there, addresses set here would reach other backends.
const env = { ...process.env, PORT: String(port), HOST: '127.0.0.1', SKEIN_API_KEY: KEY };
for (const name of ['OPENAI_API_KEY', 'ANTHROPIC_API_KEY', 'SKEIN_CONFIG']) delete env[name];
for (const name of ['CATALOG_URL', 'INVENTORY_ADDRESS', 'REVIEWS_URL', 'STAND_IN_URL']) delete env[name];

const root = resolve(import.meta.dirname, '..');
const running = [];

function start(command, args) {
  // Its own process group, so that a failure leaves nothing behind either.
  const child = spawn(command, args, { cwd: root, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const one = { child, terminal: '', exited: once(child, 'exit') };
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding('utf8').on('data', (text) => {
      one.terminal += text;
    });
  }
  running.push(one);
  return one;
}

try {
  await smoke();
  console.log(`smoke: ${passed} passed, 0 failed`);
} catch (error) {
  const said = running.map(({ child, terminal }) => `${child.spawnargs.join(' ')} said:\n${terminal}`).join('\n');
  console.log(`FAIL  ${error.stack}\n\n${said}\nsmoke: ${passed} passed, 1 failed`);
  process.exitCode = 1;
} finally {
  for (const { child } of running) {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // Nothing was left.
    }
  }
}

async function smoke() {
  const npm = start('npm', ['start']);
  await check('npm start serves: /readyz turns 200', () => untilReady(npm));

  await check('a query joins REST, gRPC and GraphQL', async () => {
    const { data, errors } = await query(
      '{ products(pageSize: 3) { sku name stock { quantity } reviews { rating text } } }',
    );
    assert.equal(errors, undefined);
    assert.equal(data.products.length, 3);
    for (const { sku, name, stock, reviews } of data.products) {
      assert.ok(sku.length > 0 && name.length > 0);
      assert.ok(stock === null || Number.isInteger(stock.quantity), `the stock of ${sku}`);
      for (const { rating, text } of reviews) assert.ok(rating >= 1 && rating <= 5 && text.length > 0);
    }
    assert.ok(data.products.some(({ stock }) => stock !== null) && data.products.some(({ reviews }) => reviews.length));
  });

  await check('a prompt answers with its type', async () => {
    const { data, errors } = await query('mutation { classifySentiment(text: "I love it") { label score } }');
    assert.equal(errors, undefined);
    assert.equal(data.classifySentiment.label, 'POSITIVE');
    assert.ok(data.classifySentiment.score >= 0 && data.classifySentiment.score <= 1);
  });

  await check('a chat arrives token by token', async () => {
    const text =
      'subscription { chatStream(input: { messages: [{ role: USER, content: "Hello" }] }) { text finishReason } }';
    const { output, arrivals } = await stream(text);
    const events = [...output.matchAll(/^event: next\ndata: (.*)$/gm)].map(([, json]) => JSON.parse(json));
    for (const event of events) assert.equal(event.errors, undefined);
    const parts = events.map(({ data }) => data.chatStream);
    assert.ok(parts.map(({ text }) => text).join('').length > 0);
    assert.equal(parts.at(-1).finishReason, 'STOP');
    assert.match(output, /^event: complete$/m);
    assert.ok(arrivals.length >= 3, `it came in ${arrivals.length} pieces at different times`);
  });

  await check('without a key, or with a wrong one, the answer is 401', async () => {
    for (const headers of [[], ['-H', 'authorization: Bearer wrong']]) {
      const { status, body } = await post('{ __typename }', headers);
      assert.equal(status, 401);
      assert.equal(JSON.parse(body).errors[0].extensions.code, 'UNAUTHENTICATED');
    }
  });

  const processes = await descendants(npm.child.pid);
  const ports = await listeningPorts(processes);
  await check('five processes serve on five ports', async () => {
    assert.equal(ports.length, 5, `listening: ${ports.join(', ')}`);
    assert.ok(processes.length >= 5, `processes: ${processes.map(({ pid }) => pid).join(', ')}`);
    for (const one of ports) assert.equal(await isOpen(one), true);
  });

  await check('SIGTERM to npm ends it, and leaves no process and no port', async () => {
    npm.child.kill('SIGTERM');
    // The shell between npm and the gateway may pass the signal on (0), or die of it (SIGTERM).
    const [code, signal] = await within(STOP_MS, npm.exited);
    assert.ok(code === 0 || signal === 'SIGTERM', `exit code ${code}, signal ${signal}`);
    await untilGone(processes, ports);
  });

  const gateway = start('node', ['dist/examples/quickstart/start.js']);
  await untilReady(gateway);
  const itsProcesses = await descendants(gateway.child.pid);
  const itsPorts = await listeningPorts(itsProcesses);
  await check('SIGTERM to the gateway itself ends it with exit code 0, and all that it started', async () => {
    assert.equal(itsPorts.length, 4);
    gateway.child.kill('SIGTERM');
    assert.deepEqual(await within(STOP_MS, gateway.exited), [0, null], 'exit code and signal');
    await untilGone(itsProcesses, [...itsPorts, port]);
  });
}

async function untilReady({ child }) {
  for (const deadline = Date.now() + START_MS; ; await delay(100)) {
    assert.equal(child.exitCode, null, 'it has ended');
    if ((await statusOf(`${url}/readyz`)) === 200) return;
    assert.ok(Date.now() < deadline, `not ready after ${START_MS} ms`);
  }
}

async function untilGone(processes, ports) {
  for (const deadline = Date.now() + STOP_MS; ; await delay(100)) {
    const left = [];
    for (const one of processes) if (await isAlive(one)) left.push(`process ${one.pid}`);
    for (const one of ports) if (await isOpen(one)) left.push(`port ${one}`);
    if (left.length === 0) return;
    assert.ok(Date.now() < deadline, `left after ${STOP_MS} ms: ${left.join(', ')}`);
  }
}

async function within(timeoutMs, promise) {
  const outcome = await Promise.race([promise, delay(timeoutMs, undefined, { ref: false })]);
  assert.ok(outcome !== undefined, `it still ran after ${timeoutMs} ms`);
  return outcome;
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port: free } = probe.address();
  probe.close();
  await once(probe, 'close');
  return free;
}

async function statusOf(address) {
  const { stdout } = await run('curl', ['-s', '-m', '5', '-o', '/dev/null', '-w', '%{http_code}', address]).catch(
    // Not listening yet.
    () => ({ stdout: '0' }),
  );
  return Number(stdout);
}

async function post(text, headers) {
  const { stdout } = await run('curl', [
    ...['-sS', '-m', '30', '-w', '\n%{http_code}', `${url}/graphql`],
    ...['-H', 'content-type: application/json', ...headers, '-d', JSON.stringify({ query: text })],
  ]);
  const end = stdout.lastIndexOf('\n');
  return { body: stdout.slice(0, end), status: Number(stdout.slice(end + 1)) };
}

async function query(text) {
  const { status, body } = await post(text, ['-H', `authorization: Bearer ${KEY}`]);
  assert.equal(status, 200, body);
  return JSON.parse(body);
}

/** What the stream said, and the different milliseconds in which it said something. */
async function stream(text) {
  const curl = spawn('curl', [
    ...['-sSN', '-m', '30', `${url}/graphql`, '-H', 'content-type: application/json'],
    ...['-H', 'accept: text/event-stream', '-H', `authorization: Bearer ${KEY}`, '-d', JSON.stringify({ query: text })],
  ]);
  const times = new Set();
  let output = '';
  curl.stdout.setEncoding('utf8').on('data', (piece) => {
    output += piece;
    if (piece.includes('data: ')) times.add(Math.round(performance.now()));
  });
  const [code] = await once(curl, 'close');
  assert.equal(code, 0, 'exit code of curl');
  return { output, arrivals: [...times] };
}

/** The processes below one, each with the time it was started, since numbers are used again. */
async function descendants(root) {
  const all = (await Promise.all((await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(statOf))).filter(
    (one) => one !== undefined,
  );
  const found = [];
  for (let parents = new Set([root]); parents.size > 0; ) {
    const children = all.filter(({ parent }) => parents.has(parent));
    found.push(...children);
    parents = new Set(children.map(({ pid }) => pid));
  }
  return found;
}

/** See proc_pid_stat(5): the fields after the name, which may hold anything but ends with the last parenthesis. */
async function statOf(pid) {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { pid: Number(pid), state: fields[0], parent: Number(fields[1]), startedAt: fields[19] };
}

/** A zombie has ended, and waits for whoever inherited it to take note. */
async function isAlive({ pid, startedAt }) {
  const now = await statOf(pid);
  return now !== undefined && now.startedAt === startedAt && now.state !== 'Z' && now.state !== 'X';
}

async function listeningPorts(processes) {
  const sockets = new Set();
  for (const { pid } of processes) {
    for (const descriptor of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode !== undefined) sockets.add(inode);
    }
  }
  const ports = new Set();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of (await readFile(table, 'utf8').catch(() => '')).split('\n').slice(1)) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state === '0A' && sockets.has(inode)) ports.add(Number.parseInt(local.split(':').at(-1), 16));
    }
  }
  return [...ports];
}

function isOpen(one) {
  return new Promise((settle) => {
    const socket = connect(one, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      settle(true);
    });
    socket.once('error', () => settle(false));
  });
}
