/** What values of one protobuf type are in the graph. */
export interface ValueShape {
  /** GraphQL type in results, without `!`. */
  readonly output: string;
  /** GraphQL type in arguments. */
  readonly input: string;
  /** A value that is there can still read as null: NaN, an enum number that the document does not know. */
  readonly mayReadNull?: boolean;
}

/** How values of one protobuf type go in and out of GraphQL. */
export interface ValueCodec {
  /** What a field without presence reads as when it is left out of the message. */
  readonly zero?: unknown;
  /** From what protobufjs decodes. Absent: the value is passed on as it is. */
  readonly read?: ((value: unknown) => unknown) | undefined;
  /**
   * To what protobufjs encodes; undefined leaves the field out. Inside JSON scalars nothing has checked the value, so it
   * is checked here.
   * @throws InputError
   */
  readonly write: (value: unknown, field: string) => unknown;
  /** Null is one of its values; elsewhere it is that there is none. */
  readonly takesNull?: boolean;
}

/** Of a type that is always the same in the graph. */
export interface Codec extends ValueShape, ValueCodec {}

/** A value that does not fit the message; its message is public. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
