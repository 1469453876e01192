import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROVIDER_DIALECTS } from '../../sources/ai/dialects/index.ts';
import { CLIENT, type ClientName, MATRIX, PIXEL } from '../utils/surface-clients.ts';
import { answerAs, STRUCTURED, TEXT } from '../utils/surface-providers.ts';
import { type Surfaces, startSurfaces } from '../utils/surfaces.ts';
import { expectNoUnhandledRejection } from '../utils/unhandled.ts';

let surfaces: Surfaces;
expectNoUnhandledRejection();
beforeAll(async () => {
  surfaces = await startSurfaces();
});
afterAll(() => surfaces.close());

const STOPPED: Record<ClientName, string> = { openai: 'stop', 'openai-responses': 'completed', anthropic: 'end_turn' };
const CALLED: Record<ClientName, string> = {
  openai: 'tool_calls',
  'openai-responses': 'completed',
  anthropic: 'tool_use',
};
const CUT: Record<ClientName, string> = {
  openai: 'length',
  'openai-responses': 'max_output_tokens',
  anthropic: 'max_tokens',
};
const USAGE = { input: 10, output: 5, cached: 4 };
const INPUTS = [
  { id: 'call_a', name: 'weather', input: { city: 'Oslo' } },
  { id: 'call_b', name: 'clock', input: { zone: 'CET' } },
];

describe.each(MATRIX)('the client of %s at a provider of %s', (client, dialect) => {
  const { ask, stream } = CLIENT[client];
  const provider = () => surfaces.providers[dialect];

  it('gets an answer', async () => {
    provider().answer(answerAs(dialect, 'text'));
    const heard = await ask(surfaces, dialect, {});
    expect(heard).toEqual({ text: TEXT.join(''), calls: [], reason: STOPPED[client], usage: USAGE });
    expect(JSON.stringify(provider().requests.at(-1)?.body)).toContain('Be brief.');
  });

  it('gets a stream, piece by piece', async () => {
    provider().answer(answerAs(dialect, 'text'));
    const heard = await stream(surfaces, dialect, {});
    expect(heard).toEqual({ text: TEXT.join(''), pieces: 3, calls: [], reason: STOPPED[client], usage: USAGE });
  });

  it.each([['at once', ask] as const, ['in a stream', stream] as const])(
    'hears of two calls of tools %s',
    async (_, way) => {
      provider().answer(answerAs(dialect, 'tools'));
      const heard = await way(surfaces, dialect, { tools: true });
      expect(heard).toMatchObject({ text: '', calls: INPUTS, reason: CALLED[client], usage: USAGE });
      expect(JSON.stringify(provider().requests.at(-1)?.body)).toMatch(/"weather".*"clock"/);
    },
  );

  it.each([['at once', ask] as const, ['in a stream', stream] as const])('gets JSON by a schema %s', async (_, way) => {
    provider().answer(answerAs(dialect, 'structured'));
    const heard = await way(surfaces, dialect, { schema: true });
    expect(heard).toMatchObject({ text: STRUCTURED, calls: [], reason: STOPPED[client] });
    expect(JSON.stringify(provider().requests.at(-1)?.body)).toContain('"additionalProperties":false');
  });

  it.each([['at once', ask] as const, ['in a stream', stream] as const])(
    'is told that an answer was cut %s',
    async (_, way) => {
      provider().answer(answerAs(dialect, 'length'));
      expect(await way(surfaces, dialect, {})).toMatchObject({ text: TEXT.join(''), reason: CUT[client] });
    },
  );

  it('shows an image', async () => {
    provider().answer(answerAs(dialect, 'text'));
    await ask(surfaces, dialect, { image: true });
    expect(JSON.stringify(provider().requests.at(-1)?.body)).toContain(PIXEL);
  });

  it('sends the model and the key of the provider, and not its own', async () => {
    provider().answer(answerAs(dialect, 'text'));
    await ask(surfaces, dialect, {});
    const { body, headers, path } = provider().requests.at(-1) ?? {};
    expect(dialect === 'gemini' ? path : body?.model).toContain('upstream-model');
    expect(JSON.stringify(headers)).toContain('provider-secret-key');
    expect(JSON.stringify(headers)).not.toContain('skein_test_key');
  });
});

describe('embeddings', () => {
  it.each(['openai', 'gemini'] as const)('come from a provider of %s, as floats and in base64', async (dialect) => {
    surfaces.providers[dialect].answer(answerAs(dialect, 'text'));
    const model = `${dialect}-vectors`;
    // The client asks for base64 by itself, and makes numbers of it.
    const { data } = await surfaces.openai.embeddings.create({ model, input: ['one', 'two'] });
    const floats = await surfaces.openai.embeddings.create({ model, input: 'one', encoding_format: 'float' });
    expect(data.map(({ embedding }) => [...embedding])).toEqual([
      [0.5, -0.25, 1],
      [0.5, -0.25, 1],
    ]);
    expect(floats.data).toEqual([{ object: 'embedding', index: 0, embedding: [0.5, -0.25, 1] }]);
  });
});

describe('models', () => {
  const names = [...PROVIDER_DIALECTS, 'openai-vectors', 'gemini-vectors', 'default', 'mixed'];

  it('are listed for clients of OpenAI, and found by name', async () => {
    const list = await surfaces.openai.models.list();
    expect(list.data.map(({ id }) => id)).toEqual(names);
    expect(await surfaces.openai.models.retrieve('anthropic')).toMatchObject({
      id: 'anthropic',
      object: 'model',
      owned_by: 'anthropic-provider',
    });
  });

  it('are listed for clients of Anthropic, and found by name', async () => {
    const ids: string[] = [];
    for await (const model of surfaces.anthropic.models.list()) ids.push(model.id);
    expect(ids).toEqual(names);
    expect(await surfaces.anthropic.models.retrieve('mixed')).toMatchObject({ type: 'model', id: 'mixed' });
  });
});
