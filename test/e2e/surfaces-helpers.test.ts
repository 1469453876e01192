import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROVIDER_DIALECTS, type ProviderDialect } from '../../sources/ai/dialects/index.ts';
import type { ProviderHandler } from '../utils/provider-server.ts';
import { SCHEMA } from '../utils/surface-clients.ts';
import { answerAs, STRUCTURED } from '../utils/surface-providers.ts';
import { type Surfaces, startSurfaces } from '../utils/surfaces.ts';
import { expectNoUnhandledRejection } from '../utils/unhandled.ts';

/** What the official clients do by themselves around calls. */
let surfaces: Surfaces;
expectNoUnhandledRejection();
beforeAll(async () => {
  surfaces = await startSurfaces();
});
afterAll(() => surfaces.close());

/** A provider that calls tools first and says something when it has their results. */
function callsThenTells(dialect: ProviderDialect): ProviderHandler {
  const answers = [answerAs(dialect, 'tools'), answerAs(dialect, 'text')];
  return (request, response) => (answers.shift() ?? answerAs(dialect, 'text'))(request, response);
}

const TOOLS = ['weather', 'clock'];
const parameters = { type: 'object' as const, properties: { city: { type: 'string' } } };
const question = { role: 'user' as const, content: 'How is it?' };

describe.each(PROVIDER_DIALECTS)('with a model of %s', (dialect) => {
  it('the runner of tools of the client of Anthropic goes on without what it would have a server keep', async () => {
    surfaces.providers[dialect].answer(callsThenTells(dialect));
    const tools = TOOLS.map((name) => ({
      ...{ name, description: name, input_schema: parameters },
      run: async () => 'sunny',
      parse: (input: unknown) => input,
    }));
    const params = { model: dialect, max_tokens: 100, messages: [question], tools };
    const { content } = await surfaces.anthropic.beta.messages.toolRunner(params);
    expect(content).toMatchObject([{ type: 'text', text: 'Hello, wörld €' }]);
    expect(JSON.stringify(surfaces.providers[dialect].requests.at(-1)?.body)).toContain('sunny');
  });

  it('what the client of OpenAI has parsed of an answer goes back with it', async () => {
    surfaces.providers[dialect].answer(answerAs(dialect, 'structured'));
    const json_schema = { name: 'person', strict: true, schema: SCHEMA };
    const format = { type: 'json_schema' as const, json_schema };
    // As its own makers of schemas mark what they make.
    const response_format = Object.defineProperties(format, {
      $brand: { value: 'auto-parseable-response-format' },
      $parseRaw: { value: JSON.parse },
    });
    const first = await surfaces.openai.chat.completions.parse({
      model: dialect,
      messages: [question],
      response_format,
    });
    const message = first.choices[0]?.message;
    expect(message?.parsed).toEqual({ name: 'Ada', age: 36 });
    const messages = [question, ...(message ? [message] : []), question];
    const again = await surfaces.openai.chat.completions.parse({ model: dialect, messages, response_format });
    expect(again.choices[0]?.message.content).toBe(STRUCTURED);
  });

  it('what it has parsed of a response goes back with it, too', async () => {
    surfaces.providers[dialect].answer(answerAs(dialect, 'structured'));
    const format = Object.defineProperties(
      { type: 'json_schema' as const, name: 'person', strict: true, schema: SCHEMA },
      { $brand: { value: 'auto-parseable-response-format' }, $parseRaw: { value: JSON.parse } },
    );
    const text = { format };
    const first = await surfaces.openai.responses.parse({ model: dialect, input: [question], text });
    expect(first.output_parsed).toEqual({ name: 'Ada', age: 36 });
    const input = [question, ...(first.output as never[]), question];
    expect((await surfaces.openai.responses.parse({ model: dialect, input, text })).output_text).toBe(STRUCTURED);
  });
});

it('a server that has lost what it kept is sent it again by the runner of tools', async () => {
  const { anthropic } = surfaces.providers;
  const lost = { type: 'invalid_request_error', message: 'x', details: { error_code: 'thread_not_found' } };
  const answers: ProviderHandler[] = [
    answerAs('anthropic', 'tools'),
    (_request, response) => {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ type: 'error', error: lost }));
    },
    answerAs('anthropic', 'text'),
  ];
  anthropic.answer((request, response) => answers.shift()?.(request, response));
  const tools = TOOLS.map((name) => ({
    ...{ name, description: name, input_schema: parameters },
    run: async () => 'sunny',
    parse: (input: unknown) => input,
  }));
  const params = { model: 'anthropic', max_tokens: 100, messages: [question], tools };
  const { content } = await surfaces.anthropic.beta.messages.toolRunner(params);
  expect(content).toMatchObject([{ type: 'text', text: 'Hello, wörld €' }]);
});
