import protobuf from 'protobufjs';
import { usableFields, valueCodec } from './value-codec.ts';

export interface ReachableTypes {
  /** Messages that become object types. */
  readonly outputs: ReadonlySet<protobuf.Type>;
  /** Messages that become input types: what requests contain, not the requests, whose fields are arguments. */
  readonly inputs: ReadonlySet<protobuf.Type>;
  readonly enums: ReadonlySet<protobuf.Enum>;
}

/** The messages and enums that methods need, through fields of any depth. Maps are JSON and need none. */
export function collectTypes(methods: readonly protobuf.Method[]): ReachableTypes {
  const outputs = new Set<protobuf.Type>();
  const inputs = new Set<protobuf.Type>();
  const enums = new Set<protobuf.Enum>();

  function collectFrom(start: readonly protobuf.Type[], messages: Set<protobuf.Type>): void {
    const waiting = [...start];
    for (let type = waiting.pop(); type !== undefined; type = waiting.pop()) {
      for (const field of usableFields(type)) {
        const { resolvedType } = field.resolve();
        if (field instanceof protobuf.MapField || resolvedType === null) continue;
        if (resolvedType instanceof protobuf.Enum) {
          enums.add(resolvedType);
        } else if (valueCodec(resolvedType) === undefined && !messages.has(resolvedType)) {
          messages.add(resolvedType);
          waiting.push(resolvedType);
        }
      }
    }
  }

  for (const method of methods) {
    method.resolve();
    const { resolvedRequestType: request, resolvedResponseType: response } = method;
    if (request !== null && valueCodec(request) === undefined) collectFrom([request], inputs);
    if (response !== null && valueCodec(response) === undefined && !outputs.has(response)) {
      outputs.add(response);
      collectFrom([response], outputs);
    }
  }
  return { outputs, inputs, enums };
}
