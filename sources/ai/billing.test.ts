import { describe, expect, test } from 'vitest';
import { setUpModels } from '../../test/utils/model-harness.ts';
import { sendEvents, sendJson } from '../../test/utils/provider-server.ts';
import type { DialectName } from './dialects/index.ts';
import type { JsonObject, ModelRequest } from './model.ts';

/** What an answer tells beside plain tokens is paid for, or its cost is not known; it is never too little in silence. */

const request: ModelRequest = { messages: [{ role: 'user', content: 'Hi' }] };

/** An answer whole, and as the events of a stream, with fields of its own. */
const ANSWERS: Readonly<Record<DialectName, (told: JsonObject) => { whole: object; events: readonly object[] }>> = {
  openai: ({ usage, ...told }) => ({
    whole: { id: 'a', choices: [{ message: { content: 'Hello' }, finish_reason: 'stop' }], usage, ...told },
    events: [
      { choices: [{ delta: { content: 'Hello' } }], usage: null, ...told },
      { choices: [{ delta: {}, finish_reason: 'stop' }], usage: null, ...told },
      { choices: [], usage, ...told },
    ],
  }),
  'openai-responses': (told) => {
    const message = { type: 'message', content: [{ type: 'output_text', text: 'Hello' }] };
    const output = [...((told.output as object[] | undefined) ?? []), message];
    const response = { id: 'r', status: 'completed', ...told, output };
    return {
      whole: response,
      events: [
        { type: 'response.output_text.delta', delta: 'Hello' },
        { type: 'response.completed', response },
      ],
    };
  },
  anthropic: ({ usage, ...told }) => ({
    whole: { type: 'message', content: [{ type: 'text', text: 'Hello' }], stop_reason: 'end_turn', usage, ...told },
    events: [
      { type: 'message_start', message: { usage: { input_tokens: 1, output_tokens: 1, service_tier: 'standard' } } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage },
      { type: 'message_stop' },
    ],
  }),
  gemini: ({ usageMetadata, groundingMetadata, ...told }) => ({
    whole: {
      candidates: [{ content: { parts: [{ text: 'Hello' }] }, finishReason: 'STOP', groundingMetadata }],
      usageMetadata,
      ...told,
    },
    events: [
      { candidates: [{ content: { parts: [{ text: 'Hello' }] }, groundingMetadata }], ...told },
      { candidates: [{ finishReason: 'STOP' }], usageMetadata, ...told },
    ],
  }),
};

interface Case {
  readonly what: string;
  readonly preset: string;
  readonly dialect?: DialectName;
  readonly model: string;
  readonly price?: object;
  readonly told: JsonObject;
  /** `null`: nobody knows it. */
  readonly nanoUsd: bigint | null;
}

const chat = { prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100 };
const items = { input_tokens: 1_000, output_tokens: 100, total_tokens: 1_100 };
const claude = { input_tokens: 1_000, output_tokens: 100 };
const gemini = { promptTokenCount: 1_000, candidatesTokenCount: 100, totalTokenCount: 1_100 };
const OWN = { input: 1, output: 10 };
const OPENAI = { preset: 'openai', model: 'gpt-4.1-mini' };
const RESPONSES = { ...OPENAI, dialect: 'openai-responses' } as const;
const CLAUDE = { preset: 'anthropic', model: 'claude-haiku-4-5' };
/** Of the same tokens, by the list. */
const [MINI, HAIKU] = [560_000n, 1_500_000n];

const CASES: readonly Case[] = [
  // Tiers of service.
  { ...OPENAI, what: 'the tier that prices are for', told: { usage: chat, service_tier: 'default' }, nanoUsd: MINI },
  ...['flex', 'priority', 'scale'].map((service_tier) => ({
    ...OPENAI,
    what: `OpenAI at ${service_tier}`,
    told: { usage: chat, service_tier },
    nanoUsd: null,
  })),
  { ...RESPONSES, what: 'responses at priority', told: { usage: items, service_tier: 'priority' }, nanoUsd: null },
  { ...RESPONSES, what: 'responses at default', told: { usage: items, service_tier: 'default' }, nanoUsd: MINI },
  {
    ...OPENAI,
    what: 'a tier with a price of its own',
    price: { ...OWN, serviceTiers: { flex: { input: 0.5, output: 5 } } },
    told: { usage: chat, service_tier: 'flex' },
    nanoUsd: 1_000_000n,
  },
  {
    ...OPENAI,
    what: 'a tier without one, beside a price of its own',
    price: OWN,
    told: { usage: chat, service_tier: 'priority' },
    nanoUsd: null,
  },
  { ...OPENAI, what: 'what is free', price: 'free' as never, told: { usage: chat, service_tier: 'flex' }, nanoUsd: 0n },
  { ...CLAUDE, what: 'Anthropic as usual', told: { usage: { ...claude, service_tier: 'standard' } }, nanoUsd: HAIKU },
  ...[{ service_tier: 'batch' }, { service_tier: 'priority' }, { speed: 'fast' }, { inference_geo: 'us' }].map(
    (at) => ({
      ...CLAUDE,
      what: `Anthropic with ${JSON.stringify(at)}`,
      told: { usage: { ...claude, ...at } },
      nanoUsd: null,
    }),
  ),
  {
    ...CLAUDE,
    what: 'Anthropic where it is not said where',
    told: { usage: { ...claude, inference_geo: 'not_available', speed: 'standard' } },
    nanoUsd: HAIKU,
  },
  {
    preset: 'groq',
    model: 'llama-3.1-8b-instant',
    what: 'Groq as usual',
    price: OWN,
    told: { usage: chat, service_tier: 'on_demand' },
    nanoUsd: 2_000_000n,
  },
  {
    preset: 'gemini',
    model: 'gemini-2.5-flash',
    what: 'Google at a tier',
    told: { usageMetadata: { ...gemini, trafficType: 'ON_DEMAND_PRIORITY' } },
    nanoUsd: null,
  },
  // Sound and images.
  {
    ...OPENAI,
    model: 'gpt-audio',
    what: 'sound to and from OpenAI',
    told: {
      usage: {
        ...chat,
        prompt_tokens_details: { audio_tokens: 400 },
        completion_tokens_details: { audio_tokens: 60 },
      },
    },
    // 600 × 2.5 + 400 × 32 + 40 × 10 + 60 × 64 thousand nano-USD
    nanoUsd: 18_540_000n,
  },
  {
    ...OPENAI,
    model: 'gpt-4o-audio-preview',
    what: 'sound without a price in the list',
    told: { usage: { ...chat, completion_tokens_details: { audio_tokens: 60 } } },
    nanoUsd: null,
  },
  {
    ...OPENAI,
    model: 'gpt-4o-audio-preview',
    what: 'sound at a price of its own',
    price: { ...OWN, outputAudio: 80 },
    told: { usage: { ...chat, completion_tokens_details: { audio_tokens: 60 } } },
    nanoUsd: 6_200_000n,
  },
  {
    preset: 'gemini',
    model: 'gemini-2.5-flash',
    what: 'sound to Gemini, some of it cached',
    told: {
      usageMetadata: {
        ...gemini,
        cachedContentTokenCount: 300,
        promptTokensDetails: [
          { modality: 'TEXT', tokenCount: 500 },
          { modality: 'AUDIO', tokenCount: 500 },
        ],
        cacheTokensDetails: [{ modality: 'AUDIO', tokenCount: 300 }],
      },
    },
    // 500 × 0.3 + 200 × 1 + 300 × 0.1 + 100 × 2.5 thousand nano-USD
    nanoUsd: 630_000n,
  },
  {
    preset: 'gemini',
    model: 'gemini-2.5-pro',
    what: 'sound that costs what text does',
    told: { usageMetadata: { ...gemini, promptTokensDetails: [{ modality: 'AUDIO', tokenCount: 500 }] } },
    nanoUsd: 2_250_000n,
  },
  // Searches and other tools of the provider's.
  {
    ...CLAUDE,
    what: 'searches of Anthropic',
    told: { usage: { ...claude, server_tool_use: { web_search_requests: 3, web_fetch_requests: 2 } } },
    nanoUsd: HAIKU + 30_000_000n,
  },
  {
    ...CLAUDE,
    what: 'searches of Anthropic without a price',
    price: OWN,
    told: { usage: { ...claude, server_tool_use: { web_search_requests: 1 } } },
    nanoUsd: null,
  },
  {
    ...CLAUDE,
    what: 'searches of Anthropic at a price of its own',
    price: { ...OWN, webSearch: 8 },
    told: { usage: { ...claude, server_tool_use: { web_search_requests: 1 } } },
    nanoUsd: 10_000_000n,
  },
  {
    ...CLAUDE,
    what: 'a tool of Anthropic that nobody here knows',
    told: { usage: { ...claude, server_tool_use: { code_execution_requests: 1 } } },
    nanoUsd: null,
  },
  {
    ...CLAUDE,
    what: 'a conversation that Anthropic has made shorter',
    told: {
      usage: {
        ...claude,
        iterations: [
          { type: 'compaction', input_tokens: 5_000, output_tokens: 200 },
          { type: 'message', ...claude },
        ],
      },
    },
    nanoUsd: HAIKU + 6_000_000n,
  },
  {
    ...RESPONSES,
    what: 'searches of OpenAI',
    told: {
      usage: items,
      output: [
        { type: 'web_search_call', action: { type: 'search' } },
        { type: 'web_search_call', action: { type: 'open_page' } },
        { type: 'file_search_call' },
      ],
    },
    nanoUsd: MINI + 12_500_000n,
  },
  {
    ...RESPONSES,
    what: 'code that OpenAI has run',
    told: { usage: items, output: [{ type: 'code_interpreter_call' }] },
    nanoUsd: null,
  },
  { ...OPENAI, model: 'gpt-4o-search-preview', what: 'a fee in no list', told: { usage: chat }, nanoUsd: null },
  {
    ...OPENAI,
    model: 'gpt-4o-search-preview',
    what: 'a fee for each call',
    price: { ...OWN, request: 30 },
    told: { usage: chat },
    nanoUsd: 32_000_000n,
  },
  {
    preset: 'gemini',
    model: 'gemini-2.5-flash',
    what: 'searches of Google',
    told: {
      usageMetadata: gemini,
      modelVersion: 'gemini-2.5-flash',
      groundingMetadata: { webSearchQueries: ['a', 'b'] },
    },
    nanoUsd: null,
  },
  {
    preset: 'gemini',
    model: 'gemini-2.5-flash',
    what: 'searches of Google at a price of their own',
    price: { ...OWN, webSearch: 35 },
    told: {
      usageMetadata: gemini,
      modelVersion: 'gemini-2.5-flash',
      groundingMetadata: { webSearchQueries: ['a', 'b'] },
    },
    nanoUsd: 37_000_000n,
  },
  {
    preset: 'mistral',
    model: 'voxtral-small-latest',
    what: 'minutes of sound to Mistral',
    price: OWN,
    told: { usage: { ...chat, prompt_audio_seconds: 12 } },
    nanoUsd: null,
  },
  // What providers say themselves.
  {
    preset: 'perplexity',
    model: 'sonar-pro',
    what: 'the cost that Perplexity tells',
    told: { usage: { ...chat, num_search_queries: 1, cost: { total_cost: 0.0105 } } },
    nanoUsd: 10_500_000n,
  },
  {
    preset: 'perplexity',
    model: 'sonar-deep-research',
    what: 'research of Perplexity that tells no cost',
    told: { usage: { ...chat, reasoning_tokens: 2_000, citation_tokens: 500, num_search_queries: 4 } },
    // 1,000 × 2 + 100 × 8 + 2,000 × 3 + 500 × 2 thousand nano-USD, and 4 × 5 million
    nanoUsd: 29_800_000n,
  },
  {
    preset: 'perplexity',
    model: 'sonar',
    what: 'the fee of each call of Perplexity',
    told: { usage: { ...chat, num_search_queries: 1 } },
    nanoUsd: 13_100_000n,
  },
  {
    preset: 'openrouter',
    model: 'openai/gpt-4.1-mini',
    what: 'the cost that OpenRouter tells',
    told: { usage: { ...chat, cost: 0.00123 } },
    nanoUsd: 1_230_000n,
  },
  {
    preset: 'openrouter',
    model: 'openai/gpt-4.1-mini',
    what: 'OpenRouter with a key of one’s own behind it',
    told: { usage: { ...chat, cost: 0.0001, is_byok: true, cost_details: { upstream_inference_cost: 0.002 } } },
    nanoUsd: 2_100_000n,
  },
  {
    preset: 'openrouter',
    model: 'openai/gpt-4.1-mini',
    what: 'a cost that no call has',
    told: { usage: { ...chat, cost: 1e12 } },
    nanoUsd: 560_000n,
  },
  {
    preset: 'gemini',
    model: 'gemini-2.5-flash',
    what: 'parts of tokens',
    told: { usageMetadata: { ...gemini, promptTokensDetails: [{ modality: 'AUDIO', tokenCount: 0.5 }] } },
    nanoUsd: 550_000n,
  },
  {
    preset: 'xai',
    model: 'grok-4',
    what: 'the cost that xAI tells',
    told: { usage: { ...chat, num_sources_used: 3, cost_in_usd_ticks: 37_756_000 } },
    nanoUsd: 3_775_600n,
  },
  {
    preset: 'openrouter',
    model: 'openai/gpt-4.1-mini',
    what: 'one’s own price, whatever is told',
    price: OWN,
    told: { usage: { ...chat, cost: 0.00123 } },
    nanoUsd: 2_000_000n,
  },
  {
    ...OPENAI,
    what: 'a cost told by nobody who is known for it',
    told: { usage: { ...chat, cost: 9 } },
    nanoUsd: MINI,
  },
];

describe.each(CASES)('$what', ({ preset, dialect, model, price, told, nanoUsd }) => {
  const format = dialect ?? (preset === 'anthropic' || preset === 'gemini' ? preset : 'openai');
  const { whole, events } = ANSWERS[format](told);
  const setUp = async (answer: Parameters<typeof setUpModels>[0]['answers'][string]) =>
    setUpModels({
      answers: { a: answer },
      providers: { a: { preset, dialect: format, apiKey: 'k' } },
      models: { a: { model, capabilities: { chat: true }, ...(price !== undefined && { price }) } },
    });

  test('of a whole answer', async () => {
    const { client, context, records } = await setUp((_, response) => sendJson(response, whole));
    const { usage } = await client.generate(client.route(), request, context);
    expect(records).toMatchObject([{ outcome: 'ok', isEstimated: false, costNanoUsd: nanoUsd ?? undefined }]);
    expect(usage?.costUsd).toBe(nanoUsd === null ? undefined : Number(nanoUsd) / 1e9);
  });

  test('of a stream, also of one that is passed on', async () => {
    const data = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
    const end = format === 'openai' ? 'data: [DONE]\n\n' : '';
    const { client, context, records } = await setUp((_, response) => sendEvents(response, data + end));
    const native = { dialect: format, body: { messages: [] }, headers: {}, wantsUsage: true, refusal: () => undefined };
    for (const asked of [request, { ...request, native }])
      for await (const part of client.stream(client.route(), asked, context)) expect(part.type).toBeDefined();
    const record = { outcome: 'ok', isEstimated: false, costNanoUsd: nanoUsd ?? undefined };
    expect(records).toMatchObject([record, record]);
  });
});

test('the tier that an answer was made at stands in what its provider said', async () => {
  const told = { usage: chat, service_tier: 'flex' };
  const { client, context, records } = await setUpModels({
    answers: { a: (_, response) => sendJson(response, ANSWERS.openai(told).whole) },
  });
  await client.generate(client.route(), request, context);
  expect(records[0]?.usage?.raw).toEqual({ ...chat, service_tier: 'flex' });
});
