import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SkeinError } from '../../../kernel/errors.ts';
import { silentLog, systemClock } from '../../../kernel/ports.ts';
import { linkOptions } from '../../../schema/options.ts';
import type { FeedbackInput, FeedbackKeeper } from '../../../sources/prompt/feedback.ts';
import { createMemorySource } from '../../../test/utils/memory-source.ts';
import { openaiAnswer, type ProviderHandler, sendJson } from '../../../test/utils/provider-server.ts';
import { startRestPrompts } from '../../../test/utils/rest-prompts.ts';
import { createCounters } from '../../policy/counters/create-counters.ts';
import { createRates } from '../../policy/rates/rates.ts';

const PROMPTS = {
  greet: {
    description: 'A greeting.',
    input: { name: 'String!', times: 'Int', lines: '[Line!]' },
    types: 'input Line { text: String! tone: Tone } enum Tone { WARM COLD }',
    template: 'Greet {{ name }} {{ times }}{% for line in lines %} {{ line.text }}/{{ line.tone }}{% endfor %}',
  },
  classify: {
    input: { text: 'String!' },
    types: 'enum Label { GOOD BAD } type Verdict { label: Label! because: [Reason!]! } type Reason { text: String }',
    output: 'Verdict!',
    template: '{{ text }}',
  },
  ping: { template: 'ping' },
};
const VERDICT = { label: 'GOOD', because: [{ text: null }, { text: 'x' }] };
const answer: ProviderHandler = ({ body }, response) => {
  const [message] = body.messages as { content: string }[];
  if (message?.content.includes('fail')) sendJson(response, { error: { message: 'secret words' } }, 500);
  else sendJson(response, openaiAnswer(body.response_format === undefined ? 'Hello' : JSON.stringify(VERDICT)));
};
const SMALL = { model: 'small', provider: 'stub', cached: false };
const USAGE = { inputTokens: 5, outputTokens: 2, totalTokens: 7, costUsd: 0.009 };
const PROMPT = { version: 'inline', hash: expect.stringMatching(/^[0-9a-f]{12}$/) };

describe('POST /rest/prompts/<name>', () => {
  it('answers with the output and what made it', async () => {
    const { ask, server } = await startRestPrompts({ prompts: PROMPTS, answer });
    const input = { name: 'Ada', lines: [{ text: '{{ name }}', tone: 'WARM' }] };
    const response = await ask('greet', input, { 'x-request-id': 'mine' });
    expect([response.status, response.headers.get('x-request-id')]).toEqual([200, 'mine']);
    expect(await response.json()).toEqual({
      output: 'Hello',
      prompt: PROMPT,
      ...SMALL,
      call: 'use_1',
      usage: USAGE,
      requestId: 'mine',
    });
    expect(server.requests[0]?.body.messages).toEqual([{ role: 'user', content: 'Greet Ada  {{ name }}/WARM' }]);
    const typed = await ask('classify', { text: 'fine' });
    expect(await typed.json()).toMatchObject({ output: VERDICT, prompt: PROMPT, ...SMALL, call: 'use_2' });
    const bare = await ask('ping', '', { 'content-type': '' });
    expect(await bare.json()).toMatchObject({ output: 'Hello' });
  });

  it('says when an answer was kept, of a stream as well', async () => {
    const prompts = {
      ping: { ...PROMPTS.ping, cache: { ttlSeconds: 60 } },
      classify: { ...PROMPTS.classify, cache: { ttlSeconds: 60 } },
    };
    let fits = false;
    const { ask, server, records, gateway } = await startRestPrompts({
      prompts,
      answer: (request, response) => {
        if (!fits && request.body.response_format !== undefined) sendJson(response, openaiAnswer('{}'));
        else answer(request, response);
      },
    });
    expect(await (await ask('ping', {})).json()).toMatchObject({ cached: false, usage: USAGE });
    const usage = { inputTokens: 0, outputTokens: 0, totalTokens: 0, costUsd: 0 };
    expect(await (await ask('ping', {})).json()).toMatchObject({
      output: 'Hello',
      model: 'small',
      cached: true,
      usage,
    });
    const events = await (await ask('ping', {}, { accept: 'text/event-stream' })).text();
    expect(events).toContain('event: delta\ndata: {"text":"Hello"}');
    expect(events).toMatch(/event: output\ndata: \{"output":"Hello",.*"cached":true/);
    const { body } = await gateway.post({ query: 'mutation { ping }' });
    expect(body).toMatchObject({ extensions: { skein: { prompts: [{ prompt: 'ping', cached: true, usage }] } } });
    expect(records.map(({ outcome }) => outcome)).toEqual(['ok', 'cached', 'cached', 'cached']);
    expect(server.requests).toHaveLength(1);

    expect((await ask('classify', { text: 'x' })).status).toBe(502);
    fits = true;
    expect(await (await ask('classify', { text: 'x' })).json()).toMatchObject({ output: VERDICT, cached: false });
    expect(await (await ask('classify', { text: 'x' })).json()).toMatchObject({ output: VERDICT, cached: true });
  });

  it('gives of an answer what the prompt has, not what links add to its types', async () => {
    const shop = createMemorySource({
      name: 'shop',
      sdl: 'type Query { a(text: String): String }',
      unary: { 'Query.a': () => 'a' },
    });
    const links = { 'Reason.linked': linkOptions.parse({ call: 'shop.a', args: { text: '$parent.text' } }) };
    const { ask } = await startRestPrompts({ prompts: PROMPTS, answer, others: [shop], links });
    expect(await (await ask('classify', { text: 'fine' })).json()).toMatchObject({ output: VERDICT });
  });

  it('tells all mistakes of the input at once, with their places, and asks nobody', async () => {
    const { ask, server } = await startRestPrompts({ prompts: PROMPTS, answer });
    const response = await ask('greet', { times: 'two', lines: [{ text: 1 }, { tone: 'HOT' }], nam: 'x' });
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as { error: { code: string; problems: { path: unknown[] }[] } };
    expect(error).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: 'The input has 6 mistakes.',
      requestId: expect.any(String),
    });
    expect(error.problems.map(({ path }) => path.join('.'))).toEqual([
      'nam',
      'name',
      'times',
      'lines.0.text',
      'lines.1',
      'lines.1.tone',
    ]);
    expect(server.requests).toEqual([]);
  });

  it.each([
    ['a prompt that is not there', 'greeet', '{}', {}, 404, /no prompt "greeet". Did you mean "greet"/],
    ['a body that is no JSON', 'greet', '{', {}, 400, /not valid JSON/],
    ['a body that is no object', 'greet', '[]', {}, 400, /must be a JSON object/],
    ['another content type', 'greet', 'name=x', { 'content-type': 'text/plain' }, 415, /as JSON/],
    ['an encoding', 'greet', '{}', { 'content-encoding': 'gzip' }, 415, /without content encoding/],
    ['a type that nobody makes', 'greet', '{}', { accept: 'image/png' }, 406, /accepted media type/],
    ['no key', 'greet', '{}', { authorization: '' }, 401, /API key/],
    ['a body that is too large', 'greet', JSON.stringify({ name: 'x'.repeat(3_000) }), {}, 413, /larger than 2000/],
  ])('refuses %s', async (_what, name, body, headers, status, message) => {
    const { ask } = await startRestPrompts({ prompts: PROMPTS, answer, gateway: { limits: { bodyBytes: 2_000 } } });
    const response = await ask(name, body, headers as Record<string, string>);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({
      error: { message: expect.stringMatching(message), requestId: expect.any(String) },
    });
  });

  it('refuses what is nested deeper than anything can read', async () => {
    const { ask } = await startRestPrompts({ prompts: PROMPTS, answer });
    const deep = `${'{"name":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
    expect([400, 413]).toContain((await ask('greet', deep)).status);
  });

  it('takes POST alone, and knows no other address', async () => {
    const { send } = await startRestPrompts({ prompts: PROMPTS, answer });
    const wrong = await send('/rest/prompts/greet');
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await send('/rest/openapi.json', { method: 'POST' })).status).toBe(405);
    expect((await send('/rest/nothing')).status).toBe(404);
  });

  it('tells of a model that fails, and not what its provider said', async () => {
    const { ask } = await startRestPrompts({ prompts: PROMPTS, answer });
    const response = await ask('greet', { name: 'fail' });
    expect(response.status).toBe(502);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'UPSTREAM_FAILED', source: 'ai', upstreamStatus: 500 } });
    expect(text).not.toContain('secret words');
  });

  it('counts against the limits of requests and of the field of the graph', async () => {
    const counters = createCounters(
      { store: 'memory', prefix: randomUUID(), waitMs: 100 },
      { clock: systemClock, log: silentLog },
    );
    const keyRates = [
      { limit: 1, windowSeconds: 3_600, field: 'Mutation.greet' },
      { limit: 4, windowSeconds: 3_600 },
    ];
    const gateway = { keyRates, rates: createRates({ counters, log: silentLog }) };
    const { ask, send, server } = await startRestPrompts({ prompts: PROMPTS, answer, gateway });
    expect((await ask('greet', { name: 'a' })).headers.get('ratelimit-remaining')).toBe('0');
    const refused = await ask('greet', { name: 'b' });
    expect([refused.status, refused.headers.has('retry-after')]).toEqual([429, true]);
    expect(await refused.json()).toMatchObject({ error: { code: 'RATE_LIMITED', retryAfterMs: expect.any(Number) } });
    expect((await ask('ping', {})).status).toBe(200);
    expect((await send('/rest/openapi.json')).status).toBe(200);
    expect((await ask('classify', { text: 'x' })).status).toBe(200);
    expect((await ask('ping', {})).status).toBe(429);
    expect((await send('/rest/openapi.json')).status).toBe(429);
    expect(server.requests).toHaveLength(3);
  });

  it('lets pages of the allowed origins in', async () => {
    const { send, ask } = await startRestPrompts({
      prompts: PROMPTS,
      answer,
      gateway: { origins: ['https://app.example'] },
    });
    const preflight = await send('/rest/prompts/greet', {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example', 'access-control-request-method': 'POST', authorization: '' },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([
      204,
      'https://app.example',
    ]);
    const answered = await ask('ping', {}, { origin: 'https://app.example' });
    expect(answered.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect((await ask('ping', {}, { origin: 'https://evil.example' })).headers.has('access-control-allow-origin')).toBe(
      false,
    );
  });

  it('closes the call of the model when the client goes', async () => {
    const { ask, server, gateway } = await startRestPrompts({ prompts: PROMPTS, answer: () => {} });
    const leaving = new AbortController();
    const asking = ask('greet', { name: 'x' }, {}, { signal: leaving.signal });
    const request = await server.nextRequest();
    leaving.abort();
    await expect(asking).rejects.toThrow();
    await request.closed;
    await gateway.gateway.close();
  });

  it('lets what is under way finish when the gateway stops, and takes nothing new', async () => {
    let finish = () => {};
    const { ask, server, gateway } = await startRestPrompts({
      prompts: PROMPTS,
      answer: (_, response) => {
        finish = () => sendJson(response, openaiAnswer('late'));
      },
    });
    const asking = ask('ping', {});
    await server.nextRequest();
    const closing = gateway.gateway.close();
    finish();
    expect(await (await asking).json()).toMatchObject({ output: 'late' });
    await closing;
    await expect(ask('ping', {})).rejects.toThrow();
  });
});

describe('POST /rest/feedback', () => {
  it('hands on what is thought of an answer, and gives what is kept', async () => {
    const kept: FeedbackInput[] = [];
    const feedback: FeedbackKeeper = {
      async keep(given) {
        kept.push(given);
        if (given.call !== 'use_1') throw new SkeinError('NOT_FOUND', 'There is no such call.');
        return { ...given, prompt: 'ping', version: 'inline', comment: given.comment ?? null };
      },
    };
    const { send } = await startRestPrompts({ prompts: PROMPTS, answer, feedback });
    const say = async (body: unknown, init: RequestInit = {}) => {
      const headers = { 'content-type': 'application/json' };
      const response = await send('/rest/feedback', { method: 'POST', headers, body: JSON.stringify(body), ...init });
      return [response.status, await response.json()];
    };
    const given = { call: 'use_1', score: 0.5 };
    expect(await say(given)).toEqual([200, { ...given, prompt: 'ping', version: 'inline', comment: null }]);
    expect(await say({ ...given, comment: 'fair' })).toMatchObject([200, { comment: 'fair' }]);
    expect(kept).toEqual([given, { ...given, comment: 'fair' }]);
    expect(await say({ ...given, call: 'use_2' })).toMatchObject([404, { error: { code: 'NOT_FOUND' } }]);
    expect(await say({ ...given, score: 2 })).toMatchObject([400, { error: { code: 'BAD_USER_INPUT' } }]);
    const [status, { error }] = (await say({ scor: 1, score: 'x' })) as [number, { error: { problems: unknown } }];
    expect([status, error.problems]).toEqual([
      400,
      [
        { path: ['scor'], message: 'Feedback has no input "scor". Did you mean "score"?' },
        { path: ['call'], message: 'The input "call" is missing: it must be a ID!.' },
        { path: ['score'], message: 'Float cannot represent non numeric value: "x"' },
      ],
    ]);
    expect(await say(given, { method: 'PUT' })).toMatchObject([405, { error: { code: 'METHOD_NOT_ALLOWED' } }]);
    expect(kept).toHaveLength(3);
  });

  it('leaves the name to a prompt that is called so', async () => {
    const { ask } = await startRestPrompts({ prompts: { feedback: { template: 'x' } }, answer });
    expect(await (await ask('feedback', {})).json()).toMatchObject({ output: 'Hello' });
  });
});
