import { describe, expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import type { Problem } from '../../kernel/problem.ts';
import { createModels } from './model-client.ts';
import { type AiOptions, modelOptions, providerOptions } from './options.ts';

const provider = (over: object = {}) =>
  providerOptions.parse({ dialect: 'openai', endpoint: 'http://127.0.0.1:9/v1', ...over });
const model = (name: string) => modelOptions.parse({ provider: name, model: `${name}-upstream` });

function load(options: Partial<AiOptions>) {
  const problems: Problem[] = [];
  const report = (problem: Problem) => void problems.push(problem);
  const models = createModels({ providers: {}, models: {}, routes: {}, ...options }, { log: silentLog, report });
  onTestFinished(() => models.dispose());
  return { models, problems };
}

describe('names', () => {
  const options: AiOptions = {
    providers: { paid: provider({ apiKey: '' }), local: provider(), keyed: provider({ apiKey: 'k' }) },
    models: { gpt: model('paid'), llama: model('local'), claude: model('keyed') },
    routes: { default: ['gpt', 'llama', 'claude'], best: ['gpt'] },
  };

  test('are those whose provider has a key or needs none', () => {
    const { models, problems } = load(options);
    expect(models.list().map(({ name, provider: of }) => ({ name, provider: of }))).toEqual([
      { name: 'llama', provider: 'local' },
      { name: 'claude', provider: 'keyed' },
      { name: 'default', provider: undefined },
    ]);
    expect(models.names()).toEqual(['llama', 'claude', 'default']);
    expect(problems).toEqual([]);
  });

  test('resolve to a model; a route to its first that is available', () => {
    const { models } = load(options);
    expect(models.resolve()).toEqual({ name: 'llama', provider: 'local', modelId: 'local-upstream', maxTokens: 4096 });
    expect(models.resolve('claude').modelId).toBe('keyed-upstream');
  });

  test('that are not there are refused, with the nearest that is', () => {
    const { models } = load(options);
    expect(() => models.resolve('lama')).toThrow(
      expect.objectContaining({
        code: 'MODEL_NOT_FOUND',
        message: 'There is no model or route "lama". Did you mean "llama"?',
      }),
    );
    expect(() => models.resolve('gpt')).toThrow(expect.objectContaining({ code: 'MODEL_NOT_FOUND' }));
    expect(() => load({}).models.resolve()).toThrow(expect.objectContaining({ code: 'MODEL_NOT_FOUND' }));
  });

  test('that wait for a key say so to their operator', () => {
    const { models } = load(options);
    expect(models.unavailable('gpt')).toMatch(/"paid" has no key/);
    expect(models.unavailable('best')).toMatch(/route "best" is not available/);
    expect(models.unavailable('llama')).toBeUndefined();
    expect(models.unavailable('nothing')).toBeUndefined();
  });
});

test('mistakes are told all at once, each at its place', () => {
  const { problems } = load({
    providers: {
      openai: provider({ apiKey: 'sk-1\n' }),
      odd: provider({ endpoint: 'http://127.0.0.1:9/v1?a=b', headers: { connection: 'close' } }),
    },
    models: { gpt: model('opnai'), fine: model('openai') },
    routes: { default: ['gtp', 'fine'], fine: ['fine'] },
  });
  expect(problems.map(({ path, message }) => [path?.join('.'), message])).toEqual([
    ['providers.openai.apiKey', 'The key has characters that cannot be sent in a header.'],
    ['providers.odd.headers.connection', expect.any(String)],
    ['providers.odd.endpoint', expect.any(String)],
    ['models.gpt.provider', 'There is no provider "opnai". Did you mean "openai"?'],
    ['routes.default.0', 'There is no model "gtp". Did you mean "gpt"?'],
    ['routes.fine', '"fine" is a model already: a route needs its own name.'],
  ]);
  expect(JSON.stringify(problems)).not.toContain('sk-1');
});

test('the probe rejects only when no provider can be reached', async () => {
  const { signal } = new AbortController();
  const { models } = load({ providers: { gone: provider({ endpoint: 'http://127.0.0.1:1' }) } });
  await expect(models.probe(signal)).rejects.toThrow();
  await expect(load({}).models.probe(signal)).resolves.toBeUndefined();
});
