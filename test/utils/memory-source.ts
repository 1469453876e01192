import { buildSchema, execute, parse } from 'graphql';
import type { Source, SourceCall, SourceKind, SourceModel, UnaryCall } from '../../sources/source.ts';

export interface RecordedCall {
  readonly source: string;
  readonly operation: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** What was selected, for sources that pass selections on. */
  readonly selection?: string;
}

export interface MemorySourceOptions {
  readonly name: string;
  readonly kind?: SourceKind;
  readonly sdl: string;
  readonly unary?: Readonly<Record<string, (args: never) => unknown>>;
  readonly streams?: Readonly<Record<string, (args: never) => AsyncIterableIterator<unknown>>>;
  readonly model?: Partial<SourceModel>;
  readonly calls?: RecordedCall[];
}

/** A source whose backend is a few functions: for tests of what stands above the sources. */
export function createMemorySource(options: MemorySourceOptions): Source {
  const calls = new Map<string, SourceCall>();
  const record = (operation: string, args: Readonly<Record<string, unknown>>, selection?: string) =>
    options.calls?.push({ source: options.name, operation, args, ...(selection === undefined ? {} : { selection }) });
  for (const [coordinate, resolve] of Object.entries(options.unary ?? {})) {
    const invoke: UnaryCall['invoke'] = async (args) => {
      record(coordinate, args);
      return resolve(args as never);
    };
    calls.set(coordinate, { type: 'unary', operation: coordinate, invoke });
  }
  for (const [coordinate, open] of Object.entries(options.streams ?? {})) {
    calls.set(coordinate, {
      type: 'stream',
      operation: coordinate,
      open: (args) => {
        record(coordinate, args);
        return open(args as never);
      },
    });
  }
  return createSource(options, calls);
}

/** A source of kind `graphql` over a schema in this process: it answers exactly what is selected. */
export function createMemoryGraphqlSource(
  options: MemorySourceOptions & { readonly root: Readonly<Record<string, unknown>> },
): Source {
  const schema = buildSchema(options.sdl);
  const calls = new Map<string, SourceCall>();
  for (const root of ['Query', 'Mutation'] as const) {
    const type = root === 'Query' ? schema.getQueryType() : schema.getMutationType();
    for (const field of Object.values(type?.getFields() ?? {})) {
      calls.set(`${root}.${field.name}`, {
        type: 'unary',
        operation: field.name,
        usesSelection: true,
        invoke: async (args, _context, selected) => {
          options.calls?.push({
            source: options.name,
            operation: field.name,
            args,
            selection: selected?.shape.text ?? '',
          });
          const used = field.args.filter(({ name }) => Object.hasOwn(args, name));
          const variables = [
            ...used.map(({ name, type: argumentType }) => `$a_${name}: ${argumentType}`),
            ...[...(selected?.shape.variables ?? [])].map(([name, variableType]) => `$${name}: ${variableType}`),
          ];
          const head = variables.length === 0 ? '' : `(${variables.join(', ')})`;
          const passed = used.length === 0 ? '' : `(${used.map(({ name }) => `${name}: $a_${name}`).join(', ')})`;
          const text = `${root.toLowerCase()} ${head} { ${field.name}${passed} ${selected?.shape.text ?? ''} }`;
          const values = Object.fromEntries(Object.entries(args).map(([name, value]) => [`a_${name}`, value]));
          const result = await execute({
            schema,
            document: parse(text),
            rootValue: options.root,
            variableValues: { ...selected?.values, ...values },
          });
          if (result.errors !== undefined) throw new Error(`${text}: ${result.errors[0]?.message}`);
          return result.data?.[field.name];
        },
      });
    }
  }
  return createSource({ ...options, kind: 'graphql' }, calls);
}

function createSource(options: MemorySourceOptions, calls: ReadonlyMap<string, SourceCall>): Source {
  return {
    name: options.name,
    kind: options.kind ?? 'openapi',
    model: { sdl: options.sdl, calls, ...options.model },
    probe: async () => {},
    dispose: async () => {},
  };
}
