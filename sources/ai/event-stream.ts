import { createParser, type ParseError } from 'eventsource-parser';
import { SkeinError } from '../../kernel/errors.ts';
import type { StreamEvent } from './dialects/dialect.ts';

export const MAX_EVENT_CHARACTERS = 4 * 1024 * 1024;
export const MAX_STREAM_BYTES = 64 * 1024 * 1024;

/** Bytes of a `text/event-stream` body to events: https://html.spec.whatwg.org/multipage/server-sent-events.html */
export interface EventReader {
  /**
   * The events that are whole with these bytes. Characters and lines may be cut anywhere between two calls.
   * @throws SkeinError UPSTREAM_RESPONSE_TOO_LARGE for an event above 4 MiB or a stream above 64 MiB.
   */
  read(bytes: Buffer): readonly StreamEvent[];
}

export function createEventReader(): EventReader {
  const text = new TextDecoder();
  let events: StreamEvent[] = [];
  let tooLarge = false;
  let bytesRead = 0;
  const parser = createParser({
    maxBufferSize: MAX_EVENT_CHARACTERS,
    onEvent: (event) => events.push(event),
    onError: (error: ParseError) => {
      if (error.type === 'max-buffer-size-exceeded') tooLarge = true;
    },
  });
  return {
    read(bytes) {
      bytesRead += bytes.length;
      parser.feed(text.decode(bytes, { stream: true }));
      if (tooLarge || bytesRead > MAX_STREAM_BYTES) throw new SkeinError('UPSTREAM_RESPONSE_TOO_LARGE');
      const whole = events;
      events = [];
      return whole;
    },
  };
}
