import type { Arguments, GraphqlRequest, Selected, SelectionShape } from '../source.ts';

/** A root field of the service, under the service's own name. */
export interface RootField {
  readonly type: 'query' | 'mutation' | 'subscription';
  readonly name: string;
  /** Argument → GraphQL type, e.g. `skus` → `[ID!]!`. */
  readonly arguments: ReadonlyMap<string, string>;
  /** Whether the service may answer null for it alone. Default: no. */
  readonly isNullable?: boolean;
}

interface PreparedOperation {
  readonly query: string;
  /** Argument → variable. */
  readonly arguments: readonly (readonly [argument: string, variable: string])[];
  /** The selection's own variables. */
  readonly variables: readonly string[];
}

/** Sets of arguments whose text is kept, for each selection. */
const MAX_PREPARED = 64;

const LEAF: SelectionShape = { text: '', variables: new Map() };

/**
 * Makes the requests for calls of the field. The text is made once per selection and set of arguments; a call only adds
 * the values of the variables.
 */
export function createRequest(field: RootField): (args: Arguments, selected: Selected | undefined) => GraphqlRequest {
  const prepared = new WeakMap<SelectionShape, Map<string, PreparedOperation>>();

  function prepare(shape: SelectionShape, present: readonly string[]): PreparedOperation {
    let operations = prepared.get(shape);
    if (operations === undefined) {
      operations = new Map();
      prepared.set(shape, operations);
    }
    const key = present.join();
    let operation = operations.get(key);
    if (operation === undefined) {
      operation = prepareOperation(field, shape, present);
      if (operations.size < MAX_PREPARED) operations.set(key, operation);
    }
    return operation;
  }

  return (args, selected) => {
    const present = Object.keys(args).filter((name) => field.arguments.has(name));
    const operation = prepare(selected?.shape ?? LEAF, present);
    const values: Record<string, unknown> = {};
    for (const [argument, variable] of operation.arguments) values[variable] = args[argument];
    if (selected !== undefined) for (const name of operation.variables) values[name] = selected.values[name];
    return { operation: field.name, query: operation.query, variables: values };
  };
}

function prepareOperation(field: RootField, shape: SelectionShape, present: readonly string[]): PreparedOperation {
  const variables = [...shape.variables.keys()];
  let prefix = 'a_';
  while (variables.some((name) => name.startsWith(prefix))) prefix = `a${prefix}`;
  const definitions = [
    ...present.map((name) => `$${prefix}${name}: ${field.arguments.get(name)}`),
    ...[...shape.variables].map(([name, type]) => `$${name}: ${type}`),
  ];
  const values = present.map((name) => `${name}: $${prefix}${name}`);
  const query = `${field.type} ${field.name}${inParentheses(definitions)} { ${field.name}${inParentheses(values)} ${shape.text} }`;
  return {
    query,
    arguments: present.map((name) => [name, `${prefix}${name}`]),
    variables,
  };
}

function inParentheses(items: readonly string[]): string {
  return items.length === 0 ? '' : `(${items.join(', ')})`;
}
