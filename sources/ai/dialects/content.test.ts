import { describe, expect, test } from 'vitest';
import type { ContentPart, ModelMessage, ModelRequest } from '../model.ts';
import { claudeGeneration } from './claude-models.ts';
import { createDialect, DIALECT_NAMES, type DialectName } from './index.ts';

const target = { model: 'm', maxTokens: 4_000, stream: false, apiKey: 'sk-1' };
const bodyOf = (name: DialectName, call: ModelRequest, model = 'm') =>
  JSON.parse(createDialect(name, 'https://models.example.com/v1').request(call, { ...target, model }).body);
const user = (...content: ContentPart[]): ModelRequest => ({ messages: [{ role: 'user', content }] });

const text: ContentPart = { type: 'text', text: 'What is it?' };
const image: ContentPart = { type: 'image', source: { type: 'base64', mediaType: 'image/png', data: 'iVBO' } };
const linked: ContentPart = { type: 'image', source: { type: 'url', url: 'https://a.example/b.png' } };
const pdf: ContentPart = {
  type: 'file',
  name: 'a.pdf',
  source: { type: 'base64', mediaType: 'application/pdf', data: 'JVBE' },
};

describe.each(DIALECT_NAMES)('in %s', (name) => {
  test('text, images and files stand in one message', () => {
    const { messages, contents, input } = bodyOf(name, user(text, image, linked, pdf));
    expect((messages ?? contents ?? input)[0]).toMatchSnapshot();
  });

  test('a part where none of its kind can stand is refused with its place', () => {
    const wrong: ModelMessage[] = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: [text, image] },
    ];
    expect(() => bodyOf(name, { messages: wrong })).toThrow(
      expect.objectContaining({
        code: 'BAD_USER_INPUT',
        message: expect.stringMatching(/"messages\[1\].content\[1\]" is a part of type image/),
      }),
    );
    expect(() =>
      bodyOf(name, {
        messages: [
          { role: 'user', content: 'Hi' },
          { role: 'system', content: [image] },
        ],
      }),
    ).toThrow(/messages\[1\]/);
  });

  test('extras of it are sent as they are, and those of others are not', () => {
    const call = {
      ...user({ ...text, extras: { [name]: { mark: 1 }, other: { mark: 2 } } }),
      extras: { [name]: { custom: { a: [1] } }, other: { custom: 2 } },
    };
    const body = bodyOf(name, call);
    expect(body.custom).toEqual({ a: [1] });
    expect(JSON.stringify(body).match(/"mark":\d/g)).toEqual(['"mark":1']);
  });

  test.each(['model', 'stream', 'n'])('extras cannot set %s', (field) => {
    const call = { ...user(text), extras: { [name]: { [field]: 2 } } };
    expect(() => bodyOf(name, call)).toThrow(`"extras.${name}.${field}" cannot be set.`);
  });

  test('thoughts of another dialect stay away', () => {
    const signature = { dialect: 'other', value: 'sig' };
    const messages: ModelMessage[] = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: [{ type: 'reasoning', text: 'my thoughts', signature }, text] },
      { role: 'user', content: 'And?' },
    ];
    const body = JSON.stringify(bodyOf(name, { messages }));
    expect(body).not.toMatch(/my thoughts|sig"/);
    expect(body).toContain('What is it?');
  });
});

test.each(DIALECT_NAMES)('a turn of nothing but thoughts of another dialect stays away: %s', (name) => {
  const thought: ContentPart = { type: 'reasoning', text: 'hm', signature: { dialect: 'other', value: 'sig' } };
  const messages: ModelMessage[] = [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: [thought] },
    { role: 'user', content: 'And?' },
  ];
  const { messages: turns, contents, input } = bodyOf(name, { messages });
  const roles = (turns ?? contents ?? input).map(({ role }: { readonly role: string }) => role);
  expect(roles).toEqual(['user', 'user']);
});

test('thoughts of Anthropic go back as they came', () => {
  const signature = { dialect: 'anthropic', value: 'sig' };
  const content: ContentPart[] = [
    { type: 'reasoning', text: 'hm', signature },
    { type: 'reasoning', text: '', signature: { ...signature, value: 'data', isRedacted: true } },
    text,
  ];
  const { messages } = bodyOf('anthropic', { messages: [{ role: 'assistant', content }] });
  expect(messages[0].content).toEqual([
    { type: 'thinking', thinking: 'hm', signature: 'sig' },
    { type: 'redacted_thinking', data: 'data' },
    { type: 'text', text: 'What is it?' },
  ]);
});

describe('reasoning in anthropic', () => {
  const ask = (over: Partial<ModelRequest>, model = 'claude-haiku-4-5') =>
    bodyOf('anthropic', { ...user(text), ...over }, model);

  test('is counted in tokens that come on top of the answer where the caller sets no limit', () => {
    expect(ask({ reasoning: { effort: 'low' } })).toMatchObject({
      max_tokens: 6_048,
      thinking: { type: 'enabled', budget_tokens: 2_048 },
    });
    expect(ask({ reasoning: { budgetTokens: 1_500 }, maxTokens: 2_000 })).toMatchObject({
      max_tokens: 2_000,
      thinking: { budget_tokens: 1_500 },
    });
    expect(ask({ reasoning: { effort: 'high' }, maxTokens: 3_000 }).thinking.budget_tokens).toBe(2_999);
    expect(ask({ reasoning: { effort: 'none' } }).thinking).toEqual({ type: 'disabled' });
  });

  test('is an effort for models that decide themselves', () => {
    expect(ask({ reasoning: { effort: 'minimal' } }, 'claude-opus-4-7')).toMatchObject({
      thinking: { type: 'adaptive' },
      output_config: { effort: 'low' },
    });
    expect(ask({ reasoning: { effort: 'none' } }, 'claude-opus-4-7')).not.toHaveProperty('thinking');
    const budget = { reasoning: { budgetTokens: 2_000 } };
    expect(ask(budget, 'claude-sonnet-4-6').thinking).toEqual({ type: 'enabled', budget_tokens: 2_000 });
    expect(() => ask(budget, 'claude-sonnet-5')).toThrow(/"reasoning.budgetTokens"/);
  });

  test.each([
    ['claude-opus-4-7', 4.7],
    ['claude-sonnet-4-20250514', 4],
    ['claude-3-5-haiku-latest', 3.5],
    ['claude-2', 2],
    ['claude-next', Number.POSITIVE_INFINITY],
  ])('is asked for as the generation of %s takes it', (model, generation) => {
    expect(claudeGeneration(model)).toBe(generation);
  });

  test.each([
    ['maxTokens', { reasoning: { budgetTokens: 2_000 }, maxTokens: 2_000 }],
    ['reasoning.budgetTokens', { reasoning: { budgetTokens: 100 } }],
    ['temperature', { reasoning: { effort: 'low' }, temperature: 0 }],
    ['toolChoice', { reasoning: { effort: 'low' }, toolChoice: 'required', tools: [{ name: 't', parameters: {} }] }],
    ['reasoning', { reasoning: { effort: 'low' }, output: { name: 'a', schema: {} } }],
    ['logprobs', { logprobs: 1 }],
  ] as const)('refuses %s where it cannot be', (parameter, over) => {
    expect(() => ask(over)).toThrow(expect.objectContaining({ message: expect.stringContaining(`"${parameter}"`) }));
  });
});

test('the format of chat completions has no files by address and no images from tools', () => {
  const url = { type: 'url', url: 'https://a.example/b.pdf' } as const;
  expect(() => bodyOf('openai', user({ type: 'file', source: url }))).toThrow(/"messages\[0\].content\[0\]"/);
  const result: ContentPart = { type: 'tool-result', id: 'a', content: [{ type: 'image', source: url }] };
  expect(() => bodyOf('openai', { messages: [{ role: 'tool', content: [result] }] })).toThrow(/image/);
});

test('a provider may have its own words', () => {
  const quirks = { auth: 'api-key', maxTokensField: 'max_completion_tokens', seedField: 'random_seed' } as const;
  const dialect = createDialect('openai', 'https://models.example.com/v1', { ...quirks, hasNoStreamOptions: true });
  const { headers, body } = dialect.request({ ...user(text), maxTokens: 5, seed: 1 }, { ...target, stream: true });
  expect(headers).toMatchObject({ 'api-key': 'sk-1' });
  expect(headers).not.toHaveProperty('authorization');
  expect(JSON.parse(body)).toMatchObject({ max_completion_tokens: 5, random_seed: 1, stream: true });
  expect(JSON.parse(body)).not.toHaveProperty('stream_options');
});
