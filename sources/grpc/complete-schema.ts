import type { Problem } from '../../kernel/problem.ts';
import type { GrpcDocument } from './grpc-document.ts';
import type { Operation } from './operations.ts';
import type { ProtoField, ProtoMessage, ProtoMethod, ProtoSchema } from './proto-schema.ts';
import { onTheWire } from './reachable.ts';
import { WELL_KNOWN_SHAPES } from './well-known-shapes.ts';

const MAX_TOLD = 100;

interface Completion {
  readonly schema: ProtoSchema;
  /** Methods whose requests or responses are not defined. */
  readonly incomplete: ReadonlySet<ProtoMethod>;
  readonly notices: readonly Problem[];
  readonly problems: readonly Problem[];
}

/**
 * Descriptors can be incomplete. What a server leaves out is missing in the graph, and told; of a file, which can be
 * compiled anew, it is a mistake. Enums without values are numbers.
 */
export function completeSchema(
  schema: ProtoSchema,
  operations: readonly Operation[],
  document: GrpcDocument,
): Completion {
  const told: Problem[] = [];
  const notices: Problem[] = [];
  const incomplete = new Set<ProtoMethod>();
  const missing = new Set<string>();
  const isDefined = (type: string) => schema.messages.has(type) || WELL_KNOWN_SHAPES.has(type);

  const needed = onTheWire(
    schema,
    operations.map(({ method }) => method),
  );

  function tell(type: string, user: string): void {
    if (missing.has(type)) return;
    missing.add(type);
    if (told.length >= MAX_TOLD) return;
    const file = document.kind === 'descriptors' ? document.file : undefined;
    told.push({
      message: `The descriptors lack the type ${type}, which ${user} needs. It is left out.`,
      ...(file === undefined ? {} : { file, suggestion: 'Compile them with the imports: protoc --include_imports.' }),
    });
  }

  function complete({ fullName, fields }: ProtoMessage): ProtoField[] {
    return fields.flatMap((field) => {
      if (isKnown(field)) return [field];
      const user = `${fullName}.${field.documentName}`;
      if (!schema.enums.has(field.type)) {
        if (needed.has(fullName)) tell(field.type, user);
        return [];
      }
      if (needed.has(fullName)) notices.push({ message: `The enum ${field.type} has no values: ${user} is a number.` });
      return [{ ...field, kind: 'scalar', type: 'int32' }];
    });
  }

  function isKnown({ kind, type }: ProtoField): boolean {
    if (kind === 'scalar') return true;
    return kind === 'message' ? isDefined(type) : (schema.enums.get(type)?.values.length ?? 0) > 0;
  }

  const messages = new Map<string, ProtoMessage>();
  for (const [name, message] of schema.messages) {
    messages.set(name, message.fields.every(isKnown) ? message : { ...message, fields: complete(message) });
  }
  for (const { method, service } of operations) {
    for (const type of [method.request, method.response]) {
      if (isDefined(type)) continue;
      incomplete.add(method);
      tell(type, `${service.fullName}.${method.name}`);
    }
  }
  const isFile = document.kind === 'descriptors' && document.file !== undefined;
  return {
    schema: { ...schema, messages },
    incomplete,
    notices: isFile ? notices : [...notices, ...told],
    problems: isFile ? told : [],
  };
}
