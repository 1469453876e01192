import type protobuf from 'protobufjs';
import { describeError, SkeinError } from '../../kernel/errors.ts';
import type { Arguments } from '../source.ts';
import { InputError } from './codec.ts';
import { messageWriter } from './message-codec.ts';
import type { Operation } from './operations.ts';
import type { ProtoTypes } from './proto-types.ts';
import type { CallDetails } from './status.ts';
import { valueCodec } from './value-codec.ts';

/** A method, compiled: what goes over the wire and what it looks like in the graph. */
export interface CompiledMethod {
  /** `/shop.Inventory/GetStock` */
  readonly path: string;
  readonly details: CallDetails;
  /** GraphQL type of the root field; always nullable, so that a failure nulls this field alone. */
  readonly output: string;
  readonly arguments: readonly MethodArgument[];
  /** @throws SkeinError BAD_USER_INPUT */
  encode(args: Arguments): Buffer;
  /** @throws anything, when the bytes are not the message */
  decode(bytes: Buffer): unknown;
}

export interface MethodArgument {
  readonly name: string;
  readonly input: string;
  readonly description: string | undefined;
  readonly deprecated: boolean;
}

export function compileMethod(source: string, { method, service }: Operation, types: ProtoTypes): CompiledMethod {
  method.resolve();
  const { resolvedRequestType, resolvedResponseType } = method;
  if (resolvedRequestType === null || resolvedResponseType === null) {
    throw new TypeError(`The types of ${service.name}.${method.name} are not resolved.`);
  }
  const details = { source, operation: method.name };
  const response = types.codec(resolvedResponseType);
  const read = response.read ?? ((value: unknown) => value);
  const request = requestOf(resolvedRequestType, types);
  return {
    path: `/${service.fullName.replace(/^\./, '')}/${method.name}`,
    details,
    output: response.output,
    arguments: request.arguments,
    encode: (args) => {
      try {
        const message = request.write(args);
        const bytes = resolvedRequestType.encode(message).finish();
        return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      } catch (error) {
        const message = error instanceof InputError ? `An argument has a wrong value: ${error.message}` : undefined;
        throw new SkeinError('BAD_USER_INPUT', message, { details, cause: describeError(error) });
      }
    },
    decode: (bytes) => read(resolvedResponseType.decode(bytes)),
  };
}

interface Request {
  readonly arguments: readonly MethodArgument[];
  write(args: Arguments): protobuf.Message | Readonly<Record<string, unknown>>;
}

/** The request's fields are the arguments; of a request that is one value in GraphQL, `value` is. */
function requestOf(type: protobuf.Type, types: ProtoTypes): Request {
  const value = valueCodec(type);
  if (value === undefined) {
    const fields = types.fields(type);
    const write = messageWriter(fields);
    return { arguments: fields, write: (args) => asMessage(write(args, type.name)) };
  }
  if (type.fieldsArray.length === 0) return { arguments: [], write: () => ({}) };
  const argument = { name: 'value', input: value.input, description: undefined, deprecated: false };
  return {
    arguments: [argument],
    write: (args) => asMessage(args.value === undefined ? {} : value.write(args.value, 'value')),
  };
}

function asMessage(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
