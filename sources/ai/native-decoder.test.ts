import { describe, expect, it } from 'vitest';
import { SkeinError } from '../../kernel/errors.ts';
import { createDialect } from './dialects/index.ts';
import { hasValue } from './dialects/native.ts';
import type { ModelPart, ModelRequest } from './model.ts';
import { NativeDecoder } from './native-decoder.ts';

const CALL: ModelRequest = { messages: [] };

function decoder(keepsUsage = true): NativeDecoder {
  const dialect = createDialect('openai', 'https://api.example/v1');
  if (dialect.native === undefined) throw new Error('It has no words of its own.');
  return new NativeDecoder(dialect.native, dialect.stream(CALL), keepsUsage);
}

/** What comes of the pieces, and the code of the error that ends it. */
function read(pieces: readonly string[], of = decoder()): [text: string, end: string] {
  const parts: ModelPart[] = [];
  let end = 'open';
  try {
    for (const piece of pieces) of.read(Buffer.from(piece), parts);
    parts.push(...of.end());
  } catch (error) {
    if (!(error instanceof SkeinError)) throw error;
    end = error.code;
  }
  for (const part of parts) if (part.type === 'finish') end = part.reason;
  return [parts.map((part) => (part.type === 'native' ? part.bytes.toString() : '')).join(''), end];
}

const chunk = (text: string) => `data: ${JSON.stringify({ choices: [{ delta: { content: text } }] })}\n\n`;
const STOP = 'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n';
const DONE = 'data: [DONE]\n\n';

describe('a stream that is passed on', () => {
  it('is held back until an event is whole', () => {
    const parts: ModelPart[] = [];
    const of = decoder();
    of.read(Buffer.from('data: {"choices":'), parts);
    expect(parts).toEqual([]);
    of.read(Buffer.from('[]}\n\ndata: {"cho'), parts);
    expect(parts).toMatchObject([{ type: 'native', bytes: Buffer.from('data: {"choices":[]}\n\n') }]);
  });

  it('gives out what came before an error, and nothing of the error', () => {
    const failed = 'data: {"error":{"message":"secret","type":"server_error"}}\n\n';
    expect(read([chunk('a') + chunk('b') + failed + chunk('c')])).toEqual([chunk('a') + chunk('b'), 'UPSTREAM_FAILED']);
  });

  it('ends where its format says, or where it has said why', () => {
    expect(read([chunk('a') + STOP + DONE])).toEqual([chunk('a') + STOP + DONE, 'stop']);
    expect(read([chunk('a'), STOP])).toEqual([chunk('a') + STOP, 'stop']);
    expect(read([chunk('a') + STOP, DONE.trimEnd()])).toEqual([chunk('a') + STOP + DONE, 'stop']);
    expect(read([chunk('a')])).toEqual([chunk('a'), 'MODEL_STREAM_TRUNCATED']);
    expect(read([chunk('a'), 'data: {"choices":[{"del'])).toEqual([chunk('a'), 'MODEL_STREAM_TRUNCATED']);
    expect(read([chunk('a') + STOP, 'data: {"choices":[{"del'])).toEqual([chunk('a') + STOP, 'stop']);
    expect(read([])).toEqual(['', 'MODEL_STREAM_TRUNCATED']);
  });

  it('leaves out the usage alone where it was not asked for', () => {
    const usage = 'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n';
    const beside = 'data: {"choices":[{"delta":{"content":"x"}}],"usage":{"prompt_tokens":1}}\n\n';
    const stream = beside + STOP + usage + DONE;
    const of = decoder(false);
    expect(read([stream], of)).toEqual([beside + STOP + DONE, 'stop']);
    expect(of.usage()).toMatchObject({ inputTokens: 1, outputTokens: 2 });
    expect(read([stream])).toEqual([stream, 'stop']);
  });

  it('has no event and no length beyond all bounds', () => {
    const megabyte = 'x'.repeat(1_000_000);
    expect(read(Array.from({ length: 6 }, () => megabyte))[1]).toBe('UPSTREAM_RESPONSE_TOO_LARGE');
    expect(read(Array.from({ length: 70 }, () => chunk(megabyte)))[1]).toBe('UPSTREAM_RESPONSE_TOO_LARGE');
  });

  it('is not parsed where a provider writes what is no JSON into an event that matters', () => {
    expect(read([`${chunk('a')}data: {"usage":{"prompt\n\n`])).toEqual([chunk('a'), 'UPSTREAM_BAD_RESPONSE']);
  });
});

it.each([
  ['{"usage":{"a":1}}', true],
  ['{"usage" : {"a":1}}', true],
  ['{"usage":null}', false],
  ['{"usage": null,"x":1}', false],
  ['{"a":{"usage":null},"usage":{"b":1}}', true],
  ['{"content":"say \\"usage\\":{"}', false],
  ['{}', false],
])('in %s a usage is there: %s', (text, there) => {
  expect(hasValue(Buffer.from(text), '"usage"')).toBe(there);
});
