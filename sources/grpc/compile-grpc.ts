import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { chooseServices } from './choose-services.ts';
import type { CompiledEnumValue, CompiledField, CompiledGrpc } from './compiled.ts';
import { completeSchema } from './complete-schema.ts';
import { DescriptorError } from './descriptor-error.ts';
import { readDescriptorSet } from './descriptor-schema.ts';
import { type EnumValue, enumValues } from './enum-values.ts';
import type { GrpcDocument } from './grpc-document.ts';
import { chooseOperations } from './operations.ts';
import type { GrpcOptions } from './options.ts';
import { parseProto } from './parse-proto.ts';
import { type ProtoField, type ProtoSchema, shortName } from './proto-schema.ts';
import { collectTypes } from './reachable.ts';
import { writeSdl } from './sdl.ts';
import { nameTypes } from './type-names.ts';

export type CompileOptions = Pick<GrpcOptions, 'service' | 'operations' | 'include' | 'exclude' | 'errors'>;

export interface GrpcCompilation {
  /** Undefined when the document cannot be read or offers nothing: the rest says why. */
  readonly compiled: CompiledGrpc | undefined;
  /** Mistakes of the operator, with paths below the source's options; and of a document that cannot be used. */
  readonly problems: readonly Problem[];
  /** Why what a server said of itself cannot be used; it may say something else later. */
  readonly unusable?: string;
}

/**
 * Compiles the definition of a gRPC service. It touches nothing but its arguments and returns plain data, so it can run
 * in another process: it takes its time for large documents.
 */
export function compileGrpc(document: GrpcDocument, options: CompileOptions): GrpcCompilation {
  try {
    const read = document.kind === 'text' ? parseProto(document) : readDescriptorSet(document.bytes);
    return compileSchema(read, document, options);
  } catch (error) {
    if (error instanceof ProblemsError) return { compiled: undefined, problems: error.problems };
    if (!(error instanceof DescriptorError) || document.kind === 'text') throw error;
    if (document.file === undefined) return { compiled: undefined, problems: [], unusable: error.message };
    return { compiled: undefined, problems: [{ message: error.message, file: document.file }] };
  }
}

function compileSchema(read: ProtoSchema, document: GrpcDocument, options: CompileOptions): GrpcCompilation {
  const services = chooseServices(read.services, document, options.service);
  const { operations, notices, problems } = chooseOperations(services, options);
  const { schema, ...completion } = completeSchema(read, operations, document);
  const complete = operations.filter((operation) => !completion.incomplete.has(operation.method));
  const types = collectTypes(
    schema,
    complete.map(({ method }) => method),
  );
  const names = nameTypes([...types.outputs, ...types.enums]);
  const inputNames = nameTypes(types.inputs, names.values(), 'Input');
  // Of all that may be in an Any, or in the details of an error.
  const isOpen = types.hasAny || options.errors === 'body';
  const messages = new Map<string, readonly CompiledField[]>();
  const enums = new Map<string, readonly EnumValue[]>([...types.enums].map((name) => [name, valuesOf(schema, name)]));
  for (const [name, { fields }] of schema.messages) {
    if (!isOpen && !types.messages.has(name)) continue;
    messages.set(
      name,
      fields.map((field) => compileField(field, schema, enums)),
    );
  }
  const allProblems = [...problems, ...completion.problems];
  if (complete.length === 0) return { compiled: undefined, problems: [...allProblems, nothingLeft(document)] };
  const compiled: CompiledGrpc = {
    sdl: writeSdl({ schema, operations: complete, types, names, inputNames, enums }),
    methods: complete.map(({ root, name, method, service }) => ({
      ...{ root, field: name, name: method.name, path: `/${service.fullName}/${method.name}` },
      ...{ request: method.request, response: method.response, requestStream: method.requestStream },
    })),
    messages,
    enums: new Map([...enums].map(([name, values]) => [name, values.map(plainValue)])),
    notices: [
      ...(document.kind === 'descriptors' ? document.notices : []),
      ...read.notices.filter(({ fullName }) => types.messages.has(fullName)).map(({ notice }) => notice),
      ...completion.notices,
      ...notices,
      ...nameNotices(names),
    ],
  };
  return { compiled, problems: allProblems };
}

function nothingLeft(document: GrpcDocument): Problem {
  const file = document.kind === 'text' ? document.document : document.file;
  const message = 'The document has no method that can be offered.';
  return file === undefined ? { message } : { message, file };
}

function valuesOf(schema: ProtoSchema, fullName: string): readonly EnumValue[] {
  const type = schema.enums.get(fullName);
  return type === undefined ? [] : enumValues(type);
}

function plainValue({ name, number }: EnumValue): CompiledEnumValue {
  return { name, number };
}

function compileField(field: ProtoField, schema: ProtoSchema, enums: Map<string, readonly EnumValue[]>): CompiledField {
  const { name, id, type, kind, label, keyType, required, presence, packed, delimited, oneof } = field;
  let { defaultValue } = field;
  if (kind === 'enum') {
    const values = enums.get(type) ?? valuesOf(schema, type);
    enums.set(type, values);
    // The document's name of a default becomes the graph's.
    if (defaultValue !== undefined) {
      const index = schema.enums.get(type)?.values.findIndex((value) => value.name === defaultValue) ?? -1;
      defaultValue = values[index]?.name;
    }
  }
  return { name, id, type, kind, label, keyType, required, presence, packed, delimited, oneof, defaultValue };
}

const MAX_NAME_NOTICES = 100;

/** Tells what types of one name are called. */
function nameNotices(names: ReadonlyMap<string, string>): readonly Problem[] {
  const groups = new Map<string, string[]>();
  for (const [fullName, name] of names) {
    const short = shortName(fullName);
    if (name === short) continue;
    const group = groups.get(short);
    if (group === undefined) groups.set(short, [fullName]);
    else group.push(fullName);
  }
  const notices = [...groups].map(([short, fullNames]) => {
    const list = fullNames.map((fullName) => `${fullName} is ${names.get(fullName)}`).join(', ');
    if (fullNames.length === 1) return { message: `The name ${short} is taken in the graph: ${list}.` };
    return { message: `Several things are called ${short}: ${list}.` };
  });
  if (notices.length <= MAX_NAME_NOTICES) return notices;
  const rest = { message: `${notices.length - MAX_NAME_NOTICES} more names are shared by several types.` };
  return [...notices.slice(0, MAX_NAME_NOTICES), rest];
}
