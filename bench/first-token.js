// What the first token of a stream waits for the gateway, beside a direct call and a plain pipe. All of it is one process,
// so that nobody waits for the scheduler of a busy machine. See docs/benchmarks.md.
import { randomUUID } from 'node:crypto';
import { Agent, createServer, request } from 'node:http';
import { Pool } from 'undici';
import { silentLog, systemClock } from '../dist/kernel/ports.js';
import { createModels } from '../dist/sources/ai/model-client.js';
import { modelOptions, providerOptions } from '../dist/sources/ai/options.js';
import { createKeyring } from '../dist/src/identity/keyring.js';
import { createLifetimes } from '../dist/src/lifetimes.js';
import { OWN_GRAPH } from '../dist/src/policy/graph-access.js';
import { createSurfacesDoor } from '../dist/src/surfaces/door.js';

const BLOCKS = 40;
const PER_BLOCK = 50;
const WARM_UP = 10;
const TOKENS = 20;
const KEY = 'bench-key';

const chunk = (delta, finish_reason = null) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'fast', choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
const tokens = Array.from({ length: TOKENS }, (_, index) => chunk({ content: ` token${index}` }));
const ending = `${chunk({}, 'stop')}data: [DONE]\n\n`;

const upstream = await listen((incoming, response) => {
  incoming.resume();
  incoming.once('end', () => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    let index = 0;
    const next = () => {
      if (index === TOKENS) return response.end(ending);
      response.write(tokens[index]);
      index += 1;
      setImmediate(next);
    };
    next();
  });
});

const pool = new Pool(upstream, { connections: 8 });
const pipe = await listen((incoming, response) => {
  const sent = { method: 'POST', path: incoming.url, headers: { 'content-type': 'application/json' }, body: incoming };
  pool
    .stream(sent, ({ statusCode, headers }) => {
      response.writeHead(statusCode, { 'content-type': headers['content-type'] });
      return response;
    })
    .catch((error) => response.destroy(error));
});

const ids = { next: randomUUID };
const models = createModels(
  {
    providers: { local: providerOptions.parse({ dialect: 'openai', endpoint: `${upstream}/v1`, apiKey: KEY }) },
    models: { fast: modelOptions.parse({ provider: 'local', model: 'fast' }) },
    routes: {},
  },
  {
    log: silentLog,
    report(problem) {
      throw new Error(JSON.stringify(problem));
    },
  },
);
const door = createSurfacesDoor({
  modelsOf: () => ({ models, access: OWN_GRAPH, hold: () => () => {} }),
  keyring: createKeyring({ configured: [{ name: 'bench', key: KEY, rates: [] }] }),
  lifetimes: createLifetimes({ clock: systemClock, ids, log: silentLog }),
  limits: { modelBodyBytes: 1_000_000, requestTimeoutMs: 60_000, streamTimeoutMs: 60_000 },
  isDraining: () => false,
  clock: systemClock,
  ids,
  log: silentLog,
});
const gateway = await listen((incoming, response) => void door(incoming, response, incoming.url));

const targets = {
  'no gateway': `${upstream}/v1/chat/completions`,
  'bytes piped': `${pipe}/v1/chat/completions`,
  '**Skein, OpenAI to OpenAI**': `${gateway}/v1/chat/completions`,
  '**Skein, Anthropic to OpenAI**': `${gateway}/v1/messages`,
};
const times = Object.fromEntries(Object.keys(targets).map((name) => [name, []]));
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
// The first blocks are for the compiler.
for (let block = -3; block < BLOCKS; block += 1)
  for (const [name, url] of Object.entries(targets))
    for (let sample = -WARM_UP; sample < PER_BLOCK; sample += 1) {
      const ms = await firstToken(url);
      if (sample >= 0 && block >= 0) times[name].push(ms);
    }

const at = (name, share) => times[name].sort((one, other) => one - other)[Math.floor(times[name].length * share)];
process.stdout.write(
  '| First token | p10 ms | p50 ms | later than without a gateway, p50 ms |\n| --- | ---: | ---: | ---: |\n',
);
for (const name of Object.keys(targets)) {
  const cells = [at(name, 0.1), at(name, 0.5), at(name, 0.5) - at('no gateway', 0.5)].map((ms) => ms.toFixed(2));
  process.stdout.write(`| ${name} | ${cells.join(' | ')} |\n`);
}
process.exit(0);

function listen(handler) {
  const server = createServer(handler);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`));
  });
}

function firstToken(url) {
  const question = { model: 'fast', stream: true, max_tokens: 50, messages: [{ role: 'user', content: 'Hello' }] };
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${KEY}` };
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    let first;
    const sent = request(url, { method: 'POST', headers, agent }, (response) => {
      response.on('data', (bytes) => {
        if (first === undefined && bytes.includes('token0')) first = performance.now() - startedAt;
      });
      response.on('end', () =>
        first === undefined ? reject(new Error(`No token came from ${url}.`)) : resolve(first),
      );
    });
    sent.on('error', reject);
    sent.end(JSON.stringify(question));
  });
}
