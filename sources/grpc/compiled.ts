import type { Problem } from '../../kernel/problem.ts';
import type { RootType } from './operations.ts';
import type { ProtoField } from './proto-schema.ts';

/** A gRPC document, compiled: plain data, which can be handed from process to process. `openGrpc` makes a source of it. */
export interface CompiledGrpc {
  readonly sdl: string;
  readonly methods: readonly CompiledMethod[];
  /** Fields of all messages that may come over the wire, by full name; google.protobuf's own are known. */
  readonly messages: ReadonlyMap<string, readonly CompiledField[]>;
  readonly enums: ReadonlyMap<string, readonly CompiledEnumValue[]>;
  readonly notices: readonly Problem[];
}

export interface CompiledMethod {
  readonly root: RootType;
  /** Name of the root field. */
  readonly field: string;
  /** `GetStock` */
  readonly name: string;
  /** `/shop.Inventory/GetStock` */
  readonly path: string;
  /** Full names of messages. */
  readonly request: string;
  readonly response: string;
  readonly requestStream: boolean;
}

export type CompiledField = Omit<ProtoField, 'documentName' | 'description' | 'deprecated'>;

export interface CompiledEnumValue {
  readonly name: string;
  readonly number: number;
}
