import type { ServerResponse } from 'node:http';
import type { PublicResult } from '../public-errors.ts';
import { EVENT_STREAM } from './media-types.ts';

/** How often a comment is sent so that proxies do not take a quiet stream for a dead one. */
const PING_EVERY_MS = 12_000;

/** Those of GraphQL over SSE, and those of prompts over REST. */
type EventName = 'next' | 'complete' | 'delta' | 'output' | 'error';

export interface EventStream {
  /** Writes an event; resolves when the client has room for more, or when `signal` aborts. */
  send(event: EventName, data: unknown, signal?: AbortSignal): Promise<void>;
  end(): void;
  readonly closed: boolean;
  onClose(listener: () => void): void;
}

/** Opens a `text/event-stream` answer (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export function openEventStream(response: ServerResponse): EventStream {
  response.writeHead(200, {
    'content-type': `${EVENT_STREAM}; charset=utf-8`,
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  // Some browsers report the stream as open only after its first byte.
  response.write(':\n\n');
  const pings = setInterval(() => response.write(':\n\n'), PING_EVERY_MS);
  response.once('close', () => clearInterval(pings));
  return {
    get closed() {
      return response.writableEnded || response.destroyed;
    },
    async send(event, data, signal) {
      if (this.closed) return;
      const body = data === undefined ? '' : JSON.stringify(data);
      if (response.write(`event: ${event}\ndata: ${body}\n\n`) || this.closed || signal?.aborted === true) return;
      await roomForMore(response, signal);
    },
    end() {
      clearInterval(pings);
      response.end();
    },
    onClose(listener) {
      response.once('close', listener);
    },
  };
}

function roomForMore(response: ServerResponse, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      response.off('drain', settle);
      response.off('close', settle);
      signal?.removeEventListener('abort', settle);
      resolve();
    };
    response.once('drain', settle);
    response.once('close', settle);
    signal?.addEventListener('abort', settle);
  });
}

/** Pumps results into events, as fast as the client takes them, until either side ends. */
export async function pumpResults(
  results: AsyncIterableIterator<PublicResult>,
  stream: EventStream,
  signal: AbortSignal,
  wrap: (result: PublicResult) => unknown,
): Promise<void> {
  try {
    for (;;) {
      const event = await results.next();
      if (event.done === true || stream.closed) break;
      await stream.send('next', wrap(event.value), signal);
    }
  } finally {
    await results.return?.();
  }
}
