import { type ConstDirectiveNode, Kind, parse } from 'graphql';
import type { FederationModel } from '../../sources/source.ts';

/** A model never changes, and its text may be long: it is read once, when a link needs to know. */
const known = new WeakMap<FederationModel, ReadonlyMap<string, readonly string[]>>();

/** The fields of the first key by which a subgraph can be asked for objects of the type and that has no nested ones. */
export function entityKey(model: FederationModel, typeName: string): readonly string[] {
  let keys = known.get(model);
  if (keys === undefined) {
    keys = readKeys(model);
    known.set(model, keys);
  }
  return keys.get(typeName) ?? [];
}

function readKeys({ sdl }: FederationModel): ReadonlyMap<string, readonly string[]> {
  const keys = new Map<string, readonly string[]>();
  for (const definition of parse(sdl, { noLocation: true }).definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.OBJECT_TYPE_EXTENSION) continue;
    for (const directive of definition.directives ?? []) {
      const fields = plainKey(directive);
      if (fields !== undefined && !keys.has(definition.name.value)) keys.set(definition.name.value, fields);
    }
  }
  return keys;
}

function plainKey({ name, arguments: given = [] }: ConstDirectiveNode): readonly string[] | undefined {
  if (name.value !== 'key') return undefined;
  const values = new Map(given.map((argument) => [argument.name.value, argument.value]));
  const [fields, resolvable] = [values.get('fields'), values.get('resolvable')];
  if (fields?.kind !== Kind.STRING || (resolvable?.kind === Kind.BOOLEAN && !resolvable.value)) return undefined;
  return fields.value.includes('{') ? undefined : (fields.value.match(/\w+/g) ?? undefined);
}
