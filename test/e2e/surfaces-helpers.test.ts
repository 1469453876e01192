import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROVIDER_DIALECTS } from '../../sources/ai/dialects/index.ts';
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

const question = { role: 'user' as const, content: 'How is it?' };

describe.each(PROVIDER_DIALECTS)('with a model of %s', (dialect) => {
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
