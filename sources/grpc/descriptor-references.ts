import type { ProtoField, ProtoMessage, ProtoSchema, ProtoService } from './proto-schema.ts';
import { WELL_KNOWN_SHAPES } from './well-known-shapes.ts';

/** Stands before types of fields that are to be looked for; no name has it. */
const OPEN = '?';

function isOpen({ type }: ProtoField): boolean {
  return type.startsWith(OPEN);
}

/** The type of a field as descriptors write it: a full name, or one to be looked for when all are known. */
export function referredType(typeName: string, isKindKnown: boolean): string {
  return isKindKnown && typeName.startsWith('.') ? typeName.slice(1) : OPEN + typeName;
}

/**
 * Types as descriptors refer to them, as full names. Most compilers write `.shop.Stock`; without the dot a name is
 * looked for in the message that uses it, then outwards, as descriptor.proto has it.
 */
export function resolveReferences(schema: ProtoSchema): ProtoSchema {
  const isDefined = (name: string) =>
    schema.messages.has(name) || schema.enums.has(name) || WELL_KNOWN_SHAPES.has(name);

  function resolve(reference: string, scope: string): string {
    if (reference.startsWith('.')) return reference.slice(1);
    for (let outer = scope; outer !== ''; outer = outer.slice(0, Math.max(0, outer.lastIndexOf('.')))) {
      if (isDefined(`${outer}.${reference}`)) return `${outer}.${reference}`;
    }
    return reference;
  }

  function resolveField(field: ProtoField, scope: string): ProtoField {
    if (!isOpen(field)) return field;
    const type = resolve(field.type.slice(OPEN.length), scope);
    // A compiler need not say whether a name is that of a message or of an enum.
    const kind = schema.enums.has(type) ? 'enum' : 'message';
    return { ...field, type, kind, presence: field.presence || (kind === 'message' && field.label === 'single') };
  }

  const messages = new Map<string, ProtoMessage>();
  for (const [name, message] of schema.messages) {
    const { fields } = message;
    const resolved = fields.some(isOpen) ? fields.map((field) => resolveField(field, name)) : fields;
    messages.set(name, resolved === fields ? message : { ...message, fields: resolved });
  }
  const services = schema.services.map((service): ProtoService => {
    const methods = service.methods.map((method) => ({
      ...method,
      request: resolve(method.request, service.fullName),
      response: resolve(method.response, service.fullName),
    }));
    return { ...service, methods };
  });
  return { ...schema, messages, services };
}
