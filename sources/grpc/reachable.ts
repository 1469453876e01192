import type { ProtoMethod, ProtoSchema } from './proto-schema.ts';
import { isValueMessage } from './value-message.ts';

export interface ReachableTypes {
  /** Full names of messages that become object types. */
  readonly outputs: ReadonlySet<string>;
  /** Of those that become input types: what requests contain, and requests that come in lists. */
  readonly inputs: ReadonlySet<string>;
  readonly enums: ReadonlySet<string>;
  /** All messages that go over the wire, through maps too. */
  readonly messages: ReadonlySet<string>;
  /** A `google.protobuf.Any` is among them: any other message may be in it. */
  readonly hasAny: boolean;
}

/** The messages and enums that methods need, through fields of any depth. Maps are JSON and need no GraphQL types. */
export function collectTypes(schema: ProtoSchema, methods: readonly ProtoMethod[]): ReachableTypes {
  const outputs = new Set<string>();
  const inputs = new Set<string>();
  const enums = new Set<string>();

  function collectFrom(start: string, messages: Set<string>): void {
    const waiting = [start];
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      for (const field of schema.messages.get(name)?.fields ?? []) {
        if (field.kind === 'scalar' || field.label === 'map') continue;
        if (field.kind === 'enum') enums.add(field.type);
        else if (!isValueMessage(schema, field.type) && !messages.has(field.type)) {
          messages.add(field.type);
          waiting.push(field.type);
        }
      }
    }
  }

  for (const { request, response, requestStream } of methods) {
    if (!isValueMessage(schema, request) && !inputs.has(request)) {
      if (requestStream) inputs.add(request);
      collectFrom(request, inputs);
    }
    if (!isValueMessage(schema, response) && !outputs.has(response)) {
      outputs.add(response);
      collectFrom(response, outputs);
    }
  }
  const messages = onTheWire(schema, methods);
  return { outputs, inputs, enums, messages, hasAny: messages.has('google.protobuf.Any') };
}

/** All messages that methods send and receive. */
export function onTheWire(schema: ProtoSchema, methods: readonly ProtoMethod[]): ReadonlySet<string> {
  const messages = new Set(methods.flatMap(({ request, response }) => [request, response]));
  for (const name of messages) {
    for (const field of schema.messages.get(name)?.fields ?? []) if (field.kind === 'message') messages.add(field.type);
  }
  return messages;
}
