import protobuf from 'protobufjs';
import type { Problem } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import type { ProtoText } from './proto-text.ts';

const MAX_PROBLEMS = 100;
const MAX_CANDIDATES = 2_000;

/** All types that are named and defined nowhere, each with the place of its first mention in the file. */
export function unresolvedTypes(root: protobuf.Root, files: ProtoText['files']): readonly Problem[] {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  const found = new Map<string, Problem>();
  const known: string[] = [];

  function check(type: string, scope: protobuf.NamespaceBase, user: protobuf.ReflectionObject): void {
    if (found.size >= MAX_PROBLEMS || type in protobuf.types.basic) return;
    if (scope.lookup(type, [protobuf.Type, protobuf.Enum]) !== null) return;
    const file = fileOf(user);
    const key = `${file}\0${type}`;
    if (found.has(key)) return;
    const line = file === undefined ? undefined : lineOf(texts.get(file) ?? '', type);
    const suggestion = didYouMean(type, known).trim();
    found.set(key, {
      message: `There is no type "${type}", which ${user.fullName.slice(1)} needs.`,
      ...(file === undefined ? {} : { file }),
      ...(line === undefined ? {} : { line }),
      ...(suggestion === '' ? {} : { suggestion }),
    });
  }

  function collect(namespace: protobuf.NamespaceBase): void {
    for (const object of namespace.nestedArray) {
      if (known.length >= MAX_CANDIDATES) return;
      if (object instanceof protobuf.Type || object instanceof protobuf.Enum) {
        known.push(object.name, object.fullName.slice(1));
      }
      if (object instanceof protobuf.Namespace) collect(object);
    }
  }

  function visit(namespace: protobuf.NamespaceBase): void {
    if (namespace instanceof protobuf.Type) {
      for (const field of namespace.fieldsArray) check(field.type, namespace, field);
    }
    if (namespace instanceof protobuf.Service) {
      for (const method of namespace.methodsArray) {
        check(method.requestType, namespace, method);
        check(method.responseType, namespace, method);
      }
    }
    for (const object of namespace.nestedArray) {
      if (object instanceof protobuf.Namespace) visit(object);
      else if (object instanceof protobuf.Field) {
        check(object.type, namespace, object);
        if (object.extend !== undefined) check(object.extend, namespace, object);
      }
    }
  }

  collect(root);
  visit(root);
  return [...found.values()];
}

function fileOf(object: protobuf.ReflectionObject): string | undefined {
  let current: protobuf.ReflectionObject | null = object;
  while (current !== null && !current.filename) current = current.parent;
  return current?.filename ?? undefined;
}

function lineOf(text: string, type: string): number | undefined {
  const isName = (character: string | undefined) => character !== undefined && /[\w.]/.test(character);
  for (let at = text.indexOf(type); at >= 0; at = text.indexOf(type, at + type.length)) {
    if (isName(text[at - 1]) || isName(text[at + type.length])) continue;
    return text.slice(0, at).split('\n').length;
  }
  return undefined;
}
