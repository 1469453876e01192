/** Answers of each dialect that cannot be used, and are paid: 100 tokens read, 20 of them from a cache, and 7 written. */
export interface PaidDialect {
  readonly dialect: 'openai' | 'openai-responses' | 'anthropic' | 'gemini';
  /** What is wrong → the whole answer, and the code that it fails with. */
  readonly answers: Readonly<Record<string, readonly [body: object, code: string]>>;
  /** What is wrong → the events of a stream, the last word on the tokens among them. */
  readonly streams: Readonly<Record<string, readonly [events: readonly object[], code: string]>>;
  /** An answer with nothing wrong in it. */
  readonly whole: object;
}

/** What all of them are. */
export const PAID = { inputTokens: 100, cachedInputTokens: 20, outputTokens: 7 };
/** Dollars for a million tokens. */
export const PAID_PRICE = { input: 1, cachedInput: 0.5, output: 10 };
export const PAID_NANO_USD = 160_000n;

const NO_JSON = '{"city":';
const FAILED = { error: { type: 'server_error', message: 'It broke.' } };

const openaiUsage = {
  ...{ prompt_tokens: 100, completion_tokens: 7, total_tokens: 107 },
  prompt_tokens_details: { cached_tokens: 20 },
};
const openaiCall = (named: object) => ({
  index: 0,
  id: 'c',
  type: 'function',
  function: { arguments: '{}', ...named },
});
const openaiWhole = (message: object) => ({
  id: 'c1',
  choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: 'tool_calls' }],
  usage: openaiUsage,
});
const openaiDelta = (delta: object, finish_reason: string | null = null) => ({
  id: 'c1',
  choices: [{ index: 0, delta, finish_reason }],
});
const openaiEnd = [openaiDelta({}, 'tool_calls'), { choices: [], usage: openaiUsage }];

const openai: PaidDialect = {
  dialect: 'openai',
  whole: openaiWhole({ content: 'Hello' }),
  answers: {
    'arguments that are no JSON': [
      openaiWhole({ tool_calls: [openaiCall({ name: 'f', arguments: NO_JSON })] }),
      'MODEL_OUTPUT_INVALID',
    ],
    'a call without a name': [openaiWhole({ tool_calls: [openaiCall({})] }), 'UPSTREAM_BAD_RESPONSE'],
    'no answer in it': [{ choices: [], usage: openaiUsage }, 'UPSTREAM_BAD_RESPONSE'],
    'an error in its place': [{ ...FAILED, usage: openaiUsage }, 'UPSTREAM_FAILED'],
  },
  streams: {
    'arguments that are no JSON': [
      [openaiDelta({ tool_calls: [openaiCall({ name: 'f', arguments: NO_JSON })] }), ...openaiEnd],
      'MODEL_OUTPUT_INVALID',
    ],
    'an error that tells the tokens': [
      [
        openaiDelta({ content: 'Half an answer, of which more than the tokens came.' }),
        { ...FAILED, usage: openaiUsage },
      ],
      'UPSTREAM_FAILED',
    ],
    'an error behind the tokens': [[openaiDelta({ content: 'Hi' }), ...openaiEnd, FAILED], 'UPSTREAM_FAILED'],
  },
};

const responsesUsage = {
  ...{ input_tokens: 100, output_tokens: 7, total_tokens: 107 },
  ...{ input_tokens_details: { cached_tokens: 20 }, output_tokens_details: { reasoning_tokens: 0 } },
};
const responsesCall = { type: 'function_call', call_id: 'c', name: 'f', arguments: NO_JSON };
const responsesWhole = (more: object) => ({ id: 'r', status: 'completed', usage: responsesUsage, ...more });
const responsesText = { type: 'response.output_text.delta', output_index: 0, delta: 'Hi' };

const responses: PaidDialect = {
  dialect: 'openai-responses',
  whole: responsesWhole({ output: [{ type: 'message', content: [{ type: 'output_text', text: 'Hello' }] }] }),
  answers: {
    'arguments that are no JSON': [responsesWhole({ output: [responsesCall] }), 'MODEL_OUTPUT_INVALID'],
    'a call without a name': [responsesWhole({ output: [{ type: 'function_call' }] }), 'UPSTREAM_BAD_RESPONSE'],
    'no answer in it': [responsesWhole({}), 'UPSTREAM_BAD_RESPONSE'],
    'an error in it': [responsesWhole({ status: 'failed', ...FAILED }), 'UPSTREAM_FAILED'],
  },
  streams: {
    'arguments that are no JSON': [
      [
        { type: 'response.output_item.added', output_index: 0, item: { ...responsesCall, arguments: '' } },
        { type: 'response.output_item.done', output_index: 0, item: responsesCall },
        { type: 'response.completed', response: responsesWhole({}) },
      ],
      'MODEL_OUTPUT_INVALID',
    ],
    'an error that tells the tokens': [
      [responsesText, { type: 'response.failed', response: responsesWhole({ status: 'failed', ...FAILED }) }],
      'UPSTREAM_FAILED',
    ],
  },
};

const anthropicUsage = { input_tokens: 80, cache_read_input_tokens: 20, output_tokens: 7 };
const anthropicWhole = (more: object) => ({ type: 'message', stop_reason: 'tool_use', usage: anthropicUsage, ...more });
const anthropicBegin = {
  type: 'message_start',
  message: anthropicWhole({ content: [], usage: { ...anthropicUsage, output_tokens: 1 } }),
};
const anthropicText = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } };
const anthropicEnd = { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 7 } };

const anthropic: PaidDialect = {
  dialect: 'anthropic',
  whole: anthropicWhole({ content: [{ type: 'text', text: 'Hello' }] }),
  answers: {
    'a call without a name': [anthropicWhole({ content: [{ type: 'tool_use' }] }), 'UPSTREAM_BAD_RESPONSE'],
    'no answer in it': [anthropicWhole({}), 'UPSTREAM_BAD_RESPONSE'],
    'an error in its place': [{ ...FAILED, type: 'error', usage: anthropicUsage }, 'UPSTREAM_FAILED'],
  },
  streams: {
    'arguments that are no JSON': [
      [
        anthropicBegin,
        { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 't', name: 'f', input: {} } },
        { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: NO_JSON } },
        anthropicEnd,
        { type: 'message_stop' },
      ],
      'MODEL_OUTPUT_INVALID',
    ],
    'an error behind the tokens': [
      [anthropicBegin, anthropicText, anthropicEnd, { ...FAILED, type: 'error' }],
      'UPSTREAM_FAILED',
    ],
    'no end behind the tokens': [[anthropicBegin, anthropicText, anthropicEnd], 'MODEL_STREAM_TRUNCATED'],
  },
};

const usageMetadata = {
  ...{ promptTokenCount: 100, cachedContentTokenCount: 20, candidatesTokenCount: 4 },
  ...{ thoughtsTokenCount: 3, totalTokenCount: 107 },
};
const geminiWhole = (...parts: object[]) => ({
  candidates: [{ content: { parts }, finishReason: 'STOP' }],
  usageMetadata,
});

const gemini: PaidDialect = {
  dialect: 'gemini',
  whole: geminiWhole({ text: 'Hello' }),
  answers: {
    'a call without a name': [geminiWhole({ functionCall: { args: {} } }), 'UPSTREAM_BAD_RESPONSE'],
    'no answer in it': [{ usageMetadata }, 'UPSTREAM_BAD_RESPONSE'],
    'an error in its place': [{ ...FAILED, usageMetadata }, 'UPSTREAM_FAILED'],
  },
  streams: {
    'a call without a name': [
      [geminiWhole({ text: 'Hi' }), geminiWhole({ functionCall: { args: {} } })],
      'UPSTREAM_BAD_RESPONSE',
    ],
    'an error behind the tokens': [[geminiWhole({ text: 'Hi' }), FAILED], 'UPSTREAM_FAILED'],
  },
};

export const PAID_DIALECTS: readonly PaidDialect[] = [openai, responses, anthropic, gemini];
