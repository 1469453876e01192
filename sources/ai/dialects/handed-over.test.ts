import { describe, expect, test } from 'vitest';
import { messagesApi } from '../../../src/surfaces/anthropic/messages-api.ts';
import { chatCompletions } from '../../../src/surfaces/openai/chat.ts';
import { promptOf } from '../ai-sdk/prompt.ts';
import type { JsonObject, ModelMessage, ModelRequest } from '../model.ts';
import { createDialect, DIALECT_NAMES, type DialectName } from './index.ts';

/** Conversations that another provider has begun. */

const target = { model: 'm', maxTokens: 4_000, stream: false, apiKey: 'sk-1' };
const make = (name: DialectName) => createDialect(name, 'https://models.example.com/v1');
const bodyOf = (name: DialectName, call: ModelRequest): JsonObject =>
  JSON.parse(make(name).request(call, target).body) as JsonObject;
const turnsOf = ({ messages, contents, input }: JsonObject) => (messages ?? contents ?? input) as JsonObject[];

describe('an answer that has nothing but the thoughts of another', () => {
  const signature = { dialect: 'another', value: 'sealed' };
  const messages: ModelMessage[] = [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: [{ type: 'reasoning', text: 'Hm.', signature }] },
    { role: 'user', content: 'Go on.' },
  ];

  test.each(DIALECT_NAMES)('is no turn in %s, which takes none without content', (name) => {
    const turns = turnsOf(bodyOf(name, { messages }));
    expect(turns.map(({ role }) => role)).not.toContain(name === 'gemini' ? 'model' : 'assistant');
    expect(JSON.stringify(turns)).toContain('Go on.');
  });

  test('is no turn for packages of the AI SDK', () => {
    const prompt = promptOf({ messages }, { provider: 'mistral', supportedUrls: {} });
    expect(prompt.map(({ role }) => role)).toEqual(['user', 'user']);
  });

  test('is no turn of a question that is passed on to Anthropic', () => {
    const thinking = { type: 'thinking', thinking: 'Hm.', signature: 'skein:gemini::sealed' };
    const given = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: [thinking] },
      { role: 'user', content: 'Go on.' },
    ];
    const { request } = messagesApi.read({ model: 'm', max_tokens: 9, messages: given });
    expect(request.native?.body.messages).toEqual([given[0], given[2]]);
  });

  test('is no turn of a question that is passed on in OpenAI’s format', () => {
    const detail = { type: 'reasoning.text', text: 'Hm.', signature: 'sealed', format: 'anthropic' };
    const given = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: '', reasoning_content: 'Hm.', reasoning_details: [detail] },
      { role: 'user', content: 'Go on.' },
    ];
    const { request } = chatCompletions.read({ model: 'm', messages: given });
    expect(request.native?.body.messages).toEqual([given[0], given[2]]);
  });
});

test('Anthropic is sent no text without a word in it, which it refuses', () => {
  const messages: ModelMessage[] = [
    {
      role: 'user',
      content: [
        { type: 'text', text: '' },
        { type: 'text', text: 'Hi' },
      ],
    },
    { role: 'assistant', content: '' },
    { role: 'user', content: 'Go on.' },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: '' },
        { type: 'tool-call', id: 'c1', name: 'weather', arguments: '{}' },
      ],
    },
    { role: 'tool', content: [{ type: 'tool-result', id: 'c1', content: [{ type: 'text', text: '' }] }] },
  ];
  expect(turnsOf(bodyOf('anthropic', { messages }))).toEqual([
    { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
    { role: 'user', content: 'Go on.' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'c1', name: 'weather', input: {} }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', content: [] }] },
  ]);
});
