import { describe, expect, test } from 'vitest';
import { messagesApi } from '../../../src/surfaces/anthropic/messages-api.ts';
import { chatCompletions } from '../../../src/surfaces/openai/chat.ts';
import { promptOf } from '../ai-sdk/prompt.ts';
import { CATALOGUE } from '../catalogue.ts';
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

describe('ids of calls that another provider has made', () => {
  const LONG = `chatcmpl-tool-${'0123456789abcdef'.repeat(4)}`;
  const KIMI = 'functions.weather:0';
  const messages: ModelMessage[] = [
    { role: 'user', content: 'Where is it colder?' },
    {
      role: 'assistant',
      content: [
        { type: 'tool-call', id: LONG, name: 'weather', arguments: '{}' },
        { type: 'tool-call', id: KIMI, name: 'weather', arguments: '{}' },
      ],
    },
    {
      role: 'tool',
      content: [
        { type: 'tool-result', id: KIMI, content: '-9' },
        { type: 'tool-result', id: LONG, content: '-4' },
      ],
    },
  ];
  const told = [
    { role: 'user', content: 'Where is it colder?' },
    {
      role: 'assistant',
      content: null,
      tool_calls: [LONG, KIMI].map((id) => ({ id, type: 'function', function: { name: 'weather', arguments: '{}' } })),
    },
    { role: 'tool', tool_call_id: KIMI, content: '-9' },
    { role: 'tool', tool_call_id: LONG, content: '-4' },
  ];
  const toldToAnthropic = [
    told[0],
    { role: 'assistant', content: [LONG, KIMI].map((id) => ({ type: 'tool_use', id, name: 'weather', input: {} })) },
    { role: 'user', content: [KIMI, LONG].map((id) => ({ type: 'tool_result', tool_use_id: id, content: '-9' })) },
  ];
  const toldInItems = [
    ...[LONG, KIMI].map((call_id) => ({ type: 'function_call', call_id, name: 'weather', arguments: '{}' })),
    ...[KIMI, LONG].map((call_id) => ({ type: 'function_call_output', call_id, output: '-9' })),
  ];

  interface Case {
    readonly dialect: DialectName;
    readonly endpoint: string;
    readonly preset?: string;
    readonly model?: string;
    readonly form: RegExp;
    readonly body: JsonObject;
  }
  const CASES: Readonly<Record<string, Case>> = {
    Mistral: {
      dialect: 'openai',
      endpoint: 'https://api.mistral.ai/v1',
      preset: 'mistral',
      form: /^[a-zA-Z0-9]{9}$/,
      body: { messages: told },
    },
    OpenAI: { dialect: 'openai', endpoint: 'https://api.openai.com/v1', form: /^.{1,40}$/, body: { messages: told } },
    'OpenAI’s responses': {
      dialect: 'openai-responses',
      endpoint: 'https://api.openai.com/v1',
      form: /^.{1,64}$/,
      body: { input: toldInItems },
    },
    Anthropic: {
      dialect: 'anthropic',
      endpoint: 'https://api.anthropic.com/v1',
      model: 'claude-haiku-4-5',
      form: /^[a-zA-Z0-9_-]{1,64}$/,
      body: { messages: toldToAnthropic },
    },
  };
  const idsIn = (json: string) =>
    [...json.matchAll(/"(?:id|tool_call_id|tool_use_id|call_id)":"([^"]*)"/g)].map(([, id]) => id);

  describe.each(Object.entries(CASES))('for %s', (_, { dialect, endpoint, preset, model = 'm', form, body }) => {
    const own = createDialect(dialect, endpoint, preset === undefined ? {} : CATALOGUE[preset]?.quirks);
    const asked = { ...target, model };
    const native = { dialect, body, headers: {}, wantsUsage: true, refusal: () => undefined };
    const bodies = () => [
      own.request({ messages }, asked).body,
      own.request({ messages }, asked).body,
      own.native?.request(native, asked).body ?? '',
    ];

    test('fit, and are the same for the call and its result, every time', () => {
      for (const json of bodies()) {
        const [first, second, third, fourth, ...more] = idsIn(json);
        expect([third, fourth, more]).toEqual([second, first, []]);
        expect(first).not.toBe(second);
        for (const id of [first, second]) expect(id).toMatch(form);
        expect(idsIn(json)).toEqual(idsIn(bodies()[0] ?? ''));
      }
    });

    test('are left as they are where they fit', () => {
      const fit = JSON.stringify({ messages, body }).replaceAll(LONG, 'abcdefghi').replaceAll(KIMI, 'ABCDEFGH9');
      const { messages: ours, body: theirs } = JSON.parse(fit) as { messages: ModelMessage[]; body: JsonObject };
      const expected = ['abcdefghi', 'ABCDEFGH9', 'ABCDEFGH9', 'abcdefghi'];
      expect(idsIn(own.request({ messages: ours }, asked).body)).toEqual(expected);
      expect(idsIn(own.native?.request({ ...native, body: theirs }, asked).body ?? '')).toEqual(expected);
    });
  });

  test('stay those of servers of other makers, which may read them', () => {
    const kimi = createDialect('anthropic', 'https://api.moonshot.ai/anthropic/v1');
    const asked = { ...target, model: 'kimi-k2' };
    expect(idsIn(kimi.request({ messages }, asked).body)).toContain(KIMI);
    expect(idsIn(make('openai').request({ messages }, target).body)).toContain(LONG);
  });

  test.each([
    ['mistral.chat', /^[a-zA-Z0-9]{9}$/],
    ['amazon-bedrock', /^[a-zA-Z0-9_-]{1,64}$/],
    ['azure.responses', /^.{1,40}$/],
  ])('fit for the package of %s', (provider, form) => {
    const prompt = promptOf({ messages }, { provider, supportedUrls: {} });
    const ids = [...JSON.stringify(prompt).matchAll(/"toolCallId":"([^"]*)"/g)].map(([, id]) => id);
    expect(ids).toEqual([ids[0], ids[1], ids[1], ids[0]]);
    for (const id of ids) expect(id).toMatch(form);
  });
});

describe('calls that Gemini has not signed, as it wants those of the turn that is under way', () => {
  const called = (...ids: string[]): ModelMessage => ({
    role: 'assistant',
    content: ids.map((id) => ({ type: 'tool-call', id, name: 'weather', arguments: '{}' })),
  });
  const told = (...ids: string[]): ModelMessage => ({
    role: 'tool',
    content: ids.map((id) => ({ type: 'tool-result', id, content: '-9' })),
  });
  const signed: ModelMessage = {
    role: 'assistant',
    content: [
      {
        type: 'tool-call',
        id: 'e',
        name: 'weather',
        arguments: '{}',
        signature: { dialect: 'gemini', value: 'own' },
      },
    ],
  };
  const messages: ModelMessage[] = [
    { role: 'user', content: 'Where is it colder?' },
    called('a'),
    told('a'),
    { role: 'assistant', content: 'In Oslo.' },
    { role: 'user', content: 'And today?' },
    called('b', 'c'),
    told('b', 'c'),
    called('d'),
    told('d'),
    signed,
    told('e'),
  ];
  const signaturesFor = (model: string) => {
    const { contents } = JSON.parse(make('gemini').request({ messages }, { ...target, model }).body) as {
      contents: { parts: { functionCall?: { id: string }; thoughtSignature?: string }[] }[];
    };
    const calls = contents.flatMap(({ parts }) => parts).filter(({ functionCall }) => functionCall !== undefined);
    return calls.map(({ functionCall, thoughtSignature }) => [functionCall?.id, thoughtSignature]);
  };

  test('go with the word that it takes instead, once for each step', () => {
    const skip = 'skip_thought_signature_validator';
    expect(signaturesFor('gemini-3-pro-preview')).toEqual([
      ['a', undefined],
      ['b', skip],
      ['c', undefined],
      ['d', skip],
      ['e', 'own'],
    ]);
  });

  test('go as they are to models that want none', () => {
    expect(signaturesFor('gemini-2.5-flash').filter(([, signature]) => signature !== undefined)).toEqual([
      ['e', 'own'],
    ]);
  });
});

describe.each(['deepseek', 'moonshot'])(
  'thoughts of %s, which wants them back with the calls that they led to',
  (preset) => {
    const { endpoint = '', quirks } = CATALOGUE[preset] ?? {};
    const own = createDialect('openai', endpoint, quirks);
    const call = { type: 'tool-call', id: 'c1', name: 'weather', arguments: '{}' } as const;
    const asked = (...content: Exclude<ModelMessage['content'], string>) => {
      const messages: ModelMessage[] = [
        { role: 'user', content: 'Where is it colder?' },
        { role: 'assistant', content },
        { role: 'tool', content: [{ type: 'tool-result', id: 'c1', content: '-9' }] },
      ];
      return turnsOf(JSON.parse(own.request({ messages }, target).body) as JsonObject)[1];
    };

    test('go back to it as they came', () => {
      const answer = own.parse(
        {
          choices: [
            {
              message: {
                content: '',
                reasoning_content: 'Let me look.',
                tool_calls: [{ id: 'c1', function: { name: 'weather', arguments: '{}' } }],
              },
              finish_reason: 'tool_calls',
            },
          ],
        },
        { messages: [] },
      );
      expect(asked(...(answer.content ?? []))).toMatchObject({ reasoning_content: 'Let me look.', tool_calls: [{}] });
    });

    test('are made up for where they were another’s, which it could not read', () => {
      const signature = { dialect: 'anthropic', value: 'sealed' };
      expect(asked({ type: 'reasoning', text: 'Hm.', signature }, call)).toMatchObject({ reasoning_content: '.' });
      expect(asked(call)).toMatchObject({ reasoning_content: '.' });
      expect(asked({ type: 'text', text: 'In Oslo.' })).not.toHaveProperty('reasoning_content');
    });

    test('are for nobody else', () => {
      const messages: ModelMessage[] = [{ role: 'assistant', content: [{ type: 'reasoning', text: 'Hm.' }, call] }];
      expect(JSON.stringify(bodyOf('openai', { messages }))).not.toContain('reasoning_content');
    });
  },
);
