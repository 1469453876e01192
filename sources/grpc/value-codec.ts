import type protobuf from 'protobufjs';
import type { Codec } from './codec.ts';
import { EMPTY_CODEC, wellKnownCodec } from './well-known.ts';

/** Of a message that is one value in GraphQL. */
export function valueCodec(type: protobuf.Type): Codec | undefined {
  return wellKnownCodec(type) ?? (usableFields(type).length === 0 ? EMPTY_CODEC : undefined);
}

/** All fields but extensions, whose names begin with a dot. */
export function usableFields(type: protobuf.Type): protobuf.Field[] {
  return type.fieldsArray.filter((field) => !field.name.includes('.'));
}
