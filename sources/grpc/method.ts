import { describeError, SkeinError } from '../../kernel/errors.ts';
import type { Arguments } from '../source.ts';
import { CheckedReader, messageBudget } from './checked-reader.ts';
import { InputError } from './codec.ts';
import { asMessage, type Codecs } from './codecs.ts';
import type { CompiledGrpc, CompiledMethod } from './compiled.ts';
import type { CallDetails } from './status.ts';
import { isValueType } from './value-message.ts';
import type { Wire } from './wire.ts';

/** A method, ready to be called. */
export interface Method {
  /** `/shop.Inventory/GetStock` */
  readonly path: string;
  readonly details: CallDetails;
  /** The one request of a call. @throws SkeinError BAD_USER_INPUT */
  encode(args: Arguments): Buffer;
  /** The requests of a call that takes a stream of them. @throws SkeinError BAD_USER_INPUT */
  encodeAll(args: Arguments): readonly Buffer[];
  /** @throws anything, when the bytes are not the message */
  decode(bytes: Buffer): unknown;
}

/** Codecs and wire types are made with the first call. An answer may hold as many messages as fit in `maxBytes`. */
export function openMethod(
  source: string,
  { name, path, request, response }: CompiledMethod,
  { messages }: Pick<CompiledGrpc, 'messages'>,
  codecs: Codecs,
  wire: Wire,
  maxBytes: number,
): Method {
  const details = { source, operation: name };
  // The request's fields are the arguments; of a request that is one value in GraphQL, `value` is.
  const isValue = isValueType(messages, request);
  let encoder: ((value: unknown, field: string) => Buffer) | undefined;
  let decoder: ((bytes: Buffer) => unknown) | undefined;

  function createEncoder(): (value: unknown, field: string) => Buffer {
    const { write } = codecs.message(request);
    const type = wire.typeOf(request);
    return (value, field) => {
      const bytes = type.encode(asMessage(write(value, field))).finish();
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    };
  }

  function createDecoder(): (bytes: Buffer) => unknown {
    const { read = (value: unknown) => value } = codecs.message(response);
    const type = wire.typeOf(response);
    return (bytes) => read(type.decode(new CheckedReader(bytes, messageBudget(maxBytes))));
  }

  function checked<T>(encode: (one: (value: unknown, field: string) => Buffer) => T): T {
    encoder ??= createEncoder();
    try {
      return encode(encoder);
    } catch (error) {
      const message = error instanceof InputError ? `An argument has a wrong value: ${error.message}` : undefined;
      throw new SkeinError('BAD_USER_INPUT', message, { details, cause: describeError(error) });
    }
  }

  return {
    path,
    details,
    encode: (args) =>
      checked((one) => {
        if (!isValue) return one(args, name);
        return args.value === undefined || args.value === null ? Buffer.alloc(0) : one(args.value, 'value');
      }),
    encodeAll: (args) =>
      checked((one) => {
        if (!Array.isArray(args.requests)) throw new InputError('"requests" must be a list.');
        return args.requests.map((request: unknown) => one(request, 'requests'));
      }),
    decode: (bytes) => {
      decoder ??= createDecoder();
      return decoder(bytes);
    },
  };
}
