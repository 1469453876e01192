import { createRequire } from 'node:module';
import protobuf from 'protobufjs';

const require = createRequire(import.meta.url);

/** Those of protobufjs that it does not know by itself. */
const FILES: ReadonlySet<string> = new Set(['descriptor', 'api', 'type', 'source_context']);

/** The files of google.protobuf, which come with us: their definitions as protobufjs has them. */
export function bundledProto(name: string): Readonly<Record<string, protobuf.AnyNestedObject>> | undefined {
  const file = /^google\/protobuf\/(\w+)\.proto$/.exec(name)?.[1];
  if (file === undefined) return undefined;
  const loaded: unknown = FILES.has(file)
    ? require(`protobufjs/google/protobuf/${file}.json`)
    : protobuf.common.get(name);
  if (!isNamespace(loaded)) return undefined;
  const google = loaded.nested?.google;
  const inner = isNamespace(google) ? google.nested?.protobuf : undefined;
  return isNamespace(inner) ? inner.nested : undefined;
}

function isNamespace(value: unknown): value is protobuf.INamespace {
  return typeof value === 'object' && value !== null && 'nested' in value;
}
