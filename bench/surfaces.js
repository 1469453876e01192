// Streams through /v1 beside a plain pipe and Portkey's gateway: CPU by stream. What the first token waits is in first-token.js.
// See docs/benchmarks.md.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { TOKENS_PER_STREAM } from './data.js';
import { measure, summarize } from './lib/measure.js';
import { pinLoad, start } from './lib/processes.js';
import { printTable } from './lib/table.js';
import { freePort } from './lib/targets.js';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
  },
});
const seconds = options.quick ? 1 : 2;
const rounds = Number(options.rounds ?? (options.quick ? 3 : 7));
const CONNECTIONS = 8;
const PIPE = 'bytes piped';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const say = (text) => process.stderr.write(`${text}\n`);
const question = { model: 'fast', stream: true, messages: [{ role: 'user', content: 'Count to two hundred.' }] };
const json = { 'content-type': 'application/json' };
const chat = { path: '/v1/chat/completions', body: question, end: 'data: [DONE]' };

pinLoad();
const upstream = await start({ name: 'upstream', script: here('upstream.js'), env: { PORT: '0' }, core: 'load' });
const env = { UPSTREAM_URL: upstream.url, PORT: '0' };
const processes = [];
const run = async (name, given) => {
  const started = await start({ name, core: 'gateway', ...given });
  processes.push(started);
  return started;
};

try {
  const pipe = await run(PIPE, { script: here('targets/proxy.js'), env });
  const skein = await run('Skein', {
    script: here('../dist/src/cli/main.js'),
    args: ['start'],
    env: { ...env, SKEIN_CONFIG: here('skein.yaml'), SKEIN_API_KEY: 'bench-key', SKEIN_DATA: ':memory:' },
  });
  const port = await freePort();
  const portkey = await run('Portkey', {
    script: here('targets/portkey.js'),
    env: { PORT: String(port) },
    url: `http://127.0.0.1:${port}`,
  });
  const own = { ...json, authorization: 'Bearer bench-key' };
  const targets = [
    target(PIPE, pipe, json, chat),
    target('**Skein, OpenAI to OpenAI**', skein, own, chat),
    target('Skein, OpenAI to OpenAI, usage asked for', skein, own, {
      ...chat,
      body: { ...question, stream_options: { include_usage: true } },
    }),
    target('**Skein, Anthropic to OpenAI**', skein, own, {
      path: '/v1/messages',
      body: { ...question, max_tokens: 500 },
      end: 'message_stop',
    }),
    target('Skein, OpenAI Responses to OpenAI', skein, own, {
      path: '/v1/responses',
      body: { model: 'fast', stream: true, input: 'Count to two hundred.' },
      end: 'response.completed',
    }),
    target(
      'Portkey 1.15.2, OpenAI to OpenAI',
      portkey,
      {
        ...json,
        authorization: 'Bearer bench-key',
        'x-portkey-provider': 'openai',
        'x-portkey-custom-host': `${upstream.url}/v1`,
      },
      chat,
    ),
  ];
  for (const each of targets) await check(each);
  printTable({ id: 'stream', title: 'Stream', unit: 'stream' }, await measureCpu(targets));
  say(`Node ${process.versions.node}; ${rounds} rounds of ${seconds} s.`);
} finally {
  await Promise.all([...processes.map((each) => each.stop()), upstream.stop()]);
}

function target(name, started, headers, { path, body, end }) {
  const sent = { url: started.url + path, method: 'POST', headers, body: JSON.stringify(body) };
  return { name, process: started, end, request: sent, samples: [] };
}

/** A stream that is not whole is not worth measuring. */
async function check({ name, end, request: { url, ...init } }) {
  const text = await (await fetch(url, init)).text();
  const tokens = new Set(text.match(/token\d+/g)).size;
  if (tokens !== TOKENS_PER_STREAM || !text.includes(end)) throw new Error(`${name}: ${text.slice(0, 500)}`);
}

async function measureCpu(targets) {
  for (const each of targets) await measure(each, { connections: CONNECTIONS, seconds: seconds * 2 });
  for (let round = 1; round <= rounds; round += 1) {
    say(`Streams: round ${round} of ${rounds}`);
    const order = round % 2 === 1 ? targets : [...targets].reverse();
    for (const each of order) each.samples.push(await measure(each, { connections: CONNECTIONS, seconds }));
  }
  const [floor] = targets;
  return targets.map(({ name, samples: own }) => ({
    name,
    perSecond: summarize(own.map((one) => one.perSecond)),
    cpuUs: summarize(own.map((one) => one.cpuUs)),
    // How many times the CPU of the pipe: here more is worse.
    cpuRatio: summarize(own.map((one, index) => one.cpuUs / floor.samples[index].cpuUs)),
    throughputRatio: summarize(own.map((one, index) => one.perSecond / floor.samples[index].perSecond)),
    busy: summarize(own.map((one) => one.busy)),
  }));
}
