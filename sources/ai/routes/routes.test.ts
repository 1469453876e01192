import { describe, expect, test } from 'vitest';
import { type ModelHarnessOptions, setUpModels } from '../../../test/utils/model-harness.ts';
import {
  openaiAnswer,
  openaiChunks,
  openaiEvents,
  type ProviderHandler,
  sendEvents,
  sendJson,
} from '../../../test/utils/provider-server.ts';
import type { ModelPart, ModelRequest } from '../model.ts';

const request: ModelRequest = { messages: [{ role: 'user', content: 'Hi' }] };

const says =
  (text: string): ProviderHandler =>
  ({ body }, response) =>
    body.stream === true
      ? sendEvents(response, openaiEvents(...openaiChunks(text)))
      : sendJson(response, openaiAnswer(text));
const fails =
  (status: number, message = 'boom', headers: object = {}): ProviderHandler =>
  (_, response) =>
    sendJson(response, { error: { message } }, status, headers);

async function setUp(options: ModelHarnessOptions) {
  const all = await setUpModels(options);
  const { client, context } = all;
  const ask = (name?: string, over: Partial<ModelRequest> = {}) =>
    client.generate(client.route(name), { ...request, ...over }, context);
  const stream = (name?: string, over: Partial<ModelRequest> = {}) =>
    client.stream(client.route(name), { ...request, ...over }, context);
  /** Which model answered, of several calls. */
  const answering = async (times: number, name?: string, over?: Partial<ModelRequest>) => {
    const models: (string | undefined)[] = [];
    for (let call = 0; call < times; call += 1) models.push((await ask(name, over)).made?.model);
    return models;
  };
  return { ...all, ask, stream, answering };
}

async function collect(parts: AsyncIterable<ModelPart>) {
  const all: ModelPart[] = [];
  try {
    for await (const part of parts) all.push(part);
  } catch (error) {
    return { parts: all, error };
  }
  return { parts: all, error: undefined };
}

describe('a list of models', () => {
  test.each([
    ['500', fails(500)],
    ['529', fails(529)],
    ['429', fails(429, 'slow', { 'retry-after': '7' })],
    ['401', fails(401)],
    ['404', fails(404)],
    ['HTML', ((_, response) => response.end('<html>busy</html>')) as ProviderHandler],
    ['half a JSON', ((_, response) => response.end('{"choices":[')) as ProviderHandler],
    ['a broken connection', ((_, response) => response.destroy()) as ProviderHandler],
  ])('goes on after %s, and says so, streamed or not', async (_what, handler) => {
    const { ask, stream, asked, records } = await setUp({ answers: { a: handler, b: says('Hello') } });
    const attempts = [
      { model: 'a', provider: 'at-a', outcome: expect.stringMatching(/^(UPSTREAM_.+|MODEL_STREAM_TRUNCATED)$/) },
      { model: 'b', provider: 'at-b', outcome: 'ok' },
    ];
    expect(await ask()).toMatchObject({ text: 'Hello', made: { model: 'b', provider: 'at-b', attempts } });
    const { parts } = await collect(stream());
    expect(parts).toMatchObject([
      { type: 'text', text: 'Hello' },
      { type: 'finish', made: { model: 'b', attempts } },
    ]);
    expect(asked()).toEqual({ a: 2, b: 2 });
    expect(records).toMatchObject([
      { asked: 'default', model: 'b', outcome: 'ok', attempts },
      { asked: 'default', model: 'b', outcome: 'ok', attempts },
    ]);
  });

  test('does not go on when the question is wrong', async () => {
    const { ask, asked } = await setUp({ answers: { a: fails(400), b: says('Hello') } });
    await expect(ask()).rejects.toMatchObject({ code: 'UPSTREAM_REJECTED', extensions: { upstreamStatus: 400 } });
    expect(asked()).toEqual({ a: 1, b: 0 });
  });

  test('does not go on once something was given out', async () => {
    const half: ProviderHandler = (_, response) =>
      sendEvents(response, `data: ${JSON.stringify(openaiChunks('half')[0])}\n\n`);
    const { stream, asked } = await setUp({ answers: { a: half, b: says('Hello') } });
    const { parts, error } = await collect(stream());
    expect(parts).toEqual([{ type: 'text', text: 'half' }]);
    expect(error).toMatchObject({ code: 'MODEL_STREAM_TRUNCATED' });
    expect(asked()).toEqual({ a: 1, b: 0 });
  });

  test('goes on after a stream that ends before it has begun', async () => {
    const { stream } = await setUp({
      answers: { a: (_, response) => sendEvents(response, ': hm\n\n'), b: says('Hello') },
    });
    expect((await collect(stream())).parts[0]).toEqual({ type: 'text', text: 'Hello' });
  });

  test('gives the last error when all fail', async () => {
    const { ask, records } = await setUp({ answers: { a: fails(500), b: fails(429, 'slow', { 'retry-after': '7' }) } });
    await expect(ask()).rejects.toMatchObject({
      code: 'UPSTREAM_REJECTED',
      extensions: { operation: 'b', retryAfterMs: 7_000 },
    });
    expect(records).toMatchObject([{ outcome: 'failed', errorCode: 'UPSTREAM_REJECTED', costNanoUsd: undefined }]);
  });

  test('leaves out models that cannot do what is asked, and asks nobody when none can', async () => {
    const { ask, asked } = await setUp({
      answers: { a: says('A'), b: says('B') },
      models: { a: { capabilities: { seed: false, tools: false } }, b: { capabilities: { tools: false } } },
    });
    expect((await ask(undefined, { seed: 1 })).text).toBe('B');
    await expect(ask(undefined, { tools: [{ name: 't', parameters: {} }] })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: '"tools" asks for more than the model "a" can: it cannot call tools.',
    });
    expect(asked()).toEqual({ a: 0, b: 1 });
  });

  test('asks a model by its own name and nobody else', async () => {
    const { ask, asked } = await setUp({ answers: { a: fails(500), b: says('B') } });
    await expect(ask('a')).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' });
    expect(asked()).toEqual({ a: 1, b: 0 });
  });

  test('ends with its caller, whoever is being asked', async () => {
    const { ask, abort, server, asked, records } = await setUp({ answers: { a: () => {}, b: says('B') } });
    const answer = ask();
    const { closed } = await server('a').nextRequest();
    abort();
    await expect(answer).rejects.toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' });
    await closed;
    expect(asked()).toEqual({ a: 1, b: 0 });
    expect(records).toMatchObject([{ outcome: 'aborted', model: 'a', isEstimated: true }]);
  });
});

describe('a target', () => {
  test('is asked again as often as it says, but not where it asks for time', async () => {
    const targets = [{ model: 'a', retries: 2 }, 'b'];
    const { ask, asked } = await setUp({
      answers: { a: fails(500), b: says('B') },
      routes: { default: { targets } },
    });
    expect((await ask()).made?.attempts).toHaveLength(4);
    expect(asked()).toEqual({ a: 3, b: 1 });
    const patient = await setUp({
      answers: { a: fails(429, 'slow', { 'retry-after': '7' }), b: says('B') },
      routes: { default: { targets } },
    });
    await patient.ask();
    expect(patient.asked()).toEqual({ a: 1, b: 1 });
  });

  test('that takes too long is left, and its socket closed', async () => {
    const { ask, stream, server } = await setUp({
      answers: { a: () => {}, b: says('B') },
      routes: { default: { targets: [{ model: 'a', timeoutMs: 20 }, 'b'] } },
    });
    expect((await ask()).made?.attempts[0]).toMatchObject({ model: 'a', outcome: 'UPSTREAM_TIMEOUT' });
    expect((await collect(stream())).parts[0]).toEqual({ type: 'text', text: 'B' });
    await Promise.all(server('a').requests.map(({ closed }) => closed));
  });

  test('whose answer has begun has all the time of the call', async () => {
    const { stream, server } = await setUp({
      answers: { a: () => {} },
      routes: { default: { targets: [{ model: 'a', timeoutMs: 1_000 }] } },
    });
    const [first, ...rest] = openaiChunks('slow', ' one');
    server('a').answer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`data: ${JSON.stringify(first)}\n\n`);
      setTimeout(() => response.end(openaiEvents(...rest)), 1_100);
    });
    const { parts, error } = await collect(stream());
    expect(error).toBeUndefined();
    expect(parts.at(-1)).toMatchObject({ type: 'finish' });
  });
});

describe('the strategy', () => {
  const answers = { a: says('A'), b: says('B') };

  test('weighted draws by weight, and a weight of 0 is for when the others fail', async () => {
    const draws = [0.9, 0.1, 0.1, 0.9];
    const random = () => draws.shift() ?? 0.5;
    const { answering } = await setUp({
      answers: { ...answers, c: says('C') },
      routes: {
        default: { strategy: 'weighted', targets: ['a', 'b'] },
        spare: { strategy: 'weighted', targets: [{ model: 'c', weight: 0 }, 'b'] },
      },
      random,
    });
    expect(await answering(2)).toEqual(['a', 'b']);
    expect(await answering(3, 'spare')).toEqual(['b', 'b', 'b']);
  });

  test('weighted keeps to its shares', async () => {
    let seed = 1;
    // A generator of Park and Miller: the same draws each time.
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    const targets = [{ model: 'a', weight: 3 }, 'b'];
    const { answering } = await setUp({ answers, routes: { default: { strategy: 'weighted', targets } }, random });
    const models = await answering(200);
    const share = models.filter((model) => model === 'a').length;
    expect(share).toBeGreaterThan(130);
    expect(share).toBeLessThan(170);
  });

  test('sticky keeps a caller with its model', async () => {
    const first = new Set<string | undefined>();
    for (const callerScope of ['t/1', 't/2', 't/3', 't/4', 't/5', 't/6']) {
      const route = { strategy: 'weighted', sticky: 'caller', targets: ['a', 'b'] };
      const { answering } = await setUp({ answers, routes: { default: route }, callerScope });
      const [model, ...others] = await answering(3);
      expect(others).toEqual([model, model]);
      first.add(model);
    }
    expect([...first].sort()).toEqual(['a', 'b']);
  });

  test('cheapest takes the lowest price for the question, and unknown ones last', async () => {
    const { answering } = await setUp({
      answers: { ...answers, c: says('C') },
      models: {
        b: { price: { input: 1, output: 10 } },
        c: { price: { input: 5, output: 1 }, capabilities: { seed: false } },
      },
      routes: { default: { strategy: 'cheapest', targets: ['a', 'b', 'c'] } },
    });
    expect(await answering(1)).toEqual(['c']);
    expect(await answering(1, undefined, { seed: 1 })).toEqual(['b']);
    expect(await answering(1, undefined, { system: 'x'.repeat(100_000), maxTokens: 1 })).toEqual(['b']);
  });

  test('fastest takes the shortest time to the first token, asks who is unknown, and forgets', async () => {
    const { stream, server, pass, client, context } = await setUp({
      answers,
      routes: { default: { strategy: 'fastest', targets: ['a', 'b'] } },
    });
    const taking =
      (ms: number, text: string): ProviderHandler =>
      (...call) => {
        pass(ms);
        return says(text)(...call);
      };
    server('a').answer(taking(300, 'A'));
    server('b').answer(taking(100, 'B'));
    const first = async () => {
      const { parts } = await collect(client.stream(client.route(), request, context));
      return parts[0];
    };
    const texts = [await first(), await first(), await first(), await first()].map(
      (part) => part?.type === 'text' && part.text,
    );
    expect(texts).toEqual(['A', 'B', 'B', 'B']);
    server('b').answer(fails(500));
    await collect(stream());
    await collect(stream());
    await collect(stream());
    await collect(stream());
    const failed = server('b').requests.length;
    await collect(stream());
    expect(server('b').requests).toHaveLength(failed);
    pass(300_000);
    server('b').answer(taking(100, 'B'));
    await collect(stream());
    await collect(stream());
    expect(server('b').requests).toHaveLength(failed + 1);
  });

  test('conditional goes by caller, length and metadata, and has nobody for what fits nowhere', async () => {
    const { answering, ask } = await setUp({
      answers: { ...answers, c: says('C') },
      routes: {
        default: {
          strategy: 'conditional',
          targets: [
            { model: 'a', when: { metadata: { tier: 'gold' } } },
            { model: 'b', when: { minInputTokens: 100, maxInputTokens: 1_000 } },
            'c',
          ],
        },
        narrow: { strategy: 'conditional', targets: [{ model: 'a', when: { callers: { tenants: ['acme'] } } }] },
      },
    });
    expect(await answering(1, undefined, { metadata: { tier: 'gold' } })).toEqual(['a']);
    expect(await answering(1, undefined, { system: 'x'.repeat(1_000) })).toEqual(['b']);
    expect(await answering(1)).toEqual(['c']);
    await expect(ask('narrow')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });

  test('a question that is too long goes to who has room, if the route says so', async () => {
    const overflow = fails(400, "This model's maximum context length is 10 tokens.");
    const set = (onContextOverflow: string) =>
      setUp({
        answers: { a: says('A'), b: overflow, c: says('C') },
        models: { a: { contextTokens: 50 } },
        routes: {
          default: { targets: ['a', 'b', 'c'], onContextOverflow },
          small: { targets: ['a'], onContextOverflow },
        },
      });
    const long = { system: 'x'.repeat(1_000) };
    const next = await set('next');
    expect((await next.ask(undefined, long)).text).toBe('C');
    expect(next.asked()).toEqual({ a: 0, b: 1, c: 1 });
    expect((await next.ask()).text).toBe('A');
    const fail = await set('fail');
    fail.server('a').answer(overflow);
    await expect(fail.ask(undefined, long)).rejects.toMatchObject({ extensions: { upstreamStatus: 400 } });
    expect(fail.asked()).toEqual({ a: 1, b: 0, c: 0 });
  });
});

test('several keys are used in turn, and one at its limit rests while the others go on', async () => {
  const limited: ProviderHandler = (received, response) =>
    received.headers.authorization === 'Bearer key-1'
      ? fails(429, 'slow', { 'retry-after': '30' })(received, response)
      : says('A')(received, response);
  const keys = { apiKey: 'key-1', apiKeys: ['', 'key-2', 'key-3'] };
  const { ask, stream, server } = await setUp({ answers: { a: limited }, providers: { a: keys } });
  expect((await ask()).text).toBe('A');
  expect((await collect(stream())).error).toBeUndefined();
  await ask();
  const used = server('a').requests.map(({ headers }) => headers.authorization?.slice(-1));
  expect(used).toEqual(['1', '2', '3', '2']);
});
