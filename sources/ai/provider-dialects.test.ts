import { describe, expect, onTestFinished, test } from 'vitest';
import { createCallContext } from '../../test/utils/call-context.ts';
import { createProviderServer, type ProviderHandler, sendEvents, sendJson } from '../../test/utils/provider-server.ts';
import { DIALECT_NAMES, type DialectName } from './dialects/index.ts';
import type { ModelPart, ModelRequest } from './model.ts';
import { providerOptions } from './options.ts';
import { createProvider, type ModelTarget } from './provider.ts';

const KEY = 'AIza-or-sk-very-secret';
const target: ModelTarget = { name: 'mine', provider: 'stub', modelId: 'upstream-id', maxTokens: 100 };
const call: ModelRequest = { messages: [{ role: 'user', content: 'Hi' }] };

interface Wire {
  readonly path: string;
  readonly keyHeader: string;
  text(text: string): object;
  /** What ends a stream, as it is sent. */
  readonly end: readonly object[];
  readonly terminator: string;
  /** An error in the middle of a stream. */
  readonly failure: object;
}

const WIRES: Readonly<Record<DialectName, Wire>> = {
  openai: {
    path: '/v1/chat/completions',
    keyHeader: 'authorization',
    text: (content) => ({ choices: [{ delta: { content } }] }),
    end: [
      { choices: [{ delta: {}, finish_reason: 'stop' }] },
      { choices: [], usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } },
    ],
    terminator: 'data: [DONE]\n\n',
    failure: { error: { type: 'server_error', message: 'overloaded' } },
  },
  'openai-responses': {
    path: '/v1/responses',
    keyHeader: 'authorization',
    text: (delta) => ({ type: 'response.output_text.delta', delta }),
    end: [
      {
        type: 'response.completed',
        response: { status: 'completed', usage: { input_tokens: 5, output_tokens: 2, total_tokens: 7 } },
      },
    ],
    terminator: '',
    failure: { type: 'error', code: 'server_error', message: 'overloaded' },
  },
  anthropic: {
    path: '/v1/messages',
    keyHeader: 'x-api-key',
    text: (text) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
    end: [
      {
        type: 'message_delta',
        delta: { stop_reason: 'end_turn' },
        usage: { input_tokens: 5, output_tokens: 2 },
      },
      { type: 'message_stop' },
    ],
    terminator: '',
    failure: { type: 'error', error: { type: 'overloaded_error', message: 'overloaded' } },
  },
  gemini: {
    path: '/v1/models/upstream-id:streamGenerateContent?alt=sse',
    keyHeader: 'x-goog-api-key',
    text: (text) => ({ candidates: [{ content: { parts: [{ text }] } }] }),
    end: [
      {
        candidates: [{ finishReason: 'STOP' }],
        usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 2, totalTokenCount: 7 },
      },
    ],
    terminator: '',
    failure: { error: { code: 503, status: 'UNAVAILABLE', message: 'overloaded' } },
  },
};

const sse = (...events: readonly object[]) => events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');

async function setUp(dialect: DialectName, handler: ProviderHandler) {
  const server = await createProviderServer(handler);
  const provider = createProvider(
    'stub',
    providerOptions.parse({ dialect, endpoint: server.endpoint, apiKey: KEY, timeoutMs: 5_000 }),
  );
  const { context, log, abort } = createCallContext();
  onTestFinished(async () => {
    await provider.dispose();
    await server.close();
  });
  const stream = () => provider.stream(target, call, context);
  const collect = async () => {
    const parts: ModelPart[] = [];
    try {
      for await (const part of stream()) parts.push(part);
    } catch (error) {
      return { parts, error };
    }
    return { parts, error: undefined };
  };
  return { server, log, abort, stream, collect, generate: () => provider.generate(target, call, context) };
}

const textOf = (parts: readonly ModelPart[]) => parts.map((part) => (part.type === 'text' ? part.text : '')).join('');

describe.each(DIALECT_NAMES)('a stream of %s', (dialect) => {
  const { path, keyHeader, text, end, terminator, failure } = WIRES[dialect];
  const whole = `: welcome\n\n${sse(text('Grüße, '), text('世界 '), text('👋🏽'), ...end)}${terminator}`;

  test.each([1, 7])(
    'may be cut anywhere, with CRLF and comments: in pieces of %i bytes it is the same',
    async (size) => {
      const bytes = Buffer.from(whole.replaceAll('\n', '\r\n'));
      const { server, collect } = await setUp(dialect, async (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.socket?.setNoDelay(true);
        for (let at = 0; at < bytes.length; at += size) {
          response.write(bytes.subarray(at, at + size));
          await new Promise((resolve) => setImmediate(resolve));
        }
        response.end();
      });
      const { parts, error } = await collect();
      expect(error).toBeUndefined();
      expect(textOf(parts)).toBe('Grüße, 世界 👋🏽');
      expect(parts.at(-1)).toMatchObject({
        type: 'finish',
        reason: 'stop',
        usage: { inputTokens: 5, outputTokens: 2, totalTokens: 7 },
      });
      expect(server.requests[0]?.path).toBe(path);
      expect(server.requests[0]?.headers[keyHeader]).toContain(KEY);
    },
  );

  test('has tokens of a megabyte', async () => {
    const large = 'ü'.repeat(500_000);
    const { collect } = await setUp(dialect, (_, response) =>
      sendEvents(response, sse(text(large), text('end'), ...end), terminator),
    );
    const { parts, error } = await collect();
    expect(error).toBeUndefined();
    expect(textOf(parts)).toBe(`${large}end`);
  });

  test.each([
    ['ends in its middle', sse(text('so far'))],
    ['ends in the middle of an event', `${sse(text('so far'))}data: {"half`],
  ])('that %s is truncated', async (_what, body) => {
    const { collect } = await setUp(dialect, (_, response) => sendEvents(response, body));
    const { parts, error } = await collect();
    expect(textOf(parts)).toBe('so far');
    expect(error).toMatchObject({ code: 'MODEL_STREAM_TRUNCATED' });
  });

  test('that fails behind a 200 gives what came, and then fails', async () => {
    const { collect } = await setUp(dialect, (_, response) => sendEvents(response, sse(text('so far'), failure)));
    const { parts, error } = await collect();
    expect(textOf(parts)).toBe('so far');
    expect(error).toMatchObject({ code: 'UPSTREAM_FAILED' });
  });

  test('is read no faster than its reader reads', async () => {
    const chunk = Buffer.from(sse(text('x'.repeat(64_000))));
    let sent = 0;
    const { server, stream } = await setUp(dialect, (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const fill = () => {
        while (sent < 400 && response.write(chunk)) sent += 1;
        if (sent < 400) response.once('drain', fill);
      };
      fill();
    });
    const parts = stream();
    await parts.next();
    // The provider writes until the sockets between are full, which is long before its 400 pieces.
    for (let before = -1; before !== sent; await new Promise((resolve) => setTimeout(resolve, 50))) before = sent;
    expect(sent).toBeLessThan(200);
    await parts.return();
    await server.requests[0]?.closed;
  });
});

describe.each(DIALECT_NAMES)('%s', (dialect) => {
  const statuses = [401, 429, 500, 529];
  test.each(statuses)('answering %i is told as what it is, and the key is in no error and no log', async (status) => {
    const error = { error: { type: 'x', status: 'X', message: `no: ${KEY} and AIzaSyPartOfIt…` } };
    const { generate, collect, log } = await setUp(dialect, (_, response) =>
      sendJson(response, error, status, { 'retry-after': 'Wed, 21 Oct 2099 07:28:00 GMT' }),
    );
    const failures = [await generate().catch((caught: unknown) => caught), (await collect()).error];
    for (const caught of failures) {
      expect(caught).toMatchObject({
        code: status < 500 ? 'UPSTREAM_REJECTED' : 'UPSTREAM_FAILED',
        extensions: { upstreamStatus: status, retryAfterMs: 3_600_000 },
      });
    }
    const told =
      JSON.stringify([failures, log.lines]) + failures.map((caught) => String((caught as Error).cause)).join();
    expect(told).toContain('no: [redacted] and [redacted]');
    expect(told).not.toMatch(/very-secret|AIzaSy/);
  });

  test.each([
    ['HTML', '<html>busy</html>', 'text/html'],
    ['half a JSON', '{"choices":[{"mess', 'application/json'],
    ['nothing', '', 'application/json'],
    ['another JSON', '{"ok":true}', 'application/json'],
    ['null', 'null', 'application/json'],
  ])('answering %s is of no use', async (_what, body, contentType) => {
    const { generate, collect } = await setUp(dialect, (_, response) => {
      response.writeHead(200, { 'content-type': contentType });
      response.end(body);
    });
    const unusable = { code: 'UPSTREAM_BAD_RESPONSE', extensions: { upstreamStatus: 200 } };
    await expect(generate()).rejects.toMatchObject(unusable);
    expect((await collect()).error).toMatchObject(unusable);
  });

  test('whose client goes away has its socket closed', async () => {
    const { server, generate, abort } = await setUp(dialect, () => {});
    const answer = generate();
    const { closed } = await server.nextRequest();
    abort();
    await expect(answer).rejects.toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' });
    await closed;
  });
});
