import { describe, expect, test } from 'vitest';
import { capabilitiesOf, estimateInputTokens, incapable, needsOf, unmet } from './capabilities.ts';
import { CATALOGUE } from './catalogue.ts';
import type { DialectName } from './dialects/index.ts';
import type { ContentPart, ModelRequest } from './model.ts';

const ask = (over: Partial<ModelRequest>, ...content: ContentPart[]): ModelRequest => ({
  messages: [{ role: 'user', content: content.length === 0 ? 'Hi' : content }],
  ...over,
});
const image: ContentPart = { type: 'image', source: { type: 'url', url: 'https://a.example/b.png' } };
const refusal = (dialect: DialectName, modelId: string, request: ModelRequest, lacks = CATALOGUE.openai?.lacks) => {
  const need = unmet(needsOf(request), capabilitiesOf({ dialect, modelId, lacks }));
  return need && incapable('mine', need).message;
};

describe('a model is not asked for what it cannot', () => {
  test.each([
    ['anthropic', 'claude-haiku-4-5', { seed: 1 }, /^"seed" .* "mine" .*no seed/],
    ['anthropic', 'claude-3-5-haiku-latest', { reasoning: { effort: 'low' } }, /^"reasoning"/],
    ['anthropic', 'claude-opus-4-7', { temperature: 0 }, /^"temperature"/],
    ['openai-responses', 'gpt-4.1', { stop: ['x'] }, /^"stop"/],
    ['openai', 'o3-mini', { temperature: 0 }, /^"temperature"/],
    ['openai', 'gpt-5-mini', { topP: 0.5 }, /^"topP"/],
    ['openai', 'gpt-4o-mini', { reasoning: { effort: 'low' } }, /^"reasoning"/],
    ['openai', 'gpt-4-turbo', { output: { name: 'a', schema: {} } }, /^"output"/],
    ['openai', 'text-embedding-3-small', {}, /^"model" .*cannot chat/],
  ] as const)('%s %s: %j', (dialect, modelId, over, message) => {
    expect(refusal(dialect, modelId, ask(over))).toMatch(message);
  });

  test('and is asked for all that nobody knows of', () => {
    const everything = ask(
      {
        tools: [{ name: 't', parameters: {} }],
        output: { name: 'a', schema: {} },
        reasoning: { effort: 'low' },
        temperature: 0,
        stop: ['x'],
        seed: 1,
        logprobs: 1,
      },
      image,
    );
    expect(refusal('openai', 'my-own-model', everything)).toBeUndefined();
    expect(refusal('openai', 'gpt-4.1-mini', ask({ temperature: 0 }, image))).toBeUndefined();
    expect(refusal('anthropic', 'claude-haiku-4-5', ask({ reasoning: { effort: 'low' } }))).toBeUndefined();
    expect(refusal('openai', 'gpt-4o', ask({ reasoning: { effort: 'none' } }))).toBeUndefined();
  });

  test('which is told with its place in the conversation', () => {
    expect(
      refusal('openai', 'deepseek-chat', ask({}, { type: 'text', text: 'a' }, image), CATALOGUE.deepseek?.lacks),
    ).toBe('"messages[0].content[1]" asks for more than the model "mine" can: it cannot see images.');
  });

  test('and the configuration has the last word', () => {
    const traits = { dialect: 'openai', modelId: 'gpt-4o' } as const;
    expect(capabilitiesOf({ ...traits, given: { reasoning: true, images: false } })).toMatchObject({
      reasoning: true,
      images: false,
      tools: true,
    });
  });
});

test('a request is reckoned by its characters, and media by their number', () => {
  expect(estimateInputTokens(ask({ system: 'abcd' }, { type: 'text', text: 'abcdefgh' }, image))).toBe(1_003);
});

test('the catalogue has addresses that can be called', () => {
  for (const [name, { endpoint, dialect }] of Object.entries(CATALOGUE)) {
    if (name === 'azure' || dialect === 'ai-sdk') expect(endpoint).toBeUndefined();
    else expect(new URL(endpoint ?? '').protocol).toMatch(/^https?:$/);
    expect(['openai', 'anthropic', 'gemini', 'ai-sdk']).toContain(dialect);
  }
});
