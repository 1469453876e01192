import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { CancellationSource } from '../../../kernel/cancellation.ts';
import { SkeinError } from '../../../kernel/errors.ts';
import { ASK, answerHello, as, partsOf, setUpCachedModels } from '../../../test/utils/cached-models.ts';
import { type Deferred, deferred } from '../../../test/utils/deferred.ts';
import {
  openaiAnswer,
  openaiChunks,
  openaiEvents,
  type ProviderHandler,
  type ReceivedRequest,
  sendJson,
} from '../../../test/utils/provider-server.ts';
import { expectNoUnhandledRejection } from '../../../test/utils/unhandled.ts';
import type { ModelPart } from '../model.ts';
import type { ModelStream } from '../routes/route-stream.ts';

expectNoUnhandledRejection();

interface Held {
  readonly request: ReceivedRequest;
  readonly response: ServerResponse;
}

/** A provider whose calls wait until the test answers them. */
async function setUp(mostBehind?: number) {
  const calls: Deferred<Held>[] = [];
  const at = (index: number): Deferred<Held> => {
    const known = calls[index];
    if (known !== undefined) return known;
    calls[index] = deferred<Held>();
    return at(index);
  };
  let count = 0;
  const hold: ProviderHandler = (request, response) => at(count++).resolve({ request, response });
  const world = await setUpCachedModels(hold, {}, mostBehind);
  const stream = (context = as('acme')) => world.client.stream(world.client.route(), ASK, context);
  return { ...world, stream, call: (index = 0) => at(index).promise };
}

/** Sends the first pieces of a streamed answer, and gives what sends one more and what ends it. */
function begin({ response }: Held, ...texts: readonly string[]) {
  const events = openaiEvents(...openaiChunks()).split(/(?<=\n\n)/);
  const say = (text: string) => response.write(openaiEvents(...openaiChunks(text)).split(/(?<=\n\n)/)[0]);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const text of texts) say(text);
  return { say, end: () => response.end(events.join('')) };
}

const textOf = ({ value }: IteratorResult<ModelPart>) => (value?.type === 'text' ? value.text : value?.type);
async function rest(stream: ModelStream): Promise<ModelPart[]> {
  const parts: ModelPart[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}
const said = (parts: readonly ModelPart[]) => parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
const cancelled = () => {
  const cancellation = new CancellationSource();
  return {
    cancellation,
    cancel: (code: 'CLIENT_CLOSED_REQUEST' | 'DEADLINE_EXCEEDED' = 'CLIENT_CLOSED_REQUEST') =>
      cancellation.cancel(new SkeinError(code)),
  };
};

describe('equal questions at the same time', () => {
  test('are one call; whoever made it pays, and the others are given a kept answer', async () => {
    const { ask, call, asked, records, hits } = await setUp();
    const all = [ask(), ask(), ask(ASK, as('acme', { id: 'two' }))];
    const { response } = await call();
    sendJson(response, openaiAnswer('Hello'));
    const [first, ...others] = await Promise.all(all);
    expect(first).toMatchObject({ text: 'Hello', usage: { costUsd: 0.009 }, made: { isCached: false } });
    expect(others).toHaveLength(2);
    for (const other of others)
      expect(other).toMatchObject({
        ...{ text: 'Hello', id: 'c1', usage: { totalTokens: 0, costUsd: 0, savedUsd: 0.009 } },
        made: { model: 'a', attempts: [], isCached: true, ageMs: 0 },
      });
    expect(asked()).toEqual({ a: 1, b: 0 });
    expect(records).toMatchObject([{ outcome: 'ok', costNanoUsd: 9_000_000n }]);
    expect(hits).toMatchObject(Array(2).fill({ outcome: 'cached', costNanoUsd: 0n, savedNanoUsd: 9_000_000n }));
    expect(await ask()).toMatchObject({ made: { isCached: true } });
    expect(asked()).toEqual({ a: 1, b: 0 });
  });

  test('are as many calls as there are tenants and ways to ask', async () => {
    const { ask, call, asked } = await setUp();
    const all = [
      ask(),
      ask(ASK, as('other')),
      ask({ ...ASK, temperature: 0 }),
      ask(ASK, as('acme', { grants: { p: 'g' } })),
    ];
    for (const [index] of all.entries()) sendJson((await call(index)).response, openaiAnswer('Hello'));
    for (const answer of await Promise.all(all)) expect(answer.made?.isCached).toBe(false);
    expect(asked()).toEqual({ a: 4, b: 0 });
  });

  test('are streamed to all as it comes, and to who comes late from the beginning', async () => {
    const { stream, call, asked, hits } = await setUp();
    const leader = stream();
    const first = leader.next();
    const held = begin(await call(), 'One ');
    expect(textOf(await first)).toBe('One ');
    held.say('two ');
    expect(textOf(await leader.next())).toBe('two ');
    const late = stream(as('acme', { id: 'two' }));
    expect(textOf(await late.next())).toBe('One two ');
    expect([late.cache, leader.cache]).toEqual([{ isCached: true, ageMs: 0 }, { isCached: false }]);
    expect(late.model).toMatchObject({ name: 'a', provider: 'at-a' });
    const waiting = late.next();
    held.say('three');
    expect([textOf(await waiting), textOf(await leader.next())]).toEqual(['three', 'three']);
    held.end();
    expect(await rest(leader)).toMatchObject([
      { type: 'finish', usage: { totalTokens: 7 }, made: { isCached: false } },
    ]);
    expect(await rest(late)).toMatchObject([
      { type: 'finish', reason: 'stop', usage: { totalTokens: 0, savedUsd: 0.009 }, made: { isCached: true } },
    ]);
    expect(hits).toMatchObject([{ outcome: 'cached', savedNanoUsd: 9_000_000n }]);
    expect(asked()).toEqual({ a: 1, b: 0 });
  });

  test('are one call whether it is streamed or not', async () => {
    const streamed = await setUp();
    const leader = rest(streamed.stream());
    const held = begin(await streamed.call(), 'Hel');
    const whole = streamed.ask();
    held.say('lo');
    held.end();
    expect(await whole).toMatchObject({ text: 'Hello', finishReason: 'stop', made: { isCached: true } });
    expect(said(await leader)).toBe('Hello');
    expect(streamed.asked()).toEqual({ a: 1, b: 0 });

    const asked = await setUp();
    const first = asked.ask();
    const { response } = await asked.call();
    const parts = partsOf(asked.client);
    sendJson(response, openaiAnswer('Hello'));
    expect(await parts).toMatchObject([{ text: 'Hello' }, { type: 'finish', made: { isCached: true } }]);
    expect(await first).toMatchObject({ made: { isCached: false } });
    expect(asked.asked()).toEqual({ a: 1, b: 0 });
  });

  test('share calls of tools, which are not kept', async () => {
    const { ask, call, asked } = await setUp();
    const request = { ...ASK, tools: [{ name: 'pay', parameters: { type: 'object' } }] };
    const all = [ask(request), ask(request)];
    const calls = [{ id: 't1', type: 'function', function: { name: 'pay', arguments: '{}' } }];
    const message = { role: 'assistant', content: null, tool_calls: calls };
    const answer = { ...openaiAnswer(''), choices: [{ index: 0, message, finish_reason: 'tool_calls' }] };
    sendJson((await call()).response, answer);
    for (const given of await Promise.all(all))
      expect(given).toMatchObject({ finishReason: 'tool-calls', content: [{ type: 'tool-call', id: 't1' }] });
    const later = ask(request);
    sendJson((await call(1)).response, answer);
    expect(await later).toMatchObject({ made: { isCached: false } });
    expect(asked()).toEqual({ a: 2, b: 0 });
  });
});

describe('of those who wait for one call', () => {
  test('one may leave, and the others go on', async () => {
    const { stream, call, hits, asked } = await setUp();
    const leader = stream();
    const first = leader.next();
    const held = begin(await call(), 'One ');
    await first;
    const { cancellation, cancel } = cancelled();
    const follower = stream(as('acme', { id: 'two', cancellation }));
    await follower.next();
    const waiting = follower.next();
    cancel();
    await expect(waiting).rejects.toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' });
    await follower.return?.();
    held.say('two');
    held.end();
    expect(said(await rest(leader))).toBe('two');
    expect(hits).toMatchObject([{ outcome: 'aborted', costNanoUsd: 0n, errorCode: 'CLIENT_CLOSED_REQUEST' }]);
    expect(asked()).toEqual({ a: 1, b: 0 });
  });

  test('who made it may leave: it pays for the call, which goes on for the others', async () => {
    const { stream, ask, call, records, hits } = await setUp();
    const { cancellation, cancel } = cancelled();
    const leader = stream(as('acme', { cancellation }));
    const first = leader.next();
    const held = begin(await call(), 'One ');
    await first;
    const follower = stream(as('acme', { id: 'two' }));
    expect(textOf(await follower.next())).toBe('One ');
    const whole = ask(ASK, as('acme', { id: 'three' }));
    const waiting = leader.next();
    cancel('DEADLINE_EXCEEDED');
    await expect(waiting).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await leader.return?.();
    held.say('two');
    held.end();
    expect(said(await rest(follower))).toBe('two');
    expect(await whole).toMatchObject({ text: 'One two', made: { isCached: true } });
    expect(records).toMatchObject([{ outcome: 'ok', costNanoUsd: 9_000_000n }]);
    expect(hits.map(({ outcome }) => outcome)).toEqual(['cached', 'cached']);
  });

  test('one may be out of time before it has read a whole answer: it has failed, and the answer has not', async () => {
    const { stream, call, hits } = await setUp();
    const leader = stream();
    const first = leader.next();
    const held = begin(await call(), 'One ');
    await first;
    const { cancellation, cancel } = cancelled();
    const follower = stream(as('acme', { id: 'two', cancellation }));
    await follower.next();
    held.say('two');
    held.end();
    expect(said(await rest(leader))).toBe('two');
    cancel('DEADLINE_EXCEEDED');
    await expect(follower.next()).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(hits).toMatchObject([{ outcome: 'failed', errorCode: 'DEADLINE_EXCEEDED', costNanoUsd: 0n }]);
  });

  test('the last takes the call with it', async () => {
    const { stream, ask, call, records, hits } = await setUp();
    const { cancellation, cancel } = cancelled();
    const leader = stream(as('acme', { cancellation }));
    const first = leader.next();
    const held = await call();
    begin(held, 'One ');
    await first;
    const own = cancelled();
    const follower = ask(ASK, as('acme', { id: 'two', cancellation: own.cancellation }));
    await leader.return?.();
    expect(records).toEqual([]);
    own.cancel();
    await expect(follower).rejects.toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' });
    await held.request.closed;
    expect(records).toMatchObject([{ outcome: 'aborted', isEstimated: true }]);
    expect(hits).toMatchObject([{ outcome: 'aborted', costNanoUsd: 0n }]);
    cancel();
  });

  test('nobody gets further ahead of the slowest than allowed', async () => {
    const { stream, call } = await setUp(1_000);
    const leader = stream();
    const first = leader.next();
    const text = 'x'.repeat(450);
    const held = begin(await call(), text);
    await first;
    const slow = stream(as('acme', { id: 'two' }));
    await slow.next();
    for (let index = 0; index < 5; index++) held.say(text);
    held.end();
    const read: string[] = [];
    const reading = (async () => {
      for await (const part of leader) read.push(part.type);
    })();
    await expect.poll(() => read.length).toBe(3);
    await new Promise((resolve) => setImmediate(resolve));
    expect(read).toHaveLength(3);
    await slow.next();
    await expect.poll(() => read.length).toBe(4);
    await slow.return?.();
    await reading;
    expect(read).toEqual([...Array(5).fill('text'), 'finish']);
  });
});

describe('a call that fails', () => {
  test('is told to whoever made it, and one of the others asks anew for all of them', async () => {
    const { ask, call, asked, records, hits } = await setUp();
    const all = Array.from({ length: 30 }, (_, index) => ask(ASK, as('acme', { id: `${index}` })));
    sendJson((await call()).response, {}, 500);
    await expect(all[0]).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' });
    sendJson((await call(1)).response, openaiAnswer('Hello'));
    const [second, ...others] = await Promise.all(all.slice(1));
    expect(second).toMatchObject({ text: 'Hello', usage: { costUsd: 0.009 }, made: { isCached: false } });
    for (const other of others) expect(other).toMatchObject({ text: 'Hello', made: { isCached: true } });
    expect(asked()).toEqual({ a: 2, b: 0 });
    expect(records.map(({ outcome }) => outcome)).toEqual(['failed', 'ok']);
    expect(hits.map(({ outcome }) => outcome)).toEqual(Array(28).fill('cached'));
  });

  test.each(['whole', 'streamed'] as const)('again is told to all who have waited twice: %s', async (way) => {
    const { ask, stream, call, asked, records, hits } = await setUp();
    const one = (id: string) => (way === 'whole' ? ask(ASK, as('acme', { id })) : rest(stream(as('acme', { id }))));
    const all = Array.from({ length: 30 }, (_, index) => one(`${index}`));
    const settled = Promise.allSettled(all);
    for (const index of [0, 1]) sendJson((await call(index)).response, {}, 500);
    for (const { status, reason } of (await settled) as PromiseRejectedResult[])
      expect([status, reason.code]).toEqual(['rejected', 'UPSTREAM_FAILED']);
    expect(asked()).toEqual({ a: 2, b: 0 });
    expect(records.map(({ outcome }) => outcome)).toEqual(['failed', 'failed']);
    expect(hits).toMatchObject(Array(28).fill({ outcome: 'failed', errorCode: 'UPSTREAM_FAILED', costNanoUsd: 0n }));
    // It is over: who asks now makes a call.
    const later = one('later');
    sendJson((await call(2)).response, openaiAnswer('Hello'));
    await Promise.allSettled([later]);
    expect(asked()).toEqual({ a: 3, b: 0 });
  });

  test('leaves nobody waiting where the one who asks anew goes away', async () => {
    const { ask, call, asked } = await setUp();
    const leaving = cancelled();
    const all = [ask(), ask(ASK, { ...as('acme', { id: 'two' }), cancellation: leaving.cancellation }), ask()];
    const settled = Promise.allSettled(all);
    sendJson((await call()).response, {}, 500);
    const { response } = await call(1);
    leaving.cancel();
    await expect(all[1]).rejects.toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' });
    sendJson(response, openaiAnswer('Hello'));
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
    expect(asked()).toEqual({ a: 2, b: 0 });
  });

  test('is told to all, where each would hear the same', async () => {
    const { ask, call, asked, records, hits } = await setUp();
    const all = [ask(), ask()];
    sendJson((await call()).response, {}, 422);
    for (const failed of all) await expect(failed).rejects.toMatchObject({ code: 'UPSTREAM_REJECTED' });
    expect(asked()).toEqual({ a: 1, b: 0 });
    expect(records).toMatchObject([{ outcome: 'failed' }]);
    expect(hits).toMatchObject([{ outcome: 'failed', errorCode: 'UPSTREAM_REJECTED', costNanoUsd: 0n, attempts: [] }]);
  });

  test('is told to who has a part of its answer, and not to who has none', async () => {
    const { stream, ask, call, asked, server } = await setUp();
    const leader = stream();
    const first = leader.next();
    const held = await call();
    begin(held, 'One ');
    await first;
    const follower = stream(as('acme', { id: 'two' }));
    await follower.next();
    const whole = ask();
    server('a').answer(answerHello);
    held.response.end();
    await expect(rest(leader)).rejects.toMatchObject({ code: 'MODEL_STREAM_TRUNCATED' });
    await expect(rest(follower)).rejects.toMatchObject({ code: 'MODEL_STREAM_TRUNCATED' });
    expect(await whole).toMatchObject({ text: 'Hello', made: { isCached: false } });
    expect(asked()).toEqual({ a: 2, b: 0 });
  });

  test('by an answer that does not fit is one for those who follow, too', async () => {
    const { ask, call, asked } = await setUp();
    const accepts = ({ text }: { readonly text: string }) => text === 'Hello';
    const prompt = { name: 'p', version: 'one', hash: 'h', accepts };
    const all = [ask(ASK, as('acme', { prompt })), ask(ASK, as('acme', { prompt }))];
    sendJson((await call()).response, openaiAnswer('Bye'));
    sendJson((await call(1)).response, openaiAnswer('Hello'));
    expect(await Promise.all(all)).toMatchObject([{ text: 'Bye' }, { text: 'Hello', made: { isCached: false } }]);
    expect(asked()).toEqual({ a: 2, b: 0 });
  });

  test('by answers that do not fit is told to all who have waited for two of them', async () => {
    const { ask, call, asked, records, hits } = await setUp();
    const prompt = { name: 'p', version: 'one', hash: 'h', accepts: () => false };
    const settled = Promise.allSettled([1, 2, 3, 4].map(() => ask(ASK, as('acme', { prompt }))));
    for (const index of [0, 1]) sendJson((await call(index)).response, openaiAnswer('Bye'));
    const unfit = { status: 'rejected', reason: { code: 'MODEL_OUTPUT_INVALID' } };
    expect(await settled).toMatchObject([{ status: 'fulfilled' }, { status: 'fulfilled' }, unfit, unfit]);
    expect(asked()).toEqual({ a: 2, b: 0 });
    expect([...records, ...hits].map(({ outcome }) => outcome)).toEqual(Array(4).fill('schemaFailed'));
  });
});
