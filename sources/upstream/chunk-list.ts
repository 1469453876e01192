/** Chunks that may stand beside the whole ones before they are put together. */
const MAX_LOOSE = 256;
/** Bytes of a chunk that is large beside what keeping it costs. */
const WORTH_KEEPING = 1_024;

/**
 * A body as it comes. A sender chooses how small its chunks are, and a buffer of one byte takes a hundred: they are put
 * together on the way.
 */
export class ChunkList {
  #chunks: Buffer[] = [];
  #packed = 0;
  #looseBytes = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  push(chunk: Buffer): void {
    this.#bytes += chunk.length;
    const loose = this.#chunks.push(chunk) - this.#packed;
    this.#looseBytes += chunk.length;
    if (loose < MAX_LOOSE) return;
    // Large chunks waste nothing, and would only be copied twice.
    if (this.#looseBytes < MAX_LOOSE * WORTH_KEEPING)
      this.#chunks.push(Buffer.concat(this.#chunks.splice(this.#packed)));
    this.#packed = this.#chunks.length;
    this.#looseBytes = 0;
  }

  clear(): void {
    this.#chunks = [];
    this.#packed = 0;
    this.#looseBytes = 0;
    this.#bytes = 0;
  }

  /** The bytes of all chunks; of a single one, itself. */
  whole(): Buffer {
    const [first] = this.#chunks;
    return this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks, this.#bytes);
  }
}
