import type { Problem } from '../../kernel/problem.ts';

/**
 * What a document defines, whichever form it came in: .proto files, a descriptor set, a server's reflection. Plain
 * data. Full names are without the leading dot.
 */
export interface ProtoSchema {
  readonly messages: ReadonlyMap<string, ProtoMessage>;
  readonly enums: ReadonlyMap<string, ProtoEnum>;
  readonly services: readonly ProtoService[];
  readonly notices: readonly MessageNotice[];
}

/** What of a message cannot be in the graph: told if the message is needed there. */
export interface MessageNotice {
  readonly fullName: string;
  readonly notice: Problem;
}

interface Documented {
  readonly description?: string | undefined;
  readonly deprecated: boolean;
}

export interface ProtoMessage extends Documented {
  readonly fullName: string;
  /** The file that defines it. */
  readonly file: string | undefined;
  readonly fields: readonly ProtoField[];
}

export interface ProtoField extends Documented {
  /** As the document writes it. */
  readonly documentName: string;
  /** Its name in the graph: one of its kind in the message. */
  readonly name: string;
  readonly id: number;
  /** A scalar type, or the full name of a message or enum. Of maps: of their values. */
  readonly type: string;
  readonly kind: 'scalar' | 'message' | 'enum';
  readonly label: 'single' | 'repeated' | 'map';
  /** Scalar type of a map's keys. */
  readonly keyType: string | undefined;
  readonly required: boolean;
  /** A message tells whether it has the field; without, a field that is left out has its default value. */
  readonly presence: boolean;
  readonly packed: boolean;
  /** A group, or the like of it in editions. */
  readonly delimited: boolean;
  /** Name of the oneof it is part of, if that has other members. */
  readonly oneof: string | undefined;
  /** What it means when it is left out, where the document says so: of enums the value's name, of bytes base64. */
  readonly defaultValue: string | number | boolean | undefined;
}

export interface ProtoEnum extends Documented {
  readonly fullName: string;
  readonly file: string | undefined;
  readonly values: readonly ProtoEnumValue[];
}

export interface ProtoEnumValue extends Documented {
  readonly name: string;
  readonly number: number;
}

export interface ProtoService {
  readonly fullName: string;
  readonly file: string | undefined;
  /** The document itself defines it, not what it imports. */
  readonly own: boolean;
  readonly methods: readonly ProtoMethod[];
}

export interface ProtoMethod extends Documented {
  readonly name: string;
  /** Full names of messages. */
  readonly request: string;
  readonly response: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  /** The document says that it changes nothing: `idempotency_level = NO_SIDE_EFFECTS`, or `get` of google.api.http. */
  readonly isReading: boolean;
}

/** The last part of a full name. */
export function shortName(fullName: string): string {
  return fullName.slice(fullName.lastIndexOf('.') + 1);
}
