import protobuf from 'protobufjs';

/**
 * What a message counts for at the least: an empty one is two bytes, and an object of all its fields in an answer. Ten
 * megabytes of them took gigabytes, and the event loop for half a minute.
 */
export const MIN_BYTES_PER_MESSAGE = 16;

/** A message says more than its source may; its message is for the log. */
export class TooManyMessagesError extends Error {
  override readonly name = 'TooManyMessagesError';
}

/** Reads what a service says, and knows how much it may. */
export class CheckedReader extends protobuf.BufferReader {
  private messagesLeft: number;

  constructor(bytes: Buffer, maxBytes: number) {
    super(bytes);
    this.messagesLeft = Math.ceil(maxBytes / MIN_BYTES_PER_MESSAGE);
  }

  /** @throws TooManyMessagesError */
  countMessage(): void {
    this.messagesLeft -= 1;
    if (this.messagesLeft < 0) throw new TooManyMessagesError('A message holds too many others.');
  }

  /** A text that ends before its length says is none; protobufjs would take what there is of it. */
  override string(): string {
    const start = this.pos;
    const length = this.uint32();
    if (length > this.len - this.pos) throw new RangeError('The message ends within a text.');
    this.pos = start;
    return super.string();
  }
}
