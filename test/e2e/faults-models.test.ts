import { describe, expect, it } from 'vitest';
import type { ErrorDetails } from '../../kernel/errors.ts';
import { askJson, type ExpectedError, plain } from '../utils/fault-answers.ts';
import { UPSTREAM_KEY } from '../utils/fault-graph.ts';
import { HTTP_FAULTS, HTTP_SILENCES, type HttpFault, type HttpHandler, json, SECRET } from '../utils/fault-server.ts';
import { useFaultSuite, WAYS } from '../utils/fault-suite.ts';

type Failure = Pick<ExpectedError, 'code'> & ErrorDetails;

const unusable: Failure = { code: 'UPSTREAM_BAD_RESPONSE', upstreamStatus: 200 };

const FAILURES: Record<HttpFault, Failure> = {
  'refuses connections': { code: 'UPSTREAM_UNREACHABLE' },
  'answers 500': { code: 'UPSTREAM_FAILED', upstreamStatus: 500 },
  'answers 404': { code: 'UPSTREAM_REJECTED', upstreamStatus: 404 },
  'answers 401': { code: 'UPSTREAM_REJECTED', upstreamStatus: 401 },
  'answers 429 with Retry-After': { code: 'UPSTREAM_REJECTED', upstreamStatus: 429, retryAfterMs: 7_000 },
  'answers 503 with Retry-After': { code: 'UPSTREAM_FAILED', upstreamStatus: 503, retryAfterMs: 7_000 },
  'redirects to another host': { code: 'UPSTREAM_BAD_RESPONSE', upstreamStatus: 302 },
  'answers HTML with 200': unusable,
  'calls HTML JSON': unusable,
  'answers half a JSON': unusable,
  'answers nothing with 200': unusable,
  'closes the socket in the middle of the body': { code: 'UPSTREAM_FAILED' },
  'closes the socket before it answers': { code: 'UPSTREAM_UNREACHABLE' },
  'answers what is no HTTP': { code: 'UPSTREAM_BAD_RESPONSE' },
  'says that its answer is too large': { code: 'UPSTREAM_RESPONSE_TOO_LARGE' },
  // Within the 32 MiB that providers are given: it is read, and is no answer.
  'does not say beforehand that its answer is too large': unusable,
  'sends a small answer that unpacks to a large one': unusable,
};

const completion = (content: unknown, finish_reason: unknown = 'stop', more: object = {}): HttpHandler =>
  json({ id: 'c1', choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason }], ...more });

/** Answers with 200 that are those of no model. */
const ANSWERS: Record<string, [HttpHandler, Failure]> = {
  text: [json(SECRET), unusable],
  'a list': [json([SECRET]), unusable],
  null: [json(null), unusable],
  'no choices': [json({ id: SECRET, choices: [] }), unusable],
  'a choice that is text': [json({ choices: [SECRET] }), unusable],
  'an error that blames the request': [
    json({ error: { message: SECRET, type: 'rate_limit' } }),
    { code: 'UPSTREAM_REJECTED', upstreamStatus: 200 },
  ],
  'an error of its own': [
    json({ error: { message: SECRET, type: SECRET } }),
    { code: 'UPSTREAM_FAILED', upstreamStatus: 200 },
  ],
};

const OUTPUTS: Record<string, [content: string, reason: string, finishReason?: string]> = {
  'that is no JSON': [SECRET, 'it is not JSON'],
  'that is half a JSON': [`{"label": "${SECRET}`, 'it is not JSON'],
  'that was cut': [`{"label": "${SECRET}`, 'it was cut at the limit of tokens', 'length'],
  'that was refused': [SECRET, 'the model refused', 'content_filter'],
  'that is empty': ['', 'it is not JSON'],
  'that is null': ['null', 'the answer must be object'],
  'that is a list': [JSON.stringify([SECRET]), 'the answer must be object'],
  'with text for an integer': [JSON.stringify({ label: 'GOOD', score: SECRET, note: null }), '/score must be integer'],
  'with an integer beyond 32 bits': [
    JSON.stringify({ label: 'GOOD', score: 1e12, note: null }),
    '/score must be <= 2147483647',
  ],
  'with an enum value of its own': [
    JSON.stringify({ label: SECRET, score: 1, note: null }),
    '/label must be equal to one of the allowed values',
  ],
  'with null for what is never null': [
    JSON.stringify({ label: null, score: 1, note: SECRET }),
    '/label must be string',
  ],
  'without a field': [
    JSON.stringify({ label: 'GOOD', note: SECRET }),
    "the answer must have required property 'score'",
  ],
  'with a field too much': [
    JSON.stringify({ label: 'GOOD', score: 1, note: null, [SECRET]: 1 }),
    'the answer must NOT have additional properties',
  ],
};

const greet = { text: 'still here' };
const MESSAGES = 'messages: [{ role: USER, content: "Hi" }]';
const FIELDS = `chat(input: { ${MESSAGES} }) { id text finishReason } retell(text: "x") classify(text: "x") { label score note }`;
const CALLS = `mutation { ${FIELDS} greet { text } }`;
const CLASSIFY = 'mutation { greet { text } classify(text: "x") { label score note } }';
const FEELING = { label: 'GOOD', score: 1, note: null };
const good = completion(JSON.stringify(FEELING));

/** The same failure at a chat, a prompt for text and a prompt for an object, and none at what else is asked. */
const nothing = { chat: null, retell: null, classify: null, greet };
const failures = (failure: Failure): ExpectedError[] =>
  ['chat', 'classify', 'retell'].map((field) => ({ path: [field], source: 'ai', operation: 'stub', ...failure }));
const shown = {
  data: {
    chat: { id: 'c1', text: JSON.stringify(FEELING), finishReason: 'STOP' },
    retell: JSON.stringify(FEELING),
    classify: FEELING,
    greet,
  },
};

const suite = useFaultSuite();

describe.each(WAYS)('on the %s way, a provider of models', (way) => {
  const expectGood = async () => {
    const { results } = await askJson(suite.gateway(way), CALLS);
    expect(results.map(plain)).toEqual([plain(shown)]);
  };

  it.each(Object.entries(FAILURES))('that %s is told as what it is, by chats and prompts', async (name, failure) => {
    await suite.whileFailing(suite.backends.provider, HTTP_FAULTS[name as HttpFault], good, () =>
      suite.expectEverywhere(way, CALLS, { data: nothing, errors: failures(failure) }),
    );
    await expectGood();
  });

  it.each(Object.entries(ANSWERS))(
    'that answers %s is told, by chats and prompts',
    async (_name, [handler, failure]) => {
      await suite.whileFailing(suite.backends.provider, handler, good, () =>
        suite.expectEverywhere(way, CALLS, { data: nothing, errors: failures(failure) }),
      );
      await expectGood();
    },
  );

  it('that leaves the words of its format is read as far as it goes', async () => {
    const odd = completion([{ type: 'text', text: 'Hello' }], SECRET, { id: { secret: SECRET }, usage: SECRET });
    await suite.whileFailing(suite.backends.provider, odd, good, () =>
      suite.expectEverywhere(
        way,
        `mutation { chat(input: { ${MESSAGES} }) { id text finishReason usage { totalTokens } } }`,
        {
          data: { chat: { id: null, text: 'Hello', finishReason: 'OTHER', usage: null } },
        },
      ),
    );
  });

  it.each(Object.entries(OUTPUTS))(
    'whose answer to a prompt is one %s is told where it is wrong, and not what it is',
    async (_name, [content, reason, finishReason]) => {
      await suite.whileFailing(suite.backends.provider, completion(content, finishReason), good, async () => {
        await suite.expectEverywhere(way, CLASSIFY, {
          data: { greet, classify: null },
          errors: [{ path: ['classify'], code: 'MODEL_OUTPUT_INVALID', source: 'prompts', operation: 'classify' }],
        });
        const { results } = await askJson(suite.gateway(way), CLASSIFY);
        const message = `The answer to the prompt "classify" does not fit Feeling!: ${reason}.`;
        expect(results.map(({ errors }) => errors?.[0]?.message)).toEqual([message]);
      });
      await expectGood();
    },
  );

  it('that repeats the key it was given puts it into neither answer nor log', async () => {
    const message = `Incorrect API key provided: ${UPSTREAM_KEY}`;
    await suite.whileFailing(suite.backends.provider, json({ error: { message } }, 401), good, () =>
      suite.expectEverywhere(way, CALLS, {
        data: nothing,
        errors: failures({ code: 'UPSTREAM_REJECTED', upstreamStatus: 401 }),
      }),
    );
  });
});

it.each(Object.entries(HTTP_SILENCES))(
  'a provider that %s is given up after its time, on both ways',
  async (_name, silence) => {
    const { provider } = suite.backends;
    provider.answer(silence);
    const expected = {
      data: { greet, classify: null },
      errors: [{ path: ['classify'], code: 'UPSTREAM_TIMEOUT', source: 'ai', operation: 'stub' }],
    } as const;
    await suite.expectFromHasty(CLASSIFY, expected, () => {
      provider.answer(good);
      return { data: { greet, classify: FEELING } };
    });
  },
);
