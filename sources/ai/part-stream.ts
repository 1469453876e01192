import { CancellationSource } from '../../kernel/cancellation.ts';
import { SkeinError } from '../../kernel/errors.ts';
import type { CallContext } from '../source.ts';
import type { StreamDecoder } from './dialects/dialect.ts';
import { createEventReader } from './event-stream.ts';
import type { ModelPart, Usage } from './model.ts';

/** How long the rest of a finished answer is read, so that its connection can be used again. */
const DRAIN_TIMEOUT_MS = 1_000;

/** Makes parts of the chunks of one answer: bytes, where nobody else has read them. */
export interface PartDecoder<Chunk = Buffer> {
  /** Adds the parts that are whole with this chunk, also where it throws. @throws SkeinError as `StreamDecoder.push` does */
  read(chunk: Chunk, into: ModelPart[]): void;
  /** As `StreamDecoder` has it. */
  end(): ModelPart[];
  usage(): Usage | undefined;
  isCounted(): boolean;
}

/** Makes events of bytes, and parts of events. */
export function createEventDecoder(decoder: StreamDecoder): PartDecoder {
  const reader = createEventReader();
  return {
    read(bytes, into) {
      for (const event of reader.read(bytes)) into.push(...decoder.push(event));
    },
    end: () => decoder.end(),
    usage: () => decoder.usage(),
    isCounted: () => decoder.isCounted(),
  };
}

/** An answer that is read as it comes; `return()` ends it. */
export interface ChunkStream<Chunk> {
  readonly body: AsyncIterableIterator<Chunk> & { return(): Promise<IteratorResult<Chunk>> };
}

/** The parts of one answer, and what is known of its tokens until now. */
export interface ModelPartStream extends AsyncIterableIterator<ModelPart> {
  usage(): Usage | undefined;
  /** Whether the provider will tell no more of them. */
  isCounted(): boolean;
  /** Closes the provider's socket at once. */
  return(): Promise<IteratorResult<ModelPart>>;
}

export interface PartStreamOptions<Chunk = Buffer> {
  readonly context: CallContext;
  readonly decoder: PartDecoder<Chunk>;
  /** Sends the request; called at the first `next()`, with a context that is cancelled when the reader goes away too. */
  open(context: CallContext): Promise<ChunkStream<Chunk>>;
  /** The public face of anything thrown on the way. */
  toError(error: unknown): SkeinError;
}

/**
 * The parts of one answer as they come. Written out instead of as a generator, whose `return()` would wait for the
 * next bytes: here it closes the socket at once, before the first token too. What came before a failure is given out
 * before the failure is thrown.
 */
export class PartStream<Chunk = Buffer> implements ModelPartStream {
  readonly #options: PartStreamOptions<Chunk>;
  readonly #own = new CancellationSource();
  readonly #watch = {
    abort: () => this.#own.cancel(this.#options.context.cancellation.reason ?? new SkeinError('CLIENT_CLOSED_REQUEST')),
  };
  #stream: ChunkStream<Chunk> | undefined;
  #parts: ModelPart[] = [];
  #nextPart = 0;
  #failure: SkeinError | undefined;
  #started = false;
  #closed = false;

  constructor(options: PartStreamOptions<Chunk>) {
    this.#options = options;
  }

  /** What is known of the tokens until now. */
  usage(): Usage | undefined {
    return this.#options.decoder.usage();
  }

  isCounted(): boolean {
    return this.#options.decoder.isCounted();
  }

  async next(): Promise<IteratorResult<ModelPart>> {
    for (;;) {
      const part = this.#parts[this.#nextPart];
      if (part !== undefined) {
        this.#nextPart += 1;
        return { done: false, value: part };
      }
      const failure = this.#failure;
      if (failure !== undefined) {
        this.#failure = undefined;
        throw failure;
      }
      if (this.#closed) return { done: true, value: undefined };
      await this.#fill();
    }
  }

  return(): Promise<IteratorResult<ModelPart>> {
    this.#parts = [];
    this.#failure = undefined;
    if (!this.#closed) {
      this.#close();
      this.#watch.abort();
      void this.#stream?.body.return();
    }
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Reads until there is something to give out. */
  async #fill(): Promise<void> {
    const { decoder } = this.#options;
    const parts: ModelPart[] = [];
    try {
      this.#stream ??= await this.#open();
      const chunk = await this.#nextChunk(this.#stream);
      if (this.#closed) return;
      if (chunk === undefined) {
        parts.push(...decoder.end());
        this.#close();
      } else {
        decoder.read(chunk, parts);
        if (parts.at(-1)?.type === 'finish') this.#drain(this.#stream);
      }
    } catch (error) {
      if (this.#closed) return;
      this.#close();
      void this.#stream?.body.return();
      this.#failure = this.#options.toError(error);
    }
    this.#parts = parts;
    this.#nextPart = 0;
  }

  #open(): Promise<ChunkStream<Chunk>> {
    const { context, open } = this.#options;
    if (!this.#started) {
      this.#started = true;
      if (context.cancellation.reason !== undefined) this.#watch.abort();
      else context.cancellation.watch(this.#watch);
    }
    return open({ ...context, cancellation: this.#own });
  }

  /** The next chunk, or `undefined` at the end. A connection that breaks ends the body too: the decoder judges. */
  async #nextChunk(stream: ChunkStream<Chunk>): Promise<Chunk | undefined> {
    try {
      const { done, value } = await stream.body.next();
      return done ? undefined : value;
    } catch (error) {
      if (error instanceof SkeinError && error.code === 'UPSTREAM_FAILED') return undefined;
      throw error;
    }
  }

  #close(): void {
    this.#closed = true;
    this.#options.context.cancellation.unwatch(this.#watch);
  }

  #drain(stream: ChunkStream<Chunk>): void {
    this.#close();
    const timer = setTimeout(() => void stream.body.return(), DRAIN_TIMEOUT_MS);
    timer.unref();
    const drained = async () => {
      try {
        while (!(await stream.body.next()).done);
      } catch {
        // The answer is whole; what becomes of the connection is of no interest.
      } finally {
        clearTimeout(timer);
      }
    };
    void drained();
  }
}
