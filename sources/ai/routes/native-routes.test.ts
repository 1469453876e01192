import { describe, expect, test } from 'vitest';
import { setUpModels } from '../../../test/utils/model-harness.ts';
import { type ProviderHandler, sendEvents } from '../../../test/utils/provider-server.ts';
import type { ModelPart, ModelRequest } from '../model.ts';
import type { ModelStream } from './route-stream.ts';

const event = (data: object, type?: string) => `${type ? `event: ${type}\n` : ''}data: ${JSON.stringify(data)}\n\n`;
const typed = (data: { readonly type: string }) => event(data, data.type);
const chunk = (delta: object, rest: object = {}) => event({ choices: [{ index: 0, delta, ...rest }] });

/** What providers say before their answers: the words of a format in which nothing is said yet. */
const FORMATS = {
  openai: {
    opening: `: PROCESSING\n\n${event({ choices: [], prompt_filter_results: [] })}${chunk({ role: 'assistant', content: '', refusal: null }, { finish_reason: null })}`,
    answer: chunk({ content: 'Hi' }),
    end: `${chunk({}, { finish_reason: 'stop' })}data: [DONE]\n\n`,
    failure: event({ error: { message: 'overloaded', type: 'server_error' } }),
  },
  'openai-responses': {
    opening: ['response.created', 'response.in_progress'].map((type) => typed({ type })).join(''),
    answer: event({ type: 'response.output_text.delta', delta: 'Hi' }, 'response.output_text.delta'),
    end: event({ type: 'response.completed', response: { status: 'completed', output: [] } }, 'response.completed'),
    failure: event({ type: 'error', code: 'server_error', message: 'overloaded' }, 'error'),
  },
  anthropic: {
    opening: `${event({ type: 'message_start', message: { id: 'm', usage: { input_tokens: 3 } } }, 'message_start')}${typed({ type: 'ping' })}`,
    answer: event(
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } },
      'content_block_delta',
    ),
    end: `${event({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } }, 'message_delta')}${typed({ type: 'message_stop' })}`,
    failure: event({ type: 'error', error: { type: 'overloaded_error', message: 'overloaded' } }, 'error'),
  },
};
const EVENTS = { 'content-type': 'text/event-stream' };
type Format = keyof typeof FORMATS;
const NAMES = Object.keys(FORMATS) as Format[];

const says =
  (...texts: readonly string[]): ProviderHandler =>
  (_, response) =>
    sendEvents(response, texts.join(''));

/** A question that the models are asked in its own words. */
async function setUp(dialect: Format, answers: Readonly<Record<string, ProviderHandler>>, first: object = {}) {
  const providers = Object.fromEntries(Object.keys(answers).map((name) => [name, { dialect }]));
  const targets = Object.keys(answers).map((model, index) => ({ model, ...(index === 0 && first) }));
  const models = await setUpModels({ answers, providers, routes: { default: { targets } } });
  const request: ModelRequest = {
    messages: [{ role: 'user', content: 'Hi' }],
    native: { dialect, body: { messages: [] }, headers: {}, wantsUsage: true, refusal: () => undefined },
  };
  return { ...models, stream: models.client.stream(models.client.route(), request, models.context) };
}

async function collect(stream: ModelStream) {
  let bytes = '';
  let finish: ModelPart | undefined;
  try {
    for await (const part of stream)
      if (part.type === 'native') bytes += part.bytes.toString();
      else finish = part;
  } catch (error) {
    return { bytes, error };
  }
  return { bytes, finish };
}

describe.each(NAMES)('a stream of %s that is passed on', (dialect) => {
  const { opening, answer, end, failure } = FORMATS[dialect];

  test.each(['fails', 'breaks off'] as const)(
    'goes to the next model where the first one %s before it says anything',
    async (how) => {
      const bad = says(opening, how === 'fails' ? failure : '');
      const { stream, asked } = await setUp(dialect, { a: bad, b: says(opening, answer, end) });
      expect(await collect(stream)).toMatchObject({ bytes: opening + answer + end, finish: { made: { model: 'b' } } });
      expect(asked()).toEqual({ a: 1, b: 1 });
    },
  );

  test('is given out where nothing but openings comes, without end: they are not kept', async () => {
    const { stream } = await setUp(dialect, {
      a: (_, response) => void response.writeHead(200, EVENTS).write(`: ${'x'.repeat(1_000)}\n\n`.repeat(100)),
      b: says(opening, answer, end),
    });
    let bytes = 0;
    while (bytes < 100_000) {
      const { value } = await stream.next();
      if (value?.type === 'native') bytes += value.bytes.length;
    }
    await stream.return?.();
  });

  test('is whole, and does not go on once something was said', async () => {
    const { stream, asked } = await setUp(dialect, {
      a: says(opening, answer, failure),
      b: says(opening, answer, end),
    });
    const { bytes, error } = await collect(stream);
    expect(bytes).toBe(opening + answer);
    expect(error).toMatchObject({ code: 'UPSTREAM_FAILED' });
    expect(asked()).toEqual({ a: 1, b: 0 });
  });

  test('is given out as it comes where nobody else could be asked', async () => {
    const { stream } = await setUp(dialect, {
      a: (_, response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).write(opening),
    });
    const { value } = await stream.next();
    expect(value?.type === 'native' && value.bytes.toString()).toBe(opening);
    await stream.return?.();
  });
});

test('a model that only begins to answer has its time until it says something', async () => {
  const { opening, answer, end } = FORMATS.anthropic;
  const begins: ProviderHandler = (_, response) =>
    void response.writeHead(200, { 'content-type': 'text/event-stream' }).write(opening);
  const { stream, records } = await setUp('anthropic', { a: begins, b: says(opening, answer, end) }, { timeoutMs: 50 });
  expect(await collect(stream)).toMatchObject({ bytes: opening + answer + end, finish: { made: { model: 'b' } } });
  expect(records.at(-1)?.attempts).toMatchObject([{ model: 'a', outcome: 'UPSTREAM_TIMEOUT' }, { outcome: 'ok' }]);
});
