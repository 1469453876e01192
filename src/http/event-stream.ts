import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { PublicResult } from '../public-errors.ts';
import { EVENT_STREAM } from './media-types.ts';

/** How often a comment is sent so that proxies do not take a quiet stream for a dead one. */
const PING_EVERY_MS = 12_000;

export interface EventStream {
  /** Writes an event; resolves when the client has room for more. */
  send(event: 'next' | 'complete', data: unknown): Promise<void>;
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
      return response.closed || response.destroyed;
    },
    async send(event, data) {
      if (this.closed) return;
      const body = data === undefined ? '' : JSON.stringify(data);
      if (response.write(`event: ${event}\ndata: ${body}\n\n`) || this.closed) return;
      const closing = new AbortController();
      const onClose = () => closing.abort();
      response.once('close', onClose);
      await once(response, 'drain', { signal: closing.signal }).catch(() => {});
      response.off('close', onClose);
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

/** Pumps results into events, as fast as the client takes them, until either side ends. */
export async function pumpResults(
  results: AsyncIterableIterator<PublicResult>,
  stream: EventStream,
  wrap: (result: PublicResult) => unknown,
): Promise<void> {
  try {
    for (;;) {
      const event = await results.next();
      if (event.done === true || stream.closed) break;
      await stream.send('next', wrap(event.value));
    }
  } finally {
    await results.return?.();
  }
}
