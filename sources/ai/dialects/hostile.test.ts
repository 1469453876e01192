import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SkeinError } from '../../../kernel/errors.ts';
import type { ModelPart, ModelRequest } from '../model.ts';
import { createDialect, DIALECT_NAMES, type DialectName } from './index.ts';
import { isObject } from './read.ts';

const plain: ModelRequest = { messages: [{ role: 'user', content: 'Hi' }] };
const structured: ModelRequest = { ...plain, output: { name: 'a', schema: {} } };

const block = (type: string, rest: object) => ({ type: `content_block_${type}`, index: 0, ...rest });
const tool = { id: 'a', name: 'weather', input: {}, type: 'tool_use' };

/** Good events and answers, to be spoilt. */
const GOOD: Readonly<Record<DialectName, readonly unknown[]>> = {
  openai: [
    { id: 'c', choices: [{ delta: { content: 'a', reasoning_content: 'b' }, logprobs: { content: [] } }] },
    { choices: [{ delta: { tool_calls: [{ index: 0, id: 'a', function: { name: 'w', arguments: '{}' } }] } }] },
    { choices: [{ delta: {}, finish_reason: 'stop' }], usage: { prompt_tokens: 1, prompt_tokens_details: {} } },
    { choices: [{ message: { content: 'a', tool_calls: [{ function: { name: 'w' } }] }, finish_reason: 'stop' }] },
  ],
  'openai-responses': [
    { type: 'response.output_text.delta', delta: 'a', logprobs: [] },
    { type: 'response.output_item.added', item: { type: 'function_call', call_id: 'a', name: 'w' }, output_index: 1 },
    { type: 'response.output_item.done', item: { type: 'reasoning', id: 'r', encrypted_content: 'e' } },
    { type: 'response.completed', response: { status: 'completed', usage: { input_tokens: 1 } } },
    {
      output: [
        { type: 'message', content: [{ type: 'output_text', text: 'a' }] },
        { type: 'reasoning', summary: [] },
      ],
    },
  ],
  anthropic: [
    { type: 'message_start', message: { id: 'm', usage: { input_tokens: 1, cache_creation: {} } } },
    block('start', { content_block: tool }),
    block('delta', { delta: { type: 'input_json_delta', partial_json: '{}' } }),
    block('delta', { delta: { type: 'signature_delta', signature: 's' } }),
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } },
    { type: 'message_stop' },
    { content: [{ type: 'text', text: 'a' }, tool, { type: 'thinking', thinking: 'b' }], usage: {} },
  ],
  gemini: [
    { candidates: [{ content: { parts: [{ text: 'a', thought: true, thoughtSignature: 's' }] } }] },
    { candidates: [{ content: { parts: [{ functionCall: { name: 'w', args: {} } }] }, finishReason: 'STOP' }] },
    { promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 1 } },
  ],
};

/** The value with one place in it replaced. */
function spoil(value: unknown, path: readonly number[], by: unknown): unknown {
  const [step, ...rest] = path;
  const isBranch = Array.isArray(value) || isObject(value);
  if (step === undefined || !isBranch) return by;
  const keys = Object.keys(value);
  const key = keys[step % Math.max(keys.length, 1)];
  if (key === undefined) return by;
  const inner = spoil((value as Record<string, unknown>)[key], rest, by);
  return Array.isArray(value) ? value.with(Number(key), inner) : { ...value, [key]: inner };
}

const spoilt = (name: DialectName) =>
  fc
    .tuple(fc.constantFrom(...GOOD[name]), fc.array(fc.nat({ max: 9 }), { maxLength: 7 }), fc.jsonValue())
    .map(([value, path, by]) => spoil(value, path, by));

/** What is thrown is ours, whatever comes. */
function guarded<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    expect(error).toBeInstanceOf(SkeinError);
    return undefined;
  }
}

function isWellFormed(part: ModelPart): boolean {
  if (part.type === 'tool-call') return Number.isInteger(part.index) && typeof part.arguments === 'string';
  return part.type === 'finish' || part.type === 'native' || typeof part.text === 'string';
}

describe.each(DIALECT_NAMES)('whatever a provider of %s sends', (name) => {
  const dialect = createDialect(name, 'https://models.example.com/v1');

  test('a stream gives good parts, one finish at the end, or an error of ours', () => {
    fc.assert(
      fc.property(fc.array(spoilt(name), { maxLength: 6 }), fc.boolean(), (events, isStructured) => {
        const decoder = dialect.stream(isStructured ? structured : plain);
        const parts = guarded(() => [
          ...events.flatMap((event) => decoder.push({ data: JSON.stringify(event) })),
          ...decoder.end(),
        ]);
        // What is known of the tokens is asked for whatever has happened.
        const counts = Object.values({ ...decoder.usage(), raw: undefined });
        expect(counts.filter((count) => count !== undefined && !Number.isSafeInteger(count))).toEqual([]);
        expect(typeof decoder.isCounted()).toBe('boolean');
        if (parts === undefined) return;
        expect(parts.filter((part) => !isWellFormed(part))).toEqual([]);
        expect(parts.map(({ type }) => type).indexOf('finish')).toBe(parts.length - 1);
      }),
      { numRuns: 400 },
    );
  });

  test('a whole answer is one, or an error of ours', () => {
    fc.assert(
      fc.property(spoilt(name), fc.boolean(), (body, isStructured) => {
        const answer = guarded(() => dialect.parse(body, isStructured ? structured : plain));
        const usage = dialect.usage(body);
        if (answer !== undefined) expect(answer.usage).toEqual(usage);
        if (answer !== undefined) expect(typeof answer.text).toBe('string');
      }),
      { numRuns: 400 },
    );
  });
});
