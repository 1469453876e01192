import { describe, expect, test } from 'vitest';
import type { ModelMessage, ModelRequest } from '../model.ts';
import { createResponsesDialect } from './openai-responses.ts';

const dialect = createResponsesDialect();
const call: ModelRequest = { messages: [{ role: 'user', content: 'Hi' }] };
const target = { model: 'gpt', maxTokens: 100, stream: false, apiKey: 'sk-1' };
const bodyOf = (request: ModelRequest) => JSON.parse(dialect.request(request, target).body) as Record<string, unknown>;

function decode(...events: object[]) {
  const decoder = dialect.stream(call);
  return [...events.flatMap((event) => decoder.push({ data: JSON.stringify(event) })), ...decoder.end()];
}
const usage = {
  input_tokens: 12,
  input_tokens_details: { cached_tokens: 8 },
  output_tokens: 30,
  output_tokens_details: { reasoning_tokens: 20 },
  total_tokens: 42,
};
const canonical = {
  inputTokens: 12,
  outputTokens: 30,
  totalTokens: 42,
  cachedInputTokens: 8,
  reasoningTokens: 20,
  raw: usage,
};
const completed = { type: 'response.completed', response: { id: 'r1', model: 'gpt-2025', status: 'completed', usage } };

describe('the request', () => {
  test('carries every parameter under the name of the format, and keeps nothing at the provider', () => {
    const body = bodyOf({
      system: 'Be brief.',
      messages: [{ role: 'system', content: 'Be kind.' }, ...call.messages],
      maxTokens: 9,
      temperature: 0,
      topP: 0.5,
      logprobs: 2,
      reasoning: { effort: 'low' },
      parallelToolCalls: false,
      output: { name: 'answer', schema: { type: 'object' } },
      extras: { 'openai-responses': { metadata: { a: 'b' } } },
    });
    expect(body).toEqual({
      model: 'gpt',
      instructions: 'Be brief.\n\nBe kind.',
      input: [{ role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }],
      store: false,
      include: ['reasoning.encrypted_content', 'message.output_text.logprobs'],
      max_output_tokens: 9,
      temperature: 0,
      top_p: 0.5,
      top_logprobs: 2,
      reasoning: { effort: 'low', summary: 'auto' },
      parallel_tool_calls: false,
      text: { format: { type: 'json_schema', name: 'answer', strict: true, schema: { type: 'object' } } },
      metadata: { a: 'b' },
    });
  });

  test('leaves what is told in the middle of a conversation where it is', () => {
    const body = bodyOf({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
        { role: 'system', content: 'Be kind.' },
        { role: 'user', content: 'Well?' },
      ],
    });
    const text = (role: string, said: string) => ({ role, content: [{ type: 'input_text', text: said }] });
    expect(body).toMatchObject({
      instructions: 'Be brief.',
      input: [text('user', 'Hi'), text('system', 'Be kind.'), text('user', 'Well?')],
    });
  });

  test.each([
    ['stop', { stop: ['END'] }],
    ['seed', { seed: 1 }],
    ['reasoning.budgetTokens', { reasoning: { budgetTokens: 5 } }],
  ])('refuses %s instead of dropping it', (parameter, over) => {
    expect(() => dialect.request({ ...call, ...over }, target)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', message: expect.stringContaining(`"${parameter}"`) }),
    );
  });
});

describe('the answer', () => {
  const output = [
    { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'hm' }], encrypted_content: 'enc' },
    { type: 'message', content: [{ type: 'output_text', text: 'Hello' }] },
    { type: 'web_search_call', id: 'unknown here' },
  ];

  test('is read with its thoughts, which go back as they came', () => {
    const body = { ...completed.response, output };
    const answer = dialect.parse(body, call);
    expect(answer).toEqual({
      id: 'r1',
      modelId: 'gpt-2025',
      text: 'Hello',
      finishReason: 'stop',
      // It has looked something up.
      usage: { ...canonical, classes: { webSearch: 1 } },
      content: [
        { type: 'reasoning', text: 'hm', signature: { dialect: 'openai-responses', value: 'enc', id: 'rs_1' } },
        { type: 'text', text: 'Hello' },
      ],
      raw: body,
    });
    const messages: ModelMessage[] = [...call.messages, { role: 'assistant', content: answer.content ?? [] }];
    expect(bodyOf({ messages }).input).toEqual([
      { role: 'user', content: [{ type: 'input_text', text: 'Hi' }] },
      output[0],
      { role: 'assistant', content: [{ type: 'output_text', text: 'Hello' }] },
    ]);
  });

  test('tells what was written to the cache, which has a price of its own', () => {
    const input_tokens_details = { cached_tokens: 8, cache_write_tokens: 3 };
    const told = dialect.usage({ usage: { ...usage, input_tokens_details } });
    expect(told).toMatchObject({ inputTokens: 12, cachedInputTokens: 8, cacheWriteTokens: 3 });
  });

  test.each([
    [{ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, output }, 'length'],
    [{ status: 'incomplete', incomplete_details: { reason: 'content_filter' }, output }, 'content-filter'],
    [
      { status: 'completed', output: [{ type: 'message', content: [{ type: 'refusal', refusal: 'No.' }] }] },
      'content-filter',
    ],
  ])('says why it ended (%#)', (body, expected) => {
    expect(dialect.parse(body, call).finishReason).toBe(expected);
  });

  test.each([
    [{}, 'UPSTREAM_BAD_RESPONSE'],
    [null, 'UPSTREAM_BAD_RESPONSE'],
    [{ status: 'failed', error: { code: 'server_error', message: 'boom' } }, 'UPSTREAM_FAILED'],
    [{ status: 'failed', error: { code: 'rate_limit_exceeded', message: 'slow' } }, 'UPSTREAM_REJECTED'],
  ])('that is %j is a failure', (body, code) => {
    expect(() => dialect.parse(body, call)).toThrow(expect.objectContaining({ code }));
  });
});

describe('the stream', () => {
  const text = (delta: string) => ({ type: 'response.output_text.delta', output_index: 1, delta });

  test('is read to its end', () => {
    const item = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'enc' };
    expect(
      decode(
        { type: 'response.created', response: { status: 'in_progress' } },
        { type: 'response.reasoning_summary_text.delta', output_index: 0, delta: 'hm' },
        { type: 'response.output_item.done', output_index: 0, item },
        { ...text('Hel'), logprobs: [] },
        { ...text('lo'), logprobs: [{ token: 'lo' }] },
        { type: 'response.something_new' },
        completed,
      ),
    ).toEqual([
      { type: 'reasoning', text: 'hm' },
      { type: 'reasoning', text: '', signature: { dialect: 'openai-responses', value: 'enc', id: 'rs_1' } },
      { type: 'text', text: 'Hel' },
      { type: 'text', text: 'lo', logprobs: [{ token: 'lo' }] },
      { type: 'finish', reason: 'stop', usage: canonical, id: 'r1', modelId: 'gpt-2025' },
    ]);
  });

  test('has its thoughts as the whole answer has them, a paragraph for each', () => {
    const part = (summary_index: number) => ({
      type: 'response.reasoning_summary_part.added',
      output_index: 0,
      summary_index,
    });
    const hm = (delta: string) => ({ type: 'response.reasoning_summary_text.delta', output_index: 0, delta });
    const summary = ['One.', 'Two.'].map((words) => ({ type: 'summary_text', text: words }));
    const whole = dialect.parse({ ...completed.response, output: [{ type: 'reasoning', summary }] }, call);
    const thought = decode(part(0), hm('One.'), part(1), hm('Two.'), completed).map((one) =>
      one.type === 'reasoning' ? one.text : '',
    );
    expect(whole.content).toMatchObject([{ text: 'One.\n\nTwo.' }]);
    expect(thought.join('')).toBe('One.\n\nTwo.');
  });

  test('that is cut, or refused, says so', () => {
    const incomplete = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
    expect(decode(text('a'), { type: 'response.incomplete', response: incomplete }).at(-1)).toMatchObject({
      reason: 'length',
    });
    expect(decode({ type: 'response.refusal.delta', delta: 'No.' }, completed)).toMatchObject([
      { type: 'text', text: 'No.' },
      { reason: 'content-filter' },
    ]);
  });

  test('that ends before it is completed is truncated', () => {
    expect(() => decode(text('half'))).toThrow(expect.objectContaining({ code: 'MODEL_STREAM_TRUNCATED' }));
  });

  test.each([
    [{ type: 'error', code: 'server_error', message: 'boom' }, 'UPSTREAM_FAILED'],
    [{ type: 'error', error: { code: 'rate_limit_exceeded', message: 'slow' } }, 'UPSTREAM_REJECTED'],
    [
      { type: 'response.failed', response: { status: 'failed', error: { code: 'server_error', message: 'boom' } } },
      'UPSTREAM_FAILED',
    ],
  ])('fails with %j in its middle', (event, code) => {
    expect(() => decode(text('a'), event)).toThrow(expect.objectContaining({ code }));
  });
});
