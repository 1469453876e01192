import type { ServerResponse } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { administrator, createTenant } from '../utils/control-admin.ts';
import type { ControlGateway } from '../utils/control-gateway.ts';
import { describeControlStores } from '../utils/control-stores.ts';
import { createProviderServer, type ProviderServer, sendJson } from '../utils/provider-server.ts';

const CALLS = 200;
const AT_ONCE = 8;
/** Nano-dollars for a token. */
const PRICE = { input: 1_000n, output: 3_000n };

type Version = 'plain' | 'brief';

/** What is counted of a version, here and there. */
interface Counts {
  finished: number;
  failed: number;
  schemaFailed: number;
  cached: number;
  inputTokens: number;
  outputTokens: number;
  costNanoUsd: bigint;
  savedNanoUsd: bigint;
  scores: Map<string, number>;
}

const TABLE = `query($prompt: String!, $groupBy: [PromptVersionDimension!]) {
  promptVersionMetrics(prompt: $prompt, groupBy: $groupBy) { versions {
    version model calls share finished failed schemaFailed aborted cached inputTokens outputTokens
    costNanoUsd costUsd costNanoUsdPerCall unpricedCalls savedNanoUsd
    failureRate { count mean low high } schemaFailureRate { count mean }
    latency { count meanMs p50Ms p95Ms } firstToken { count } score { count mean low high }
  } }
}`;

interface Row {
  readonly version: Version;
  readonly share: number;
  readonly calls: number;
  readonly failureRate: { readonly count: number };
  readonly latency: { readonly count: number; readonly p50Ms: number; readonly p95Ms: number };
  readonly score: { readonly count: number; readonly mean: number; readonly low: number; readonly high: number };
}

let provider: ProviderServer | undefined;
afterEach(() => provider?.close());

const nothing = (): Counts => ({
  ...{ finished: 0, failed: 0, schemaFailed: 0, cached: 0, inputTokens: 0, outputTokens: 0 },
  ...{ costNanoUsd: 0n, savedNanoUsd: 0n, scores: new Map() },
});

/** A model that answers as its question says, and counts what it has done by version. */
async function createStand(counts: Record<Version, Counts>) {
  return createProviderServer(({ body }, response: ServerResponse) => {
    const [message] = body.messages as { content: string }[];
    const [, words = '', number = '0'] = /^(In short: |Rate: )\w+ (\d+)/.exec(message?.content ?? '') ?? [];
    const of = counts[words === 'Rate: ' ? 'plain' : 'brief'];
    const text = message?.content.slice(words.length) ?? '';
    if (text.startsWith('down')) {
      of.failed += 1;
      return sendJson(response, { error: { message: 'no' } }, 400);
    }
    const [inputTokens, outputTokens] = tokensOf(number, words);
    const isFit = !text.startsWith('odd');
    of[isFit ? 'finished' : 'schemaFailed'] += 1;
    of.inputTokens += inputTokens;
    of.outputTokens += outputTokens;
    of.costNanoUsd += costOf(number, words);
    return sendJson(response, {
      id: 'c1',
      choices: [
        { index: 0, message: { role: 'assistant', content: isFit ? '{"good":true}' : '{}' }, finish_reason: 'stop' },
      ],
      usage: {
        prompt_tokens: inputTokens,
        completion_tokens: outputTokens,
        total_tokens: inputTokens + outputTokens,
      },
    });
  });
}

function tokensOf(number: string, words: string): readonly [number, number] {
  return [10 + Number(number) + words.length, 1 + (Number(number) % 7)];
}

function costOf(number: string, words: string): bigint {
  const [inputTokens, outputTokens] = tokensOf(number, words);
  return BigInt(inputTokens) * PRICE.input + BigInt(outputTokens) * PRICE.output;
}

/** Every tenth fails, every tenth does not fit, and every fifth asks what the one before it has asked. */
function textOf(number: number): string {
  if (number % 10 === 3) return `down ${number}`;
  if (number % 10 === 7) return `odd ${number}`;
  return `rate ${number % 5 === 0 ? number + 1 : number}`;
}

async function furnish(gateway: ControlGateway, endpoint: string) {
  const acme = await createTenant(gateway, 'acme');
  const price = { input: 1, output: 3 };
  const entries = {
    Provider: { stand: { dialect: 'openai', endpoint, apiKey: 'k' } },
    Model: { small: { provider: 'stand', model: 'small-1', price } },
    Route: { default: ['small'] },
    Prompt: {
      rate: {
        ...{ input: { text: 'String!' }, output: 'Rating!', types: 'type Rating { good: Boolean! }' },
        versions: { plain: { template: 'Rate: {{ text }}' }, brief: { template: 'In short: {{ text }}' } },
        release: [
          { version: 'plain', weight: 90 },
          { version: 'brief', weight: 10 },
        ],
        ...{ sticky: 'request', cache: { ttlSeconds: 600 } },
      },
      say: { input: { text: 'String!' }, template: '{{ text }}' },
    },
  };
  for (const [kind, named] of Object.entries(entries))
    for (const [name, options] of Object.entries(named))
      await acme.run(
        `mutation($input: Create${kind}Input!) { create${kind}(input: $input) { errors { path message } } }`,
        { input: { name, options } },
      );
  await acme.run('mutation { publishConfiguration(message: "all") { errors { path message } } }');
  const app = await acme.createApp('web');
  const { secret } = await acme.createKey(app.id, 'web');
  await expect
    .poll(async () => (await gateway.ask(secret, '{ __type(name: "Rating") { name } }')).text, { timeout: 30_000 })
    .toContain('Rating');
  return { acme, app, secret };
}

interface Made {
  readonly version: Version;
  readonly call: string;
  readonly cached: boolean;
}

const isRest = (number: number) => number % 4 === 1;

/** Asks over one door or the other, and gives what the answer says of itself. */
async function ask(gateway: ControlGateway, key: string, number: number): Promise<Made | undefined> {
  const text = textOf(number);
  if (!isRest(number)) {
    const query = 'mutation($text: String!) { rate(text: $text) { good } }';
    const { text: whole } = await gateway.ask(key, query, { text });
    const [made] = JSON.parse(whole).extensions?.skein?.prompts ?? [];
    return made && { version: made.version, call: made.calls[0], cached: made.cached === true };
  }
  const answer = await post(gateway, key, '/rest/prompts/rate', { text });
  const { prompt, call, cached } = answer.body;
  if (prompt === undefined) return undefined;
  return { version: (prompt as Made).version, call: call as string, cached: cached as boolean };
}

async function post(gateway: ControlGateway, key: string, path: string, body: object) {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const response = await fetch(gateway.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, body: (await response.json()) as Readonly<Record<string, unknown>> };
}

const FEEDBACK = `mutation($input: PromptFeedbackInput!) {
  promptFeedback(input: $input) { call prompt version score comment }
}`;

async function judge(gateway: ControlGateway, key: string, number: number, call: string, score: number) {
  const input = { call, score, comment: `of ${number}` };
  const kept = isRest(number)
    ? (await post(gateway, key, '/rest/feedback', input)).body
    : ((await gateway.ask(key, FEEDBACK, { input })).data as unknown as { promptFeedback: object })?.promptFeedback;
  expect(kept).toMatchObject({ call, prompt: 'rate', score, comment: `of ${number}` });
}

describeControlStores('an A/B test', (store) => {
  it('ends with a table that is what was asked, answered and said, exactly', async () => {
    const counts = { plain: nothing(), brief: nothing() };
    provider = await createStand(counts);
    const gateway = await store.start();
    const { acme, secret } = await furnish(gateway, provider.endpoint);
    const numbers = Array.from({ length: CALLS }, (_, number) => number);
    const work = async () => {
      for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
        const made = await ask(gateway, secret, number);
        if (made === undefined) continue;
        const of = counts[made.version];
        if (made.cached) {
          of.cached += 1;
          const asked = /\d+/.exec(textOf(number))?.[0] ?? '';
          of.savedNanoUsd += costOf(asked, made.version === 'plain' ? 'Rate: ' : 'In short: ');
        }
        if (number % 2 === 1) continue;
        const score = (number % 8) / 8;
        // Said twice, the second counts.
        if (number % 6 === 0) await judge(gateway, secret, number, made.call, 1);
        await judge(gateway, secret, number, made.call, score);
        of.scores.set(made.call, score);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));

    const all = counts.plain.scores.size + counts.brief.scores.size;
    const table = async (groupBy: string[] = []) =>
      (await acme.query(TABLE, { prompt: 'rate', groupBy })) as unknown as {
        promptVersionMetrics: { versions: readonly Row[] };
      };
    const rows = async () => (await table()).promptVersionMetrics.versions;
    await expect
      .poll(async () => (await rows()).reduce((sum, { calls }) => sum + calls, 0), { timeout: 20_000 })
      .toBe(CALLS);
    await expect.poll(async () => (await rows()).reduce((sum, { score }) => sum + score.count, 0)).toBe(all);
    // What was said for the second time changes no count.
    const given = [...counts.plain.scores.values(), ...counts.brief.scores.values()].reduce((one, two) => one + two, 0);
    const scores = async () => (await rows()).reduce((sum, { score }) => sum + score.count * (score.mean ?? 0), 0);
    await expect.poll(scores).toBeCloseTo(given, 9);
    const versions = await rows();
    expect(versions.map(({ version }) => version)).toEqual(['brief', 'plain']);
    for (const row of versions) {
      const { scores, costNanoUsd, savedNanoUsd, ...wanted } = counts[row.version];
      const calls = wanted.finished + wanted.failed + wanted.schemaFailed + wanted.cached;
      const asked = wanted.finished + wanted.failed + wanted.schemaFailed;
      const values = [...scores.values()];
      expect(row).toMatchObject({
        ...wanted,
        ...{ model: null, calls, share: calls / CALLS, aborted: 0 },
        // Nobody knows what a refused call costs.
        unpricedCalls: wanted.failed,
        costNanoUsd: String(costNanoUsd),
        savedNanoUsd: String(savedNanoUsd),
        costNanoUsdPerCall: String(
          (2n * costNanoUsd + BigInt(calls - wanted.failed)) / (2n * BigInt(calls - wanted.failed)),
        ),
        failureRate: { count: asked, mean: wanted.failed / asked },
        schemaFailureRate: { count: asked, mean: wanted.schemaFailed / asked },
        latency: { count: wanted.finished + wanted.schemaFailed },
        firstToken: { count: 0 },
        score: { count: values.length },
      });
      expect(row.latency.p50Ms).toBeGreaterThan(0);
      expect(row.latency.p95Ms).toBeGreaterThanOrEqual(row.latency.p50Ms);
      if (values.length === 0) continue;
      const { mean, low, high } = row.score;
      expect(mean).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 12);
      expect([low < mean, mean < high]).toEqual([true, true]);
    }
    expect(counts.brief.finished).toBeLessThan(counts.plain.finished);
    expect(counts.plain.cached + counts.brief.cached).toBeGreaterThan(0);
    const byModel = (await table(['MODEL'])).promptVersionMetrics.versions;
    expect(byModel).toEqual(versions.map((row) => ({ ...row, model: 'small' })));

    const usage = `{ usage(where: { prompt: "rate" }) { totals { calls schemaFailed savedNanoUsd feedbacks averageScore } } }`;
    const { totals } = ((await acme.query(usage)) as unknown as { usage: { totals: object } }).usage;
    expect(totals).toEqual({
      ...{ calls: CALLS, schemaFailed: counts.plain.schemaFailed + counts.brief.schemaFailed },
      savedNanoUsd: String(counts.plain.savedNanoUsd + counts.brief.savedNanoUsd),
      ...{ feedbacks: all, averageScore: given / all },
    });
  }, 120_000);

  it('is not for others to judge: they are told of nothing', async () => {
    provider = await createStand({ plain: nothing(), brief: nothing() });
    const gateway = await store.start();
    const { acme, app, secret } = await furnish(gateway, provider.endpoint);
    const made = await ask(gateway, secret, 2);
    const call = made?.call ?? '';
    const other = await createTenant(gateway, 'other');
    for (const [kind, name, options] of [
      ['Provider', 'stand', { dialect: 'openai', endpoint: provider.endpoint, apiKey: 'k' }],
      ['Model', 'small', { provider: 'stand', model: 'small-1', price: { input: 1, output: 3 } }],
      ['Prompt', 'say', { template: 'x', route: 'small' }],
    ] as const)
      await other.run(
        `mutation($input: Create${kind}Input!) { create${kind}(input: $input) { errors { path message } } }`,
        { input: { name, options } },
      );
    await other.run('mutation { publishConfiguration(message: "all") { errors { path message } } }');
    const foreign = await other.createKey((await other.createApp('spy')).id, 'spy');
    await expect
      .poll(async () => (await gateway.ask(foreign.secret, '{ models { name } }')).text, { timeout: 30_000 })
      .toContain('small');

    const refusal = async (key: string, input: object) => {
      const { errors } = await gateway.ask(key, FEEDBACK, { input });
      return errors?.map(({ message, extensions }) => `${extensions.code}: ${message}`).join();
    };
    const unknown = 'NOT_FOUND: There is no answer of a prompt with this id that you could judge.';
    const missing = call.replace(/....$/, call.endsWith('zzzz') ? '0000' : 'zzzz');
    expect(await refusal(foreign.secret, { call, score: 1 })).toBe(unknown);
    expect(await refusal(foreign.secret, { call: missing, score: 1 })).toBe(unknown);
    expect(await refusal(secret, { call: missing, score: 1 })).toBe(unknown);
    expect(await refusal(secret, { call: '../x', score: 1 })).toBe(unknown);
    expect(await refusal(secret, { call, score: 1.01 })).toBe('BAD_USER_INPUT: The score must be from 0 to 1.');
    expect((await post(gateway, foreign.secret, '/rest/feedback', { call, score: 1 })).status).toBe(404);
    expect(await post(gateway, secret, '/rest/feedback', { call, scor: 1 })).toMatchObject({
      status: 400,
      body: { error: { problems: [{ path: ['scor'] }, { path: ['score'] }] } },
    });

    // A key that is held to a product judges what was asked with itself.
    const product = await acme.publishProduct('rating', {
      fields: ['Mutation.rate', 'Rating.good', 'Mutation.promptFeedback', 'PromptFeedback.*'],
    });
    const held = await acme.createKey(app.id, 'held', { products: [product.id] });
    await expect.poll(() => ask(gateway, held.secret, 4), { timeout: 20_000 }).toBeDefined();
    expect(await refusal(held.secret, { call, score: 1 })).toBe(unknown);
    const own = await ask(gateway, held.secret, 4);
    expect(await refusal(held.secret, { call: own?.call, score: 1 })).toBeUndefined();
    expect(await refusal(secret, { call, score: 0.5, comment: 'fair' })).toBeUndefined();
    const said = `query($call: ID!) { promptFeedback(where: { call: $call }) { nodes { score comment app promptVersion } } }`;
    expect(await acme.query(said, { call })).toEqual({
      promptFeedback: { nodes: [{ score: 0.5, comment: 'fair', app: app.id, promptVersion: made?.version }] },
    });
    const theirs = administrator(gateway, other.token);
    expect(await theirs.query(said, { call })).toEqual({ promptFeedback: { nodes: [] } });
  }, 120_000);
});
