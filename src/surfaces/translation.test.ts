import { describe, expect, it } from 'vitest';
import { createDialect, PROVIDER_DIALECTS, type ProviderDialect } from '../../sources/ai/dialects/index.ts';
import type { JsonObject, ModelRequest, ModelResponse } from '../../sources/ai/model.ts';
import { messagesApi } from './anthropic/messages-api.ts';
import type { Failure } from './failure.ts';
import type { ChatFormat } from './format.ts';
import { chatCompletions } from './openai/chat.ts';
import { responses } from './openai/responses.ts';

const BASE: Readonly<Record<string, readonly [ChatFormat, JsonObject]>> = {
  openai: [chatCompletions, { model: 'm', messages: [{ role: 'user', content: 'Hi' }] }],
  'openai-responses': [responses, { model: 'm', input: 'Hi' }],
  anthropic: [messagesApi, { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }],
};
type Client = 'openai' | 'openai-responses' | 'anthropic';

function read(client: Client, more: JsonObject) {
  const [format, base] = BASE[client] as readonly [ChatFormat, JsonObject];
  return format.read({ ...base, ...more });
}

/** Dialects that refuse the question, with what they refuse it for. */
function refusals(client: Client, more: JsonObject): Record<string, string> {
  const { translation } = read(client, more);
  const told = PROVIDER_DIALECTS.map((dialect): [string, string | undefined] => [
    dialect,
    dialect === client ? undefined : translation.refusal(dialect)?.message,
  ]);
  return Object.fromEntries(told.filter((entry): entry is [ProviderDialect, string] => entry[1] !== undefined));
}

const reason = (parameter: string) =>
  `"${parameter}" is not taken by this model, whose provider speaks another format.`;
const all = (client: Client, parameter: string) =>
  Object.fromEntries(
    PROVIDER_DIALECTS.filter((dialect) => dialect !== client).map((dialect) => [dialect, reason(parameter)]),
  );

/** As models of both tell it of their own calls. */
const CALLED = { name: 'weather', caller: { type: 'direct' } };

describe('what only one format has', () => {
  it.each<[Client, JsonObject, string]>([
    ['openai', { n: 2 }, 'n'],
    ['openai', { logit_bias: { 1: 2 } }, 'logit_bias'],
    ['openai', { prediction: { type: 'content', content: 'x' } }, 'prediction'],
    ['openai', { modalities: ['text', 'audio'] }, 'modalities'],
    ['openai', { web_search_options: {} }, 'web_search_options'],
    ['openai', { store: true }, 'store'],
    ['openai', { service_tier: 'flex' }, 'service_tier'],
    ['openai', { reasoning_effort: 'xhigh' }, 'reasoning_effort'],
    ['openai', { tools: [{ type: 'custom', custom: { name: 'x' } }] }, 'tools[0].type'],
    [
      'openai',
      {
        messages: [{ role: 'assistant', tool_calls: [{ id: 'c', type: 'custom', custom: { name: 'x', input: 'y' } }] }],
      },
      'messages[0].tool_calls[0].type',
    ],
    [
      'openai',
      { messages: [{ role: 'tool', tool_call_id: 'c', content: [{ type: 'file', file: { file_data: 'JVBE' } }] }] },
      'messages[0].content',
    ],
    ['openai', { tool_choice: { type: 'allowed_tools', allowed_tools: {} } }, 'tool_choice'],
    ['openai', { tool_choice: 'any' }, 'tool_choice'],
    ['openai', { response_format: { type: 'grammar', grammar: 'x' } }, 'response_format'],
    ['openai', { functions: [{ name: 'x' }] }, 'functions'],
    ['openai', { messages: [{ role: 'user', content: 'x', name: 'ada' }] }, 'messages[0].name'],
    [
      'openai',
      { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'f' } }] }] },
      'messages[0].content[0].file.file_id',
    ],
    ['openai-responses', { previous_response_id: 'r' }, 'previous_response_id'],
    ['openai-responses', { prompt: { id: 'p' }, input: undefined }, 'prompt'],
    ['openai-responses', { tool_choice: 'any' }, 'tool_choice'],
    ['openai-responses', { text: { format: { type: 'grammar' } } }, 'text.format'],
    ['openai-responses', { store: true }, 'store'],
    ['openai-responses', { truncation: 'auto' }, 'truncation'],
    ['openai-responses', { include: ['file_search_call.results'] }, 'include'],
    ['openai-responses', { tools: [{ type: 'web_search' }] }, 'tools[0].type'],
    ['openai-responses', { input: [{ type: 'item_reference', id: 'x' }] }, 'input[0].type'],
    ['openai-responses', { conversation: 'c' }, 'conversation'],
    ['anthropic', { mcp_servers: [{ url: 'x' }] }, 'mcp_servers'],
    ['anthropic', { max_tokens: 0 }, 'max_tokens'],
    ['anthropic', { thinking: { type: 'between_tools' } }, 'thinking.type'],
    ['anthropic', { tool_choice: { type: 'another' } }, 'tool_choice.type'],
    ['anthropic', { container: 'c' }, 'container'],
    ['anthropic', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'tools[0].type'],
    ['anthropic', { output_config: { effort: 'max' } }, 'output_config.effort'],
    [
      'anthropic',
      { thinking: { type: 'enabled', budget_tokens: 2_000 }, output_config: { effort: 'low' } },
      'output_config.effort',
    ],
    [
      'anthropic',
      { messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'file', file_id: 'f' } }] }] },
      'messages[0].content[0].source.type',
    ],
    [
      'anthropic',
      { messages: [{ role: 'user', content: [{ type: 'text', text: 'x', citations: [1] }] }] },
      'messages[0].content[0].citations',
    ],
    ['anthropic', { a_new_field: 0 }, 'a_new_field'],
  ])('of %s, as in %j, is refused by name by all others', (client, more, parameter) => {
    expect(refusals(client, more)).toEqual(all(client, parameter));
  });

  it.each<[Client, JsonObject, readonly string[]]>([
    ['openai', { presence_penalty: 0.5 }, ['openai-responses', 'anthropic']],
    ['openai', { response_format: { type: 'json_object' } }, ['anthropic']],
    ['openai', { logprobs: true }, ['anthropic', 'gemini', 'ai-sdk']],
    ['openai', { top_logprobs: 3 }, ['openai-responses', 'anthropic', 'gemini', 'ai-sdk']],
    ['openai-responses', { text: { verbosity: 'low' } }, ['anthropic', 'gemini', 'ai-sdk']],
    ['anthropic', { top_k: 5 }, ['openai', 'openai-responses']],
  ])('and some others too, as in %s with %j, is refused by %j alone', (client, more, dialects) => {
    expect(Object.keys(refusals(client, more))).toEqual(dialects);
  });

  it.each<[Client, JsonObject]>([
    [
      'openai',
      {
        n: 1,
        store: false,
        presence_penalty: 0,
        service_tier: 'auto',
        modalities: ['text'],
        logprobs: false,
        top_logprobs: 0,
      },
    ],
    ['openai', { logit_bias: {}, temperature: null, tools: [], functions: [], stop: [], metadata: { team: 'a' } }],
    ['openai', { messages: [{ role: 'assistant', content: 'x', refusal: null, annotations: [], audio: null }] }],
    ['openai-responses', { store: false, background: false, truncation: 'disabled', reasoning: { summary: 'auto' } }],
    ['openai-responses', { include: ['reasoning.encrypted_content'], previous_response_id: null }],
    ['anthropic', { service_tier: 'auto', thinking: { type: 'adaptive' }, metadata: {} }],
    ['anthropic', { system: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }] }],
    [
      'anthropic',
      { messages: [{ role: 'assistant', content: [{ type: 'tool_use', ...CALLED, id: 'c', input: {} }] }] },
    ],
    [
      'openai-responses',
      {
        input: [
          { type: 'function_call', ...CALLED, call_id: 'c', arguments: '{}' },
          { type: 'message', role: 'assistant', phase: 'final_answer', content: 'x' },
        ],
      },
    ],
  ])('but asks for nothing in particular, as in %s with %j, is refused by nobody', (client, more) => {
    expect(refusals(client, more)).toEqual({});
  });
});

it('a hint of one format is told as ignored where another has nothing like it, and translated where it has', () => {
  const metadata = { team: 'a' };
  for (const client of ['openai', 'openai-responses'] as const) {
    const { translation, request } = read(client, { metadata });
    const others = PROVIDER_DIALECTS.filter((dialect) => dialect !== client);
    const ignoring = others.filter((dialect) => {
      expect(translation.refusal(dialect)).toBeUndefined();
      return translation.ignored().includes('metadata');
    });
    expect(ignoring).toEqual(others.filter((dialect) => dialect !== 'openai-responses'));
    if (client === 'openai') expect(request.extras?.['openai-responses']).toEqual({ metadata });
  }
});

describe('canonical requests', () => {
  const canonical = (client: Client, more: JsonObject): Partial<ModelRequest> => {
    const { native: _, ...request } = read(client, more).request;
    return JSON.parse(JSON.stringify(request)) as Partial<ModelRequest>;
  };
  const tool = { name: 'weather', description: 'd', parameters: { type: 'object' } };

  it('are the same for the same question in all formats', () => {
    const limits = { maxTokens: 50, temperature: 0.5, topP: 0.9 };
    const asked = [
      canonical('openai', {
        max_completion_tokens: 50,
        ...{ temperature: 0.5, top_p: 0.9, parallel_tool_calls: false, tool_choice: 'required' },
        tools: [{ type: 'function', function: tool }],
      }),
      canonical('openai-responses', {
        max_output_tokens: 50,
        ...{ temperature: 0.5, top_p: 0.9, parallel_tool_calls: false, tool_choice: 'required' },
        tools: [{ type: 'function', ...tool }],
      }),
      canonical('anthropic', {
        max_tokens: 50,
        ...{ temperature: 0.5, top_p: 0.9, tool_choice: { type: 'any', disable_parallel_tool_use: true } },
        tools: [{ name: 'weather', description: 'd', input_schema: { type: 'object' } }],
      }),
    ];
    for (const request of asked)
      expect(request).toEqual({
        ...limits,
        messages: [{ role: 'user', content: 'Hi' }],
        tools: [tool],
        toolChoice: 'required',
        parallelToolCalls: false,
      });
  });
});

it('an image among the results of a tool stays there, for providers that take it', () => {
  const url = 'data:image/png;base64,iVBORw0KGgo=';
  const content = [
    { type: 'text', text: 'Here.' },
    { type: 'image_url', image_url: { url } },
  ];
  const { request } = read('openai', { messages: [{ role: 'tool', tool_call_id: 'c', content }] });
  expect(request.messages[0]?.content).toMatchObject([
    { type: 'tool-result', content: [{ text: 'Here.' }, { type: 'image', source: { data: 'iVBORw0KGgo=' } }] },
  ]);
});

it('an image may be its address alone, as clients of Mistral write it', () => {
  const url = 'https://a.example/b.png';
  const { request } = read('openai', {
    messages: [{ role: 'user', content: [{ type: 'image_url', image_url: url }] }],
  });
  expect(request.messages[0]?.content).toEqual([{ type: 'image', source: { type: 'url', url } }]);
  expect(request.native?.refusal('anthropic')).toBeUndefined();
});

it('thoughts that are pieces of an answer, as Mistral writes them, hinder nobody else', () => {
  const content = [
    { type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }], closed: true },
    { type: 'text', text: 'Done' },
  ];
  const { request } = read('openai', { messages: [{ role: 'assistant', content }] });
  expect(request.messages[0]?.content).toEqual([
    { type: 'reasoning', text: 'Hm.' },
    { type: 'text', text: 'Done' },
  ]);
  expect(request.native?.refusal('anthropic')).toBeUndefined();
});

it('sound without a format, as clients of Mistral write it, is for providers of their own format', () => {
  const content = [{ type: 'input_audio', input_audio: 'UklGRg==' }];
  expect(refusals('openai', { messages: [{ role: 'user', content }] })).toEqual(
    all('openai', 'messages[0].content[0].input_audio'),
  );
});

it.each<[Client, JsonObject]>([
  ['openai', { tools: [], stop: [] }],
  ['openai-responses', { tools: [] }],
  ['anthropic', { tools: [], stop_sequences: [] }],
])('lists of %s without anything in them ask for nothing', (client, more) => {
  const { tools, stop } = read(client, more).request;
  expect([tools, stop]).toEqual([undefined, undefined]);
});

it('who lets Anthropic think as it likes is heard where the question is put into canonical words, too', () => {
  const thinking = { type: 'adaptive', display: 'omitted' };
  const { native: _, ...request } = read('anthropic', { thinking }).request;
  const target = { model: 'claude-opus-4-6', maxTokens: 9, stream: false, apiKey: undefined };
  const { body } = createDialect('anthropic', 'https://models.example.com').request(request, target);
  expect(JSON.parse(body)).toMatchObject({ thinking });
});

const ANSWER: ModelResponse = {
  id: 'a',
  text: 'Done',
  finishReason: 'tool-calls',
  usage: undefined,
  modelId: 'x',
  content: [
    { type: 'reasoning', text: 'Hm', signature: { dialect: 'anthropic', value: 'sealed:1' } },
    { type: 'reasoning', text: '', signature: { dialect: 'anthropic', value: 'hidden', isRedacted: true } },
    { type: 'text', text: 'Done' },
    {
      type: 'tool-call',
      id: 'c1',
      name: 'weather',
      arguments: '{"city":"Oslo"}',
      signature: { dialect: 'gemini', value: 'thought' },
    },
  ],
};
const INFO = { model: 'm', requestId: 'r-1', createdAt: 1 };

it('a stream of OpenAI’s responses that fails ends with an event of the type that its clients look for', () => {
  const failure = { kind: 'overloaded', code: 'UPSTREAM_FAILED', message: 'No.' } as Failure;
  const [, event = '', data = ''] = /^event: (.*)\ndata: (.*)\n\n$/.exec(responses.failedStream(failure, 'r-1')) ?? [];
  expect(event).toBe('error');
  expect(JSON.parse(data)).toMatchObject({ type: 'error', code: 'overloaded', message: 'No.', param: null });
});

it('arguments that a limit has cut off leave a call of a tool without any, for clients that want an object', () => {
  const cut = { type: 'tool-call', id: 'c1', name: 'weather', arguments: '{"city":"Os' } as const;
  const answer = { ...ANSWER, finishReason: 'length', text: '', content: [cut] } as const;
  expect(messagesApi.answer(answer, read('anthropic', {}), INFO)).toMatchObject({
    content: [{ type: 'tool_use', id: 'c1', name: 'weather', input: {} }],
    stop_reason: 'max_tokens',
  });
});

it('thoughts that are streamed in pieces come back whole with their signature', () => {
  const stream = chatCompletions.stream(read('openai', {}), INFO);
  const signature = { dialect: 'anthropic', value: 'sealed' };
  const events = [
    { type: 'reasoning', text: 'Let me' } as const,
    { type: 'reasoning', text: ' see.' } as const,
    { type: 'reasoning', text: '', signature } as const,
    { type: 'text', text: 'Done' } as const,
  ].map((part) => stream.part(part));
  const deltas = events
    .join('')
    .trim()
    .split('\n\n')
    .map(
      (event) => (JSON.parse(event.slice('data: '.length)) as { choices: { delta: JsonObject }[] }).choices[0]?.delta,
    );
  const details = deltas.flatMap((delta) => (delta?.reasoning_details ?? []) as JsonObject[]);
  const message = { role: 'assistant', content: 'Done', reasoning_content: 'Let me see.', reasoning_details: details };
  expect(read('openai', { messages: [message] }).request.messages[0]?.content).toEqual([
    { type: 'reasoning', text: 'Let me see.', signature },
    { type: 'text', text: 'Done' },
  ]);
});

it('what was written to the cache is told to clients of OpenAI, too', () => {
  const counts = { inputTokens: 9, outputTokens: 1, totalTokens: 10, cachedInputTokens: 4, reasoningTokens: undefined };
  const answer = { ...ANSWER, usage: { ...counts, cacheWriteTokens: 3, raw: undefined } };
  const details = { cached_tokens: 4, cache_write_tokens: 3 };
  expect(chatCompletions.answer(answer, read('openai', {}), INFO).usage).toMatchObject({
    prompt_tokens_details: details,
  });
  const response = responses.answer(answer, read('openai-responses', {}), INFO);
  expect(response.usage).toMatchObject({ input_tokens_details: details });
});

it.each<Client>(['openai-responses', 'anthropic'])(
  'a call stays one to clients of %s, whatever is said meanwhile',
  (client) => {
    const [format] = BASE[client] as readonly [ChatFormat, JsonObject];
    const stream = format.stream(read(client, {}), INFO);
    const events = [
      { type: 'tool-call', index: 0, id: 'c1', name: 'weather', arguments: '{"city"' } as const,
      { type: 'text', text: 'Hm' } as const,
      { type: 'reasoning', text: 'Hm' } as const,
      { type: 'tool-call', index: 0, arguments: ':"Oslo"}' } as const,
      { type: 'finish', reason: 'tool-calls', usage: undefined } as const,
    ].map((part) => stream.part(part));
    const begun = /data: .*"(?:content_block_start".*"tool_use|response.output_item.added".*"function_call)"/g;
    expect(events.join('').match(begun)).toHaveLength(1);
  },
);

/** What a client sends back of an answer. */
const BACK: Readonly<Record<Client, (answer: JsonObject) => JsonObject>> = {
  openai: ({ choices }) => ({ messages: [(choices as { message: JsonObject }[])[0]?.message] }),
  'openai-responses': ({ output }) => ({ input: output }),
  anthropic: ({ content }) => ({ messages: [{ role: 'assistant', content }] }),
};

describe.each(['openai', 'openai-responses', 'anthropic'] as const)('an answer in the format of %s', (client) => {
  it('comes back as what it was, with the signatures of whoever made it', () => {
    const [format] = BASE[client] as readonly [ChatFormat, JsonObject];
    const answer = format.answer(ANSWER, read(client, {}), INFO);
    const { request } = read(client, BACK[client](JSON.parse(JSON.stringify(answer)) as JsonObject));
    const [message] = request.messages;
    const parts = JSON.parse(JSON.stringify(message?.content)) as { signature?: { id?: string } }[];
    // Thoughts of others have no name in this format but the one it gives them.
    for (const { signature } of parts) delete signature?.id;
    // The client's own provider is not shown what it would not know.
    const sent = JSON.stringify(request.native?.body);
    const strange = client === 'anthropic' ? /thought|gemini/ : /sealed|hidden|skein/;
    expect(sent).not.toMatch(strange);
    expect(sent).toContain('Done');
    expect(message?.role).toBe('assistant');
    expect(parts).toEqual(JSON.parse(JSON.stringify(ANSWER.content)));
  });
});
