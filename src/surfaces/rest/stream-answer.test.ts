import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { deferred } from '../../../test/utils/deferred.ts';
import { createEventReader } from '../../../test/utils/event-reader.ts';
import { openaiAnswer, openaiChunks, openaiEvents, sendEvents, sendJson } from '../../../test/utils/provider-server.ts';
import { startRestPrompts } from '../../../test/utils/rest-prompts.ts';

const PROMPTS = {
  greet: { input: { name: 'String!' }, template: '{{ name }}' },
  count: { output: 'Int!', template: 'x' },
};
const EVENTS = { accept: 'text/event-stream' };
const HEAD = { 'content-type': 'text/event-stream' };
const [FIRST = '', SECOND = '', ...REST] = openaiEvents(...openaiChunks('Hel', 'lo')).split(/(?<=\n\n)/);

/** Names and data of all events of an answer. */
async function eventsOf(response: Response): Promise<unknown[]> {
  const text = await response.text();
  return [...text.matchAll(/^event: (\w+)\ndata: (.*)$/gm)].map(([, name, data = '']) => [name, JSON.parse(data)]);
}

describe('with Accept: text/event-stream a prompt', () => {
  it('is answered as it is written, and then whole with what made it', async () => {
    const { ask } = await startRestPrompts({
      prompts: PROMPTS,
      answer: (_, response) => sendEvents(response, FIRST, SECOND, ...REST),
    });
    const response = await ask('greet', { name: 'x' }, { ...EVENTS, 'x-request-id': 'mine' });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    expect(await eventsOf(response)).toEqual([
      ['delta', { text: 'Hel' }],
      ['delta', { text: 'lo' }],
      [
        'output',
        {
          output: 'Hello',
          prompt: { version: 'inline', hash: expect.any(String) },
          ...{ model: 'small', provider: 'stub', call: 'use_1', cached: false },
          ...{ finishReason: 'STOP', requestId: 'mine' },
          usage: { inputTokens: 5, outputTokens: 2, totalTokens: 7, costUsd: 0.009 },
        },
      ],
    ]);
  });

  it('gives each piece when it is there', async () => {
    const going = deferred<ServerResponse>();
    const { ask } = await startRestPrompts({
      prompts: PROMPTS,
      answer: (_, response) => {
        response.writeHead(200, HEAD).write(FIRST);
        going.resolve(response);
      },
    });
    const reader = createEventReader(await ask('greet', { name: 'x' }, EVENTS));
    expect(await reader.next()).toEqual({ text: 'Hel' });
    (await going.promise).write(SECOND);
    expect(await reader.next()).toEqual({ text: 'lo' });
    (await going.promise).end(REST.join(''));
    expect(await reader.next()).toMatchObject({ output: 'Hello' });
    await expect(reader.next()).rejects.toThrow(/has ended/);
  });

  it('whose output is no text is answered with one event', async () => {
    const { ask } = await startRestPrompts({
      prompts: PROMPTS,
      answer: (_, response) => sendJson(response, openaiAnswer('{"value":3}')),
    });
    expect(await eventsOf(await ask('count', {}, EVENTS))).toMatchObject([['output', { output: 3, model: 'small' }]]);
  });

  it('that fails before its first piece has the status of the error', async () => {
    const { ask } = await startRestPrompts({ prompts: PROMPTS, answer: (_, response) => sendJson(response, {}, 400) });
    const response = await ask('greet', { name: 'x' }, EVENTS);
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ error: { code: 'UPSTREAM_REJECTED' } });
    const unfit = await ask('greet', {}, EVENTS);
    expect([unfit.status, await unfit.json()]).toMatchObject([400, { error: { problems: [{ path: ['name'] }] } }]);
  });

  it('that breaks off ends with an error, and never with the half of an output', async () => {
    const { ask } = await startRestPrompts({ prompts: PROMPTS, answer: (_, response) => sendEvents(response, FIRST) });
    expect(await eventsOf(await ask('greet', { name: 'x' }, EVENTS))).toEqual([
      ['delta', { text: 'Hel' }],
      ['error', { error: expect.objectContaining({ code: 'MODEL_STREAM_TRUNCATED', requestId: expect.any(String) }) }],
    ]);
  });

  it('is given up by the model when the client goes, and the gateway can stop', async () => {
    const { ask, server, gateway } = await startRestPrompts({
      prompts: PROMPTS,
      answer: (_, response) => void response.writeHead(200, HEAD).write(FIRST),
    });
    const leaving = new AbortController();
    const reader = createEventReader(await ask('greet', { name: 'x' }, EVENTS, { signal: leaving.signal }));
    await reader.next();
    leaving.abort();
    await (await server.nextRequest()).closed;
    await gateway.gateway.close();
  });

  it('is told that the gateway stops when it takes too long', async () => {
    const { ask, gateway } = await startRestPrompts({
      prompts: PROMPTS,
      answer: (_, response) => void response.writeHead(200, HEAD).write(FIRST),
      gateway: { limits: { drainTimeoutMs: 1 } },
    });
    const response = await ask('greet', { name: 'x' }, EVENTS);
    const closing = gateway.gateway.close();
    expect(await eventsOf(response)).toMatchObject([
      ['delta', {}],
      ['error', { error: { code: 'SHUTTING_DOWN' } }],
    ]);
    await closing;
  });

  it('is sent no faster than the client reads', async () => {
    const piece = 'x'.repeat(64_000);
    let written = 0;
    const { ask } = await startRestPrompts({
      prompts: PROMPTS,
      answer: (_, response) => {
        response.writeHead(200, HEAD);
        const [event = ''] = openaiEvents(...openaiChunks(piece)).split(/(?<=\n\n)/);
        const pump = () => {
          while (written < 100) {
            written += 1;
            if (!response.write(event)) return void response.once('drain', pump);
          }
          response.end(openaiEvents(...openaiChunks()));
        };
        pump();
      },
    });
    const response = await ask('greet', { name: 'x' }, EVENTS);
    const events = (await eventsOf(response)) as [string, { output: string }][];
    expect(events).toHaveLength(101);
    expect(events.at(-1)?.[1].output).toHaveLength(100 * piece.length);
  });
});
