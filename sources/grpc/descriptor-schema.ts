import { descriptorComments } from './descriptor-comments.ts';
import { DescriptorError } from './descriptor-error.ts';
import { baseFeatures, type FieldFeatures, fieldsOf, inherit } from './descriptor-fields.ts';
import { resolveReferences } from './descriptor-references.ts';
import {
  decodeDescriptorSet,
  type EnumDescriptor,
  type FieldDescriptor,
  type FileDescriptor,
  type MessageDescriptor,
  type MethodDescriptor,
} from './descriptor-wire.ts';
import type { MessageNotice, ProtoEnum, ProtoMessage, ProtoMethod, ProtoSchema, ProtoService } from './proto-schema.ts';

/**
 * Reads a compiled FileDescriptorSet. Nothing in it is trusted: names are checked, and what is defined twice is refused.
 * @throws DescriptorError
 */
export function readDescriptorSet(bytes: Uint8Array): ProtoSchema {
  let files: readonly FileDescriptor[];
  try {
    files = decodeDescriptorSet(bytes);
  } catch {
    throw new DescriptorError('The file is no FileDescriptorSet.');
  }
  if (files.length === 0) throw new DescriptorError('The file is no FileDescriptorSet, or an empty one.');
  const collector = new Collector();
  for (const file of files) collector.addFile(file);
  return collector.finish();
}

class Collector {
  readonly #messages = new Map<string, ProtoMessage>();
  readonly #enums = new Map<string, ProtoEnum>();
  readonly #services: ProtoService[] = [];
  readonly #extensions = new Map<string, string[]>();
  readonly #notices: MessageNotice[] = [];
  readonly #names = new Set<string>();

  addFile(file: FileDescriptor): void {
    const comments = descriptorComments(file);
    const scope = file.package === '' ? '' : `${file.package}.`;
    if (scope !== '' && !/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(file.package)) illegalName(file.package);
    const features = inherit(baseFeatures(file), file.options?.features);
    const context = { file, comments, features };
    for (const [index, message] of file.message.entries()) this.#addMessage(message, scope, `4,${index}`, context);
    for (const [index, type] of file.enumType.entries()) this.#addEnum(type, scope, `5,${index}`, context);
    for (const [index, service] of file.service.entries()) {
      const fullName = this.#define(scope, service.name);
      const methods = service.method.map((method, at) => methodOf(method, comments.get(`6,${index},2,${at}`)));
      this.#services.push({ fullName, file: file.name || undefined, own: true, methods });
    }
    this.#addExtensions(file.extension, scope);
  }

  finish(): ProtoSchema {
    for (const [fullName, names] of this.#extensions) {
      const message = `The message ${fullName} has extensions, which are left out: ${names.join(', ')}.`;
      this.#notices.push({ fullName, notice: { message } });
    }
    const schema = { messages: this.#messages, enums: this.#enums, services: this.#services, notices: this.#notices };
    return resolveReferences(schema);
  }

  #addMessage(message: MessageDescriptor, scope: string, path: string, context: FileContext): void {
    const { file, comments } = context;
    const fullName = this.#define(scope, message.name);
    const features = inherit(context.features, message.options?.features);
    const fields = fieldsOf(message, fullName, features, (index) => comments.get(`${path},2,${index}`), this.#notices);
    this.#messages.set(fullName, {
      fullName,
      file: file.name || undefined,
      fields,
      description: comments.get(path),
      deprecated: message.options?.deprecated === true,
    });
    const inner = { ...context, features };
    for (const [index, nested] of message.message.entries()) {
      if (nested.options?.mapEntry !== true) this.#addMessage(nested, `${fullName}.`, `${path},3,${index}`, inner);
    }
    for (const [index, type] of message.enumType.entries()) {
      this.#addEnum(type, `${fullName}.`, `${path},4,${index}`, inner);
    }
    this.#addExtensions(message.extension, `${fullName}.`);
  }

  #addEnum(type: EnumDescriptor, scope: string, path: string, { file, comments }: FileContext): void {
    const fullName = this.#define(scope, type.name);
    const values = type.value.map(({ name, number, options }, index) => ({
      name: checked(name),
      number,
      description: comments.get(`${path},2,${index}`),
      deprecated: options?.deprecated === true,
    }));
    const deprecated = type.options?.deprecated === true;
    const description = comments.get(path);
    this.#enums.set(fullName, { fullName, file: file.name || undefined, values, description, deprecated });
  }

  #addExtensions(extensions: readonly FieldDescriptor[], scope: string): void {
    for (const { name, extendee } of extensions) {
      const type = extendee.replace(/^\./, '');
      const names = this.#extensions.get(type) ?? [];
      names.push(scope + name);
      this.#extensions.set(type, names);
    }
  }

  #define(scope: string, name: string): string {
    const fullName = scope + checked(name);
    if (this.#names.has(fullName)) throw new DescriptorError(`"${fullName}" is defined twice.`);
    this.#names.add(fullName);
    return fullName;
  }
}

interface FileContext {
  readonly file: FileDescriptor;
  readonly comments: ReadonlyMap<string, string>;
  readonly features: FieldFeatures;
}

function checked(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : illegalName(name);
}

function illegalName(name: string): never {
  throw new DescriptorError(`${JSON.stringify(name.slice(0, 80))} is no name.`);
}

function methodOf(method: MethodDescriptor, description: string | undefined): ProtoMethod {
  const { options } = method;
  return {
    name: checked(method.name),
    request: method.inputType,
    response: method.outputType,
    requestStream: method.clientStreaming,
    responseStream: method.serverStreaming,
    isReading: options?.idempotencyLevel === 1 || Boolean(options?.http?.get),
    description,
    deprecated: options?.deprecated === true,
  };
}
