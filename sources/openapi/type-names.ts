import { NameRegistry, nameAll, typeName } from './names.ts';
import type { Schema } from './schema.ts';

const RESERVED = [
  'Query',
  'Mutation',
  'Subscription',
  'ID',
  'String',
  'Int',
  'Int64',
  'Float',
  'Boolean',
  'JSON',
  'Upload',
];
const MAX_NAME_LENGTH = 100;

export interface TypeNames {
  /** A name of its own for a type of the schema; `base` is taken where the schema has none. */
  output(schema: Schema, base: string): string;
  input(schema: Schema, base: string): string;
}

/** `components` are the names of the document's schemas: they are not given to types without a name. */
export function createTypeNames(components: readonly string[]): TypeNames {
  const typeNames = nameAll(components, (component) => typeName(bounded(component)));
  const names = new NameRegistry([...RESERVED, ...typeNames.values()]);
  for (const [component, name] of typeNames) if (RESERVED.includes(name)) typeNames.set(component, names.claim(name));
  const used = new Set<string>();

  /** The component's own name is its first user's. */
  function useComponent(name: string): string {
    if (used.has(name)) return names.claim(name);
    used.add(name);
    return name;
  }

  const nameOf = ({ component }: Schema) => (component === undefined ? undefined : typeNames.get(component));
  return {
    output(schema, base) {
      const own = nameOf(schema);
      return own === undefined ? names.claim(typeName(bounded(base))) : useComponent(own);
    },
    input(schema, base) {
      const own = nameOf(schema);
      return own?.endsWith('Input') ? useComponent(own) : names.claim(`${own ?? typeName(bounded(base))}Input`);
    },
  };
}

/** Names are made of names: without a bound, deep documents would give long ones. */
function bounded(name: string): string {
  return name.length > MAX_NAME_LENGTH ? name.slice(0, MAX_NAME_LENGTH) : name;
}
