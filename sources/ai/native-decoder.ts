import { SkeinError } from '../../kernel/errors.ts';
import type { StreamDecoder, StreamEvent } from './dialects/dialect.ts';
import type { NativeDialect } from './dialects/native.ts';
import { isObject } from './dialects/read.ts';
import { MAX_EVENT_CHARACTERS, MAX_STREAM_BYTES } from './event-stream.ts';
import type { ModelPart, NativePart, Usage } from './model.ts';
import type { PartDecoder } from './part-stream.ts';

const [LINE_FEED, CARRIAGE_RETURN] = [0x0a, 0x0d];
/** What an event has beside its text, and the least text that is worth an event: for estimates of aborted answers. */
const EVENT_BYTES = 250;
const EVENT_CHARACTERS = 4;

/**
 * Gives out the events of a stream as the bytes they are, whole ones alone. Only those that matter to the gateway are
 * read: the usage, the end, an error, which is thrown and not given out.
 */
export class NativeDecoder implements PartDecoder {
  readonly #dialect: NativeDialect;
  readonly #decoder: StreamDecoder;
  readonly #keepsUsage: boolean;
  /** The beginning of an event whose end is still to come. */
  #rest: Buffer[] = [];
  #restBytes = 0;
  #bytes = 0;
  /** Something of the answer was given out. */
  #hasBegun = false;

  constructor(dialect: NativeDialect, decoder: StreamDecoder, keepsUsage: boolean) {
    this.#dialect = dialect;
    this.#decoder = decoder;
    this.#keepsUsage = keepsUsage;
  }

  usage(): Usage | undefined {
    return this.#decoder.usage();
  }

  isCounted(): boolean {
    return this.#decoder.isCounted();
  }

  read(chunk: Buffer, into: ModelPart[]): void {
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_STREAM_BYTES) throw new SkeinError('UPSTREAM_RESPONSE_TOO_LARGE');
    let bytes = chunk;
    if (this.#restBytes > 0) {
      // A long event comes in many pieces, which are put together once.
      if (!chunk.includes(LINE_FEED) && !chunk.includes(CARRIAGE_RETURN)) {
        this.#keep(chunk);
        return;
      }
      bytes = Buffer.concat([...this.#rest, chunk]);
      this.#rest = [];
      this.#restBytes = 0;
    }
    const end = endOfEvents(bytes);
    if (end < bytes.length) this.#keep(bytes.subarray(end));
    if (end > 0) this.#take(end === bytes.length ? bytes : bytes.subarray(0, end), into);
  }

  end(): ModelPart[] {
    const parts: ModelPart[] = [];
    // Nobody waits for the empty line behind the last event; but half an event is none.
    const last = Buffer.concat([...this.#rest, Buffer.from('\n\n')]);
    if (isWhole(readEvent(last))) this.#take(last, parts);
    this.#rest = [];
    this.#restBytes = 0;
    return parts.at(-1)?.type === 'finish' ? parts : [...parts, ...this.#decoder.end()];
  }

  #keep(bytes: Buffer): void {
    this.#rest.push(bytes);
    this.#restBytes += bytes.length;
    if (this.#restBytes > MAX_EVENT_CHARACTERS) throw new SkeinError('UPSTREAM_RESPONSE_TOO_LARGE');
  }

  #take(events: Buffer, into: ModelPart[]): void {
    if (!this.#dialect.isNoteworthy(events)) {
      this.#give(events, into);
      return;
    }
    let from = 0;
    for (let at = 0; at < events.length; ) {
      const end = endOfEvent(events, at);
      const event = events.subarray(at, end);
      if (this.#dialect.isNoteworthy(event)) {
        const read = readEvent(event);
        let finish: ModelPart | undefined;
        try {
          finish = read === undefined ? undefined : this.#decoder.push(read).find(({ type }) => type === 'finish');
        } catch (error) {
          this.#give(events.subarray(from, at), into);
          throw error;
        }
        if (read !== undefined && this.#isOurs(read)) {
          this.#give(events.subarray(from, at), into);
          from = end;
        }
        if (finish !== undefined) {
          this.#give(events.subarray(from, end), into);
          into.push(finish);
          return;
        }
      }
      at = end;
    }
    this.#give(events.subarray(from), into);
  }

  /** What only opens the answer is a part of its own. */
  #give(bytes: Buffer, into: ModelPart[]): void {
    let begin = 0;
    while (!this.#hasBegun && begin < bytes.length) {
      const end = endOfEvent(bytes, begin);
      this.#hasBegun = !this.#isOpening(readEvent(bytes.subarray(begin, end)));
      if (!this.#hasBegun) begin = end;
    }
    if (begin > 0) into.push({ type: 'native', bytes: bytes.subarray(0, begin), characters: 0, isOpening: true });
    if (begin < bytes.length) into.push(native(bytes.subarray(begin)));
  }

  #isOpening(event: StreamEvent | undefined): boolean {
    if (event === undefined) return true;
    const data = parsed(event);
    return isObject(data) && this.#dialect.isOpening(data);
  }

  /** An event that the client has not asked for. */
  #isOurs({ data }: StreamEvent): boolean {
    if (this.#keepsUsage || this.#dialect.isUsageAlone === undefined || !data.includes('"usage"')) return false;
    const value: unknown = JSON.parse(data);
    return isObject(value) && this.#dialect.isUsageAlone(value);
  }
}

function native(bytes: Buffer): NativePart {
  let events = 1;
  for (let at = bytes.indexOf('\n\n'); at !== -1 && at < bytes.length - 2; at = bytes.indexOf('\n\n', at + 2))
    events += 1;
  const characters = Math.max(events * EVENT_CHARACTERS, bytes.length - events * EVENT_BYTES);
  return { type: 'native', bytes, characters };
}

/** Where the last whole event ends; 0: there is none. */
function endOfEvents(bytes: Buffer): number {
  const { length } = bytes;
  if (bytes[length - 1] === LINE_FEED && bytes[length - 2] === LINE_FEED) return length;
  const ends = ['\n\n', '\r\n\r\n', '\r\r'].map((mark) => {
    const at = bytes.lastIndexOf(mark);
    return at === -1 ? 0 : at + mark.length;
  });
  return Math.max(...ends);
}

/** Where the event ends that begins here. */
function endOfEvent(bytes: Buffer, from: number): number {
  const ends = ['\n\n', '\r\n\r\n', '\r\r'].map((mark) => {
    const at = bytes.indexOf(mark, from);
    return at === -1 ? bytes.length : at + mark.length;
  });
  return Math.min(...ends);
}

/** Undefined for what has no data: a comment. */
function readEvent(bytes: Buffer): StreamEvent | undefined {
  const data: string[] = [];
  let event: string | undefined;
  for (const line of bytes.toString('utf8').split(/\r\n|\n|\r/)) {
    if (line.startsWith('data:')) data.push(fieldValue(line, 5));
    else if (line.startsWith('event:')) event = fieldValue(line, 6);
  }
  return data.length === 0 ? undefined : { event, data: data.join('\n') };
}

function isWhole(event: StreamEvent | undefined): boolean {
  return event !== undefined && (event.data === '[DONE]' || parsed(event) !== undefined);
}

/** Undefined for what is no JSON. */
function parsed({ data }: StreamEvent): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

function fieldValue(line: string, from: number): string {
  return line.slice(line[from] === ' ' ? from + 1 : from);
}
