import type { ServerResponse } from 'node:http';
import { crc32 } from 'node:zlib';

/** Bytes of providers whom packages of the AI SDK speak with, made by hand from their documents. */
export interface SdkWire {
  readonly package: string;
  /** Whether a request asks for a stream. */
  isStream(path: string, body: Readonly<Record<string, unknown>>): boolean;
  /** A stream that says the texts. */
  texts(...texts: readonly string[]): readonly Buffer[];
  /** The call of a tool, its arguments in pieces. */
  call(id: string, name: string, ...pieces: readonly string[]): readonly Buffer[];
  /** An error behind a 200. */
  readonly failure: Buffer;
  /** What ends a stream, after texts or a call. */
  end(isCall?: boolean): readonly Buffer[];
  /** A whole answer. */
  answer(text: string): object;
  readonly contentType: string;
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number };
}

const sse = (value: object) => Buffer.from(`data: ${JSON.stringify(value)}\n\n`);
const cohereUsage = {
  billed_units: { input_tokens: 3, output_tokens: 2 },
  tokens: { input_tokens: 11, output_tokens: 4 },
};

/** https://docs.cohere.com/v2/reference/chat-stream */
export const cohere: SdkWire = {
  package: '@ai-sdk/cohere',
  isStream: (_, { stream }) => stream === true,
  texts: (...texts) => [
    sse({ type: 'message-start', id: 'msg-1', delta: { message: { role: 'assistant' } } }),
    sse({ type: 'content-start', index: 0, delta: { message: { content: { type: 'text', text: '' } } } }),
    ...texts.map((text) => sse({ type: 'content-delta', index: 0, delta: { message: { content: { text } } } })),
  ],
  call: (id, name, first = '', ...pieces) => [
    sse({
      type: 'tool-call-start',
      index: 0,
      delta: { message: { tool_calls: { id, type: 'function', function: { name, arguments: first } } } },
    }),
    ...pieces.map((text) =>
      sse({ type: 'tool-call-delta', index: 0, delta: { message: { tool_calls: { function: { arguments: text } } } } }),
    ),
    sse({ type: 'tool-call-end', index: 0 }),
  ],
  failure: Buffer.from('data: {"type":"content-delta","index":"none"}\n\n'),
  end: (isCall = false) => [
    ...(isCall ? [] : [sse({ type: 'content-end', index: 0 })]),
    sse({ type: 'message-end', delta: { finish_reason: isCall ? 'TOOL_CALL' : 'COMPLETE', usage: cohereUsage } }),
  ],
  answer: (text) => ({
    generation_id: 'msg-1',
    message: { role: 'assistant', content: [{ type: 'text', text }] },
    finish_reason: 'COMPLETE',
    usage: cohereUsage,
  }),
  contentType: 'text/event-stream',
  usage: { inputTokens: 11, outputTokens: 4 },
};

const mistralUsage = { prompt_tokens: 11, completion_tokens: 4, total_tokens: 15 };
const mistralChunk = (delta: object, finish_reason: string | null = null, more: object = {}) =>
  sse({
    id: 'm-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'mistral-small',
    choices: [{ index: 0, delta, finish_reason }],
    ...more,
  });

/** https://docs.mistral.ai/api/#tag/chat */
export const mistral: SdkWire = {
  package: '@ai-sdk/mistral',
  isStream: (_, { stream }) => stream === true,
  texts: (...texts) => [
    mistralChunk({ role: 'assistant', content: '' }),
    ...texts.map((content) => mistralChunk({ content })),
  ],
  // A call comes whole in this format.
  call: (id, name, ...pieces) => [
    mistralChunk({ tool_calls: [{ id, function: { name, arguments: pieces.join('') }, index: 0 }] }),
  ],
  failure: sse({ object: 'error', message: 'overloaded', type: 'internal_server_error' }),
  end: (isCall = false) => [
    mistralChunk({ content: '' }, isCall ? 'tool_calls' : 'stop', { usage: mistralUsage }),
    Buffer.from('data: [DONE]\n\n'),
  ],
  answer: (content) => ({
    ...{ id: 'm-1', object: 'chat.completion', created: 1, model: 'mistral-small', usage: mistralUsage },
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
  }),
  contentType: 'text/event-stream',
  usage: { inputTokens: 11, outputTokens: 4 },
};

const bedrockUsage = {
  inputTokens: 6,
  outputTokens: 4,
  totalTokens: 15,
  cacheReadInputTokens: 4,
  cacheWriteInputTokens: 1,
};

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html */
export const bedrock: SdkWire = {
  package: '@ai-sdk/amazon-bedrock',
  isStream: (path) => path.endsWith('/converse-stream'),
  texts: (...texts) => [
    frame('messageStart', { role: 'assistant' }),
    ...texts.map((text) => frame('contentBlockDelta', { contentBlockIndex: 0, delta: { text } })),
  ],
  call: (toolUseId, name, ...pieces) => [
    frame('contentBlockStart', { contentBlockIndex: 1, start: { toolUse: { toolUseId, name } } }),
    ...pieces.map((input) => frame('contentBlockDelta', { contentBlockIndex: 1, delta: { toolUse: { input } } })),
    frame('contentBlockStop', { contentBlockIndex: 1 }),
  ],
  failure: frame('throttlingException', { message: 'Too many tokens, wait.' }, 'exception'),
  end: (isCall = false) => [
    ...(isCall ? [] : [frame('contentBlockStop', { contentBlockIndex: 0 })]),
    frame('messageStop', { stopReason: isCall ? 'tool_use' : 'end_turn' }),
    frame('metadata', { usage: bedrockUsage, metrics: { latencyMs: 1 } }),
  ],
  answer: (text) => ({
    output: { message: { role: 'assistant', content: [{ text }] } },
    stopReason: 'end_turn',
    usage: bedrockUsage,
    metrics: { latencyMs: 1 },
  }),
  contentType: 'application/vnd.amazon.eventstream',
  usage: { inputTokens: 11, outputTokens: 4 },
};

export const SDK_WIRES = [cohere, mistral, bedrock];

/** A message of an event stream: https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html#streaming-event-stream */
export function frame(type: string, payload: object, messageType: 'event' | 'exception' = 'event'): Buffer {
  const headers = Buffer.concat(
    Object.entries({
      [messageType === 'event' ? ':event-type' : ':exception-type']: type,
      ':content-type': 'application/json',
      ':message-type': messageType,
    }).map(([name, value]) => {
      const [head, length, text] = [Buffer.from(`\0${name}`), Buffer.alloc(3), Buffer.from(value)];
      head[0] = name.length;
      // 7 is a text.
      length[0] = 7;
      length.writeUInt16BE(text.length, 1);
      return Buffer.concat([head, length, text]);
    }),
  );
  const body = Buffer.from(JSON.stringify({ ...payload, p: 'abcdefgh' }));
  const message = Buffer.alloc(12 + headers.length + body.length + 4);
  message.writeUInt32BE(message.length, 0);
  message.writeUInt32BE(headers.length, 4);
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8);
  headers.copy(message, 12);
  body.copy(message, 12 + headers.length);
  message.writeUInt32BE(crc32(message.subarray(0, message.length - 4)), message.length - 4);
  return message;
}

/** Sends a stream, in the pieces that it is cut into. */
export function sendStream(response: ServerResponse, wire: SdkWire, ...pieces: readonly Buffer[]): void {
  response.writeHead(200, { 'content-type': wire.contentType });
  for (const piece of pieces) response.write(piece);
  response.end();
}
