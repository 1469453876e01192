import fc from 'fast-check';
import { createClient as createWsClient } from 'graphql-ws';
import { beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { systemClock } from '../../kernel/ports.ts';
import { linkOptions } from '../../schema/options.ts';
import { createCounters } from '../../src/policy/counters/create-counters.ts';
import { ratesOptions } from '../../src/policy/rates/options.ts';
import { createRates } from '../../src/policy/rates/rates.ts';
import { createMemoryLog } from '../utils/call-context.ts';
import { createEventReader } from '../utils/event-reader.ts';
import { createMemorySource } from '../utils/memory-source.ts';
import { openaiAnswer, type ProviderHandler, sendJson } from '../utils/provider-server.ts';
import { startRestPrompts } from '../utils/rest-prompts.ts';
import { expectNoUnhandledRejection } from '../utils/unhandled.ts';

expectNoUnhandledRejection();

interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly { readonly message: string; readonly extensions: Readonly<Record<string, unknown>> }[];
  readonly extensions?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const createShop = () =>
  createMemorySource({
    name: 'shop',
    sdl: 'type Query { products(first: Int): [Product!]! } type Product { name: String! } type Subscription { sold: Product! }',
    unary: {
      'Query.products': ({ first = 3 }: { first?: number }) =>
        Array.from({ length: first }, (_, index) => ({ name: `product ${index}` })),
    },
    streams: {
      async *'Subscription.sold'() {
        yield { name: 'mug' };
      },
    },
  });
const PROMPTS = { praise: { input: { name: 'String!' }, template: 'Praise {{ name }}.', maxTokens: 100 } };
const LINKS = { 'Product.praise': linkOptions.parse({ call: 'prompts.praise', args: { name: '$parent.name' } }) };
// A dollar is a thousand tokens that are read, or half as many that are written: praise is 1.205 of them.
const echo: ProviderHandler = (_, response) => sendJson(response, openaiAnswer('Splendid.'));

interface Started extends NonNullable<Parameters<typeof startRestPrompts>[0]['gateway']> {
  readonly prompts?: Readonly<Record<string, object>>;
  readonly answer?: ProviderHandler;
}

const start = (limits: object, { prompts = PROMPTS, answer = echo, ...gateway }: Started = {}) =>
  startRestPrompts({ prompts, answer, others: [createShop()], links: LINKS, gateway: { limits, ...gateway } });

const SAID = '{ products(first: 1000) { praise } }';
const ASKED = 'query($n: Int!) { products(first: $n) { praise } }';
const FEW = '{ products(first: 2) { name praise } }';

describe('an operation whose models may cost more than is allowed', () => {
  let started: Awaited<ReturnType<typeof start>>;
  beforeEach(async () => {
    started = await start({ costUsd: 3 });
  });

  const json = (accept: string) => async (params: object) => {
    const headers = { ...started.gateway.headers, 'content-type': 'application/json', accept };
    return fetch(started.gateway.url, { method: 'POST', headers, body: JSON.stringify(params) });
  };
  const DOORS: Readonly<Record<string, (params: { query: string; variables?: object }) => Promise<unknown>>> = {
    POST: async (params) => (await json('application/json')(params)).json(),
    GET: async ({ query, variables = {} }) => {
      const fields = new URLSearchParams({ query, variables: JSON.stringify(variables) });
      return (await fetch(`${started.gateway.url}?${fields}`, { headers: started.gateway.headers })).json();
    },
    'server-sent events': async (params) => {
      const reader = createEventReader(await json('text/event-stream')(params));
      const event = await reader.next();
      await reader.close();
      return event;
    },
    WebSocket: async (params) => {
      const { url, headers } = started.gateway;
      const client = createWsClient({
        url: url.replace('http', 'ws'),
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        connectionParams: headers,
      });
      return new Promise((resolve) => {
        client.subscribe({ ...params } as never, {
          next: resolve,
          error: (errors) => resolve({ errors }),
          complete: () => void client.dispose(),
        });
      });
    },
  };

  it.each(Object.entries(DOORS))('is refused through %s, and nobody is asked', async (_name, ask) => {
    for (const params of [{ query: SAID }, { query: ASKED, variables: { n: 1_000 } }]) {
      const { data, errors } = (await ask(params)) as Answer;
      expect(data).toBeUndefined();
      expect(errors?.[0]?.message).toBe(
        'The models that the operation asks may cost 1205 US dollars; 3 are allowed (limits.costUsd). Ask for smaller lists, or for fewer fields that models answer.',
      );
      expect(errors?.[0]?.extensions).toMatchObject({
        ...{ code: 'OPERATION_TOO_COMPLEX', cost: 2_000, costUsd: 1_205, costUsdLimit: 3 },
      });
    }
    expect(started.server.requests).toEqual([]);
  });

  it.each(Object.entries(DOORS))('is answered through %s where it asks for less', async (_name, ask) => {
    for (const params of [{ query: FEW }, { query: ASKED, variables: { n: 2 } }]) {
      const { data, errors } = (await ask(params)) as Answer;
      expect(errors).toBeUndefined();
      expect(data).toMatchObject({ products: [{ praise: 'Splendid.' }, { praise: 'Splendid.' }] });
    }
    expect(started.server.requests).toHaveLength(4);
  });

  it('is refused where it is an event of a subscription', async () => {
    const fields = Array.from({ length: 3 }, (_, index) => `a${index}: praise`).join(' ');
    const answer = (await DOORS.WebSocket?.({ query: `subscription { sold { ${fields} } }` })) as Answer;
    expect(answer.errors?.[0]?.extensions).toMatchObject({ code: 'OPERATION_TOO_COMPLEX', cost: 4 });
    expect(started.server.requests).toEqual([]);
  });

  it('is refused where it asks a model itself, by what it asks', async () => {
    const chat = 'mutation($input: ChatInput!) { chat(input: $input) { text } }';
    const messages = [{ role: 'USER', content: 'Hello!' }];
    const ask = (input: object) => DOORS.POST?.({ query: chat, variables: { input } }) as Promise<Answer>;
    expect((await ask({ messages })).errors?.[0]?.extensions.code).toBe('OPERATION_TOO_COMPLEX');
    expect((await ask({ messages, maxTokens: 2_000 })).errors?.[0]?.extensions.code).toBe('OPERATION_TOO_COMPLEX');
    expect(started.server.requests).toEqual([]);
    expect((await ask({ messages, maxTokens: 200 })).data).toEqual({ chat: { text: 'Splendid.' } });
    const long = [{ role: 'USER', content: 'word '.repeat(4_000) }];
    expect((await ask({ messages: long, maxTokens: 200 })).errors?.[0]?.extensions.code).toBe('OPERATION_TOO_COMPLEX');
    expect(started.server.requests).toHaveLength(1);
  });

  it('is refused over REST, by the length of what it is given', async () => {
    expect((await started.ask('praise', { name: 'Ada' })).status).toBe(200);
    const refused = await started.ask('praise', { name: 'Ada '.repeat(4_000) });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error: { code: 'OPERATION_TOO_COMPLEX' } });
    expect(started.server.requests).toHaveLength(1);
  });
});

it('an operation that may give too much is refused before its limits are charged; others say what they may cost', async () => {
  const log = createMemoryLog();
  const keyRates = [{ limit: 1, windowSeconds: 60 }];
  const rates = createRates({ counters: createCounters(ratesOptions.parse({}), { clock: systemClock, log }), log });
  const listSizes = { 'Product.none': 3 };
  const { gateway } = await start({ cost: 6, listSize: 4, listSizes }, { rates, keyRates, log });
  const ask = async (query: string) =>
    (await gateway.post({ query, extensions: { skein: { plan: true } } })).body as Answer;
  for (let round = 0; round < 2; round += 1) {
    const { errors } = await ask('{ products { praise } }');
    expect(errors?.[0]?.message).toBe(
      'The operation may cost 8; 6 are allowed (limits.cost). Ask for smaller lists, or for fewer fields.',
    );
    const told = { code: 'OPERATION_TOO_COMPLEX', cost: 8, costUsd: 4.82, costLimit: 6 };
    expect(errors?.[0]?.extensions).toEqual({ ...told, requestId: expect.any(String) });
  }
  const answered = await ask(FEW);
  expect(answered.errors).toBeUndefined();
  expect(answered.extensions?.plan).toMatchObject({ cost: 4, costUsd: 2.41 });
  expect((await ask(FEW)).errors?.[0]?.extensions.code).toBe('RATE_LIMITED');
  const misspelt = log.lines.filter(({ fields }) => fields.field === 'Product.none');
  expect(misspelt).toHaveLength(1);
});

it('a prompt says itself what it costs where it knows better', async () => {
  const praise = { ...PROMPTS.praise, estimatedCostUsd: 0.25 };
  const { gateway } = await start({}, { prompts: { praise } });
  const { body } = await gateway.post({ query: FEW, extensions: { skein: { plan: true } } });
  expect((body as Answer).extensions?.plan).toMatchObject({ cost: 4, costUsd: 0.5 });
});

describe('what is told beforehand', () => {
  /** Counts as the gateway estimates, and always answers as long as it may. */
  const bill: ProviderHandler = ({ body }, response) => {
    const { messages, response_format, max_tokens, max_completion_tokens } = body as {
      messages: { content: string }[];
      response_format?: { json_schema: { schema: object } };
      max_tokens?: number;
      max_completion_tokens?: number;
    };
    const schema = response_format === undefined ? '' : JSON.stringify(response_format.json_schema.schema);
    const text = messages.map(({ content }) => content).join('') + schema;
    const prompt_tokens = Math.ceil(text.length / 4);
    const completion_tokens = max_completion_tokens ?? max_tokens ?? 4_096;
    const usage = { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
    const content = response_format === undefined ? 'Well.' : JSON.stringify({ score: 1 });
    sendJson(response, { ...openaiAnswer(content), usage });
  };
  const input = { text: 'String!' };
  const example = { input: { text: 'so so' }, output: 'Not well.' };
  const KINDS: Readonly<Record<string, object>> = {
    plain: { input, template: 'How is this? {{ text }}' },
    short: { input, template: 'How is this? {{ text }}', system: 'You are brief.', maxTokens: 7 },
    shown: { input, template: 'How is this? {{ text }}', examples: Array.from({ length: 30 }, () => example) },
    scored: { input, template: '{{ text }}', output: 'Score!', types: 'type Score { "From 1 to 9." score: Int! }' },
    released: {
      input,
      versions: { long: { template: `${'Think well. '.repeat(500)}{{ text }}` }, brief: { template: '{{ text }}' } },
      release: [{ version: 'brief' }, { version: 'long', weight: 0 }],
      header: 'x-version',
    },
  };

  it.each(Object.keys(KINDS))('is never less than what the provider charges: %s', async (name) => {
    const { gateway } = await start({}, { prompts: { ...PROMPTS, ...KINDS }, answer: bill });
    const query = `mutation($text: String!) { ${name}(text: $text)${name === 'scored' ? ' { score }' : ''} }`;
    const ask = async (variables: object) => {
      const headers = { 'x-version': 'long' };
      const params = { query, variables, extensions: { skein: { plan: true } } };
      const { extensions } = (await gateway.post(params, headers)).body as {
        extensions: { plan: { costUsd: number }; skein: { prompts: [{ usage: { costUsd: number } }] } };
      };
      return { told: extensions.plan.costUsd, charged: extensions.skein.prompts[0].usage.costUsd };
    };
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 3 }), fc.string({ maxLength: 50 }), async (zeros, word) => {
        const { told, charged } = await ask({ text: `${word} `.repeat(10 ** zeros) });
        expect(charged).toBeGreaterThan(0);
        expect(told).toBeGreaterThanOrEqual(charged);
      }),
      { numRuns: 15 },
    );
  });
});
