import { describe, expect, test } from 'vitest';
import type { ModelRequest } from '../model.ts';
import { createGeminiDialect } from './gemini.ts';

const dialect = createGeminiDialect();
const call: ModelRequest = { messages: [{ role: 'user', content: 'Hi' }] };
const target = { model: 'gemini-2.5-flash', maxTokens: 100, stream: false, apiKey: 'AIza-1' };
const bodyOf = (request: ModelRequest, model = target.model) =>
  JSON.parse(dialect.request(request, { ...target, model }).body) as Record<string, Record<string, unknown>>;

function decode(...chunks: object[]) {
  const decoder = dialect.stream(call);
  return [...chunks.flatMap((chunk) => decoder.push({ data: JSON.stringify(chunk) })), ...decoder.end()];
}
const candidate = (parts: object[], finishReason?: string) => ({ candidates: [{ content: { parts }, finishReason }] });

describe('the request', () => {
  test('has the model in its path and the key in a header, not in the address', () => {
    const request = dialect.request(call, { ...target, model: 'a/../b', stream: true });
    expect(request.path).toBe('/models/a%2F..%2Fb:streamGenerateContent?alt=sse');
    expect(request.headers).toMatchObject({ 'x-goog-api-key': 'AIza-1' });
    expect(dialect.request(call, { ...target, model: 'models/gemini-3-pro' }).path).toBe(
      '/models/gemini-3-pro:generateContent',
    );
  });

  test('carries every parameter under the name of the format', () => {
    const body = bodyOf({
      system: 'Be brief.',
      messages: [
        { role: 'system', content: 'Be kind.' },
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Hello' },
      ],
      maxTokens: 9,
      temperature: 0,
      topP: 0.5,
      stop: ['END'],
      seed: 7,
      logprobs: 2,
      output: { name: 'answer', schema: { type: 'object' } },
      extras: { gemini: { safetySettings: [], generationConfig: { topK: 3 } }, openai: { store: true } },
    });
    expect(body).toEqual({
      systemInstruction: { parts: [{ text: 'Be brief.' }, { text: 'Be kind.' }] },
      contents: [
        { role: 'user', parts: [{ text: 'Hi' }] },
        { role: 'model', parts: [{ text: 'Hello' }] },
      ],
      generationConfig: {
        maxOutputTokens: 9,
        temperature: 0,
        topP: 0.5,
        stopSequences: ['END'],
        seed: 7,
        responseLogprobs: true,
        logprobs: 2,
        responseMimeType: 'application/json',
        responseJsonSchema: { type: 'object' },
        topK: 3,
      },
      safetySettings: [],
    });
  });

  test('counts thoughts in tokens, or in levels where the model has them', () => {
    const thinking = (reasoning: ModelRequest['reasoning'], model?: string) =>
      bodyOf({ ...call, reasoning }, model).generationConfig?.thinkingConfig;
    expect(thinking({ budgetTokens: 99 })).toEqual({ thinkingBudget: 99, includeThoughts: true });
    expect(thinking({ effort: 'none' })).toEqual({ thinkingBudget: 0, includeThoughts: false });
    expect(thinking({ effort: 'low' }, 'gemini-3-pro')).toEqual({ thinkingLevel: 'low', includeThoughts: true });
    expect(() => thinking({ effort: 'none' }, 'gemini-3-pro')).toThrow(/"reasoning.effort"/);
  });

  test.each([
    ['parallelToolCalls', { parallelToolCalls: false }],
    ['messages', { messages: [{ role: 'system', content: 'x' }] }],
    ['extras.gemini.contents', { extras: { gemini: { contents: [] } } }],
  ] as const)('refuses %s instead of dropping it', (parameter, over) => {
    expect(() => dialect.request({ ...call, ...over }, target)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', message: expect.stringContaining(`"${parameter}"`) }),
    );
  });
});

describe('the answer', () => {
  test('has thoughts apart from its text, and counted into its output', () => {
    const usageMetadata = {
      promptTokenCount: 100,
      cachedContentTokenCount: 60,
      toolUsePromptTokenCount: 5,
      candidatesTokenCount: 20,
      thoughtsTokenCount: 30,
      totalTokenCount: 155,
    };
    const parts = [{ text: 'hm', thought: true }, { text: 'Hel' }, { text: 'lo', thoughtSignature: 's' }];
    const body = { ...candidate(parts, 'STOP'), usageMetadata, responseId: 'r1', modelVersion: 'g-001' };
    expect(dialect.parse(body, call)).toEqual({
      id: 'r1',
      modelId: 'g-001',
      text: 'Hello',
      finishReason: 'stop',
      usage: {
        inputTokens: 105,
        outputTokens: 50,
        totalTokens: 155,
        cachedInputTokens: 60,
        reasoningTokens: 30,
        raw: usageMetadata,
      },
      content: [
        { type: 'reasoning', text: 'hm' },
        { type: 'text', text: 'Hel' },
        { type: 'text', text: 'lo', signature: { dialect: 'gemini', value: 's' } },
      ],
      raw: body,
    });
  });

  test.each([
    [candidate([], 'MAX_TOKENS'), 'length'],
    [candidate([], 'SAFETY'), 'content-filter'],
    [candidate([], 'IMAGE_SAFETY'), 'content-filter'],
    [candidate([], 'MODEL_ARMOR'), 'content-filter'],
    [candidate([], 'OTHER'), 'other'],
    [{ promptFeedback: { blockReason: 'SAFETY' } }, 'content-filter'],
  ])('says why it ended: %j', (body, expected) => {
    expect(dialect.parse(body, call).finishReason).toBe(expected);
  });

  test.each(['MALFORMED_FUNCTION_CALL', 'UNEXPECTED_TOOL_CALL', 'TOO_MANY_TOOL_CALLS', 'MALFORMED_RESPONSE'])(
    'that has come to nothing by %s is a failure, whole or streamed, as a call that cannot be read is with others',
    (reason) => {
      const failure = expect.objectContaining({ code: 'MODEL_OUTPUT_INVALID' });
      expect(() => dialect.parse(candidate([], reason), call)).toThrow(failure);
      expect(() => decode(candidate([{ text: 'Let me' }]), candidate([], reason))).toThrow(failure);
    },
  );

  test.each([[null], ['text'], [{}], [{ candidates: [] }]])('that is %j is unusable', (body) => {
    expect(() => dialect.parse(body, call)).toThrow(expect.objectContaining({ code: 'UPSTREAM_BAD_RESPONSE' }));
  });
});

describe('the stream', () => {
  test('ends with the reason, and with the last of its counts', () => {
    const parts = decode(
      { ...candidate([{ text: 'hm', thought: true }]), usageMetadata: { promptTokenCount: 4 } },
      candidate([{ text: 'Hel' }]),
      { ...candidate([{ text: 'lo' }]), usageMetadata: { promptTokenCount: 4, candidatesTokenCount: 1 } },
      {
        ...candidate([{ text: '', thoughtSignature: 's' }], 'STOP'),
        usageMetadata: { promptTokenCount: 4, candidatesTokenCount: 2, thoughtsTokenCount: 3 },
        responseId: 'r1',
      },
    );
    expect(parts).toMatchObject([
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: 'Hel' },
      { type: 'text', text: 'lo' },
      { type: 'text', text: '', signature: { value: 's' } },
      { type: 'finish', reason: 'stop', id: 'r1', usage: { inputTokens: 4, outputTokens: 5, reasoningTokens: 3 } },
    ]);
  });

  test('that ends without a reason is truncated, and a refused question is not', () => {
    expect(() => decode(candidate([{ text: 'half' }]))).toThrow(
      expect.objectContaining({ code: 'MODEL_STREAM_TRUNCATED' }),
    );
    expect(decode({ promptFeedback: { blockReason: 'SAFETY' } })).toMatchObject([{ reason: 'content-filter' }]);
  });

  test.each([
    [{ code: 429, status: 'RESOURCE_EXHAUSTED', message: 'slow down' }, 'UPSTREAM_REJECTED'],
    [{ code: 503, status: 'UNAVAILABLE', message: 'overloaded' }, 'UPSTREAM_FAILED'],
  ])('fails with an error in its middle: %j', (error, code) => {
    expect(() => decode(candidate([{ text: 'a' }]), { error })).toThrow(expect.objectContaining({ code }));
  });
});

describe('embeddings', () => {
  const { embeddings } = dialect;
  test('are asked for all at once and come back one for each text', () => {
    const request = embeddings?.request({ texts: ['a', 'b'], dimensions: 2 }, { ...target, model: 'embedding-001' });
    expect(request?.path).toBe('/models/embedding-001:batchEmbedContents');
    expect(JSON.parse(request?.body ?? '')).toEqual({
      requests: ['a', 'b'].map((text) => ({
        model: 'models/embedding-001',
        content: { parts: [{ text }] },
        outputDimensionality: 2,
      })),
    });
    const body = { embeddings: [{ values: [1, 2] }, { values: [3, 4] }] };
    expect(embeddings?.parse(body, { texts: ['a', 'b'] })).toEqual({
      embeddings: [
        [1, 2],
        [3, 4],
      ],
    });
  });

  test.each([[{ embeddings: [{ values: [1] }] }], [{ embeddings: [{ values: [1] }, { values: ['x'] }] }], [{}]])(
    'that are %j are unusable',
    (body) => {
      expect(() => embeddings?.parse(body, { texts: ['a', 'b'] })).toThrow(
        expect.objectContaining({ code: 'UPSTREAM_BAD_RESPONSE' }),
      );
    },
  );
});
