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

/** How many messages an answer may still hold, with those that are packed in it. */
export interface MessageBudget {
  left: number;
}

export function messageBudget(maxBytes: number): MessageBudget {
  return { left: Math.ceil(maxBytes / MIN_BYTES_PER_MESSAGE) };
}

const NO_BYTES = Buffer.alloc(0);
const budgets = new WeakMap<object, MessageBudget>();

/** What was left of the answer that a message is of, for what is packed in it. */
export function budgetOf(message: object): MessageBudget | undefined {
  return budgets.get(message);
}

/** Reads what a service says, and knows how much it may. */
export class CheckedReader extends protobuf.BufferReader {
  readonly #budget: MessageBudget;

  constructor(bytes: Buffer, budget: MessageBudget) {
    super(bytes);
    this.#budget = budget;
  }

  /** @throws TooManyMessagesError */
  countMessage(): void {
    this.#budget.left -= 1;
    if (this.#budget.left < 0) throw new TooManyMessagesError('A message holds too many others.');
  }

  /** Lets what is packed in the message count for the same answer. */
  lendBudget(message: object): void {
    budgets.set(message, this.#budget);
  }

  /** Empty ones are two bytes each; a megabyte of them took 200 and a second. */
  override bytes(): Uint8Array {
    if (this.pos >= this.len || this.buf[this.pos] !== 0) return super.bytes();
    this.pos += 1;
    return NO_BYTES;
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
