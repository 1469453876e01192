import protobuf from 'protobufjs';
import { nameFields } from './field-names.ts';
import type {
  MessageNotice,
  ProtoEnum,
  ProtoField,
  ProtoMessage,
  ProtoMethod,
  ProtoSchema,
  ProtoService,
} from './proto-schema.ts';
import { SCALAR_CODECS } from './scalar-codecs.ts';

/** What protobufjs has parsed and resolved. */
export function schemaOfRoot(root: protobuf.Root, document: string): ProtoSchema {
  const messages = new Map<string, ProtoMessage>();
  const enums = new Map<string, ProtoEnum>();
  const services: ProtoService[] = [];
  const notices: MessageNotice[] = [];

  function visit(namespace: protobuf.NamespaceBase): void {
    for (const object of namespace.nestedArray) {
      if (object instanceof protobuf.Type) messages.set(fullNameOf(object), messageOf(object, notices));
      else if (object instanceof protobuf.Enum) enums.set(fullNameOf(object), enumOf(object));
      else if (object instanceof protobuf.Service) services.push(serviceOf(object, document));
      if (object instanceof protobuf.Namespace && !(object instanceof protobuf.Service)) visit(object);
    }
  }

  visit(root);
  return { messages, enums, services, notices };
}

function fullNameOf(object: protobuf.ReflectionObject): string {
  return object.fullName.replace(/^\./, '');
}

function documented(object: protobuf.ReflectionObject): { description: string | undefined; deprecated: boolean } {
  return { description: object.comment ?? undefined, deprecated: object.options?.deprecated === true };
}

function fileOf(object: protobuf.ReflectionObject): string | undefined {
  return object.filename ?? undefined;
}

function messageOf(type: protobuf.Type, notices: MessageNotice[]): ProtoMessage {
  const fullName = fullNameOf(type);
  const file = fileOf(type);
  // The names of extensions begin with a dot.
  const extensions = type.fieldsArray.filter(({ name }) => name.includes('.'));
  if (extensions.length > 0) {
    const list = extensions.map(({ name }) => name.slice(1)).join(', ');
    const message = `The message ${fullName} has extensions, which are left out: ${list}.`;
    notices.push({ fullName, notice: { message, ...(file === undefined ? {} : { file }) } });
  }
  const own = type.fieldsArray
    .filter(({ name }) => !name.includes('.'))
    .map((field) => ({ field, documentName: field.name, jsonName: jsonNameOf(field) }));
  const names = nameFields(own, fullName, file, notices);
  const fields = own.map((named) => fieldOf(named.field.resolve(), names.get(named) ?? named.documentName));
  return { fullName, file, fields, ...documented(type) };
}

function jsonNameOf(field: protobuf.Field): string | undefined {
  const name: unknown = field.options?.json_name;
  return typeof name === 'string' ? name : undefined;
}

function fieldOf(field: protobuf.Field, name: string): ProtoField {
  const { resolvedType, partOf } = field;
  const isMessage = resolvedType instanceof protobuf.Type;
  return {
    documentName: field.name,
    name,
    id: field.id,
    type: resolvedType === null ? field.type : fullNameOf(resolvedType),
    kind: resolvedType === null ? 'scalar' : isMessage ? 'message' : 'enum',
    label: field.map ? 'map' : field.repeated ? 'repeated' : 'single',
    keyType: field instanceof protobuf.MapField ? field.keyType : undefined,
    required: field.required && !field.repeated && !field.map,
    presence: isMessage || Boolean(field.hasPresence),
    packed: field.packed,
    delimited: field.delimited && !field.map,
    oneof: partOf !== null && partOf.fieldsArray.length > 1 ? partOf.name : undefined,
    defaultValue: defaultOf(field),
    ...documented(field),
  };
}

function defaultOf(field: protobuf.Field): ProtoField['defaultValue'] {
  const value: unknown = field.options?.default;
  if (typeof value === 'string') {
    return field.type === 'bytes' ? Buffer.from(value, 'latin1').toString('base64') : value;
  }
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  if (SCALAR_CODECS.get(field.type)?.output !== 'Int64') return value;
  // The parser has rounded larger ones.
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

function enumOf(type: protobuf.Enum): ProtoEnum {
  const values = Object.entries(type.values).map(([name, number]) => ({
    name,
    number,
    description: type.comments[name] ?? undefined,
    deprecated: type.valuesOptions?.[name]?.deprecated === true,
  }));
  return { fullName: fullNameOf(type), file: fileOf(type), values, ...documented(type) };
}

function serviceOf(service: protobuf.Service, document: string): ProtoService {
  const file = fileOf(service);
  const methods = service.methodsArray.map((method) => methodOf(method.resolve() as protobuf.Method));
  return { fullName: fullNameOf(service), file, own: file === document, methods };
}

function methodOf(method: protobuf.Method): ProtoMethod {
  const { resolvedRequestType, resolvedResponseType, options = {} } = method;
  return {
    name: method.name,
    request: resolvedRequestType === null ? method.requestType : fullNameOf(resolvedRequestType),
    response: resolvedResponseType === null ? method.responseType : fullNameOf(resolvedResponseType),
    requestStream: method.requestStream === true,
    responseStream: method.responseStream === true,
    isReading: options.idempotency_level === 'NO_SIDE_EFFECTS' || options['(google.api.http).get'] !== undefined,
    ...documented(method),
  };
}
