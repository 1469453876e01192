import protobuf from 'protobufjs';

/** A text that ends before its length says is none; protobufjs would take what there is of it. */
class CheckedReader extends protobuf.BufferReader {
  override string(): string {
    const start = this.pos;
    const length = this.uint32();
    if (length > this.len - this.pos) throw new RangeError('The message ends within a text.');
    this.pos = start;
    return super.string();
  }
}

export function readerOf(bytes: Buffer): protobuf.Reader {
  return new CheckedReader(bytes);
}
