import { Readable } from 'node:stream';
import { unsupported } from './errors.ts';
import type { BsonDocument } from './values.ts';

/** What a cursor runs: the documents, in portions of the store's making. */
export interface CursorSource {
  /** Called once, when the first document is asked for. */
  open(settings: CursorSettings): Promise<Iterator<BsonDocument>>;
  /** Another step of the documents; may wait for another process. */
  advance(documents: Iterator<BsonDocument>): Promise<IteratorResult<BsonDocument>>;
  explain(settings: CursorSettings): Promise<BsonDocument>;
}

export interface CursorSettings {
  sort?: unknown;
  skip?: unknown;
  limit?: unknown;
  projection?: unknown;
}

/** The parts of the MongoDB driver's cursor that mongoose and callers of native collections use. */
export class EmbeddedCursor {
  readonly #source: CursorSource;
  readonly #settings: CursorSettings;
  #transform: ((document: BsonDocument) => unknown) | undefined;
  #documents: Promise<Iterator<BsonDocument>> | undefined;
  #closed = false;

  constructor(source: CursorSource, settings: CursorSettings = {}) {
    this.#source = source;
    this.#settings = settings;
  }

  get closed(): boolean {
    return this.#closed;
  }

  sort(sort: unknown, direction?: unknown): this {
    this.#settings.sort = direction === undefined ? sort : [[sort, direction]];
    return this;
  }

  skip(skip: number): this {
    this.#settings.skip = skip;
    return this;
  }

  limit(limit: number): this {
    this.#settings.limit = limit;
    return this;
  }

  project(projection: unknown): this {
    this.#settings.projection = projection;
    return this;
  }

  map(transform: (document: BsonDocument) => unknown): this {
    const previous = this.#transform;
    this.#transform = previous === undefined ? transform : (document) => transform(previous(document) as BsonDocument);
    return this;
  }

  batchSize(): this {
    return this;
  }

  hint(): this {
    return this;
  }

  comment(): this {
    return this;
  }

  maxTimeMS(): this {
    return this;
  }

  addCursorFlag(flag: string, value: boolean): this {
    if (value && flag !== 'noCursorTimeout') throw unsupported(`cursor flag ${flag}`);
    return this;
  }

  async next(): Promise<unknown> {
    if (this.#closed) return null;
    this.#documents ??= this.#source.open(this.#settings);
    const { done, value } = await this.#source.advance(await this.#documents);
    if (done === true) {
      this.#closed = true;
      return null;
    }
    return this.#transform === undefined ? value : this.#transform(value);
  }

  async toArray(): Promise<unknown[]> {
    const found: unknown[] = [];
    for await (const document of this) found.push(document);
    return found;
  }

  async forEach(visit: (document: unknown) => unknown): Promise<void> {
    for await (const document of this) if (visit(document) === false) return;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void, void> {
    try {
      for (;;) {
        const document = await this.next();
        if (document === null) return;
        yield document;
      }
    } finally {
      await this.close();
    }
  }

  stream(): Readable {
    return Readable.from(this);
  }

  rewind(): void {
    this.#documents = undefined;
    this.#closed = false;
  }

  clone(): EmbeddedCursor {
    return new EmbeddedCursor(this.#source, { ...this.#settings });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const documents = await this.#documents?.catch(() => undefined);
    documents?.return?.();
  }

  async explain(): Promise<BsonDocument> {
    return this.#source.explain(this.#settings);
  }
}
