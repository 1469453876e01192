import { type ExecutionResult, execute, type GraphQLSchema, parse, validate } from 'graphql';
import { CancellationSource } from '../../kernel/cancellation.ts';
import { silentLog } from '../../kernel/ports.ts';
import { compose } from '../../schema/compose.ts';
import { type LinkOptions, linkOptions, type MergeOptions, mergeOptions } from '../../schema/options.ts';
import { createGeneration, type Generation } from '../../schema/registry.ts';
import { createGraphContext } from '../../schema/request-context.ts';
import { NO_CLIENT } from '../../sources/call-context.ts';
import type { Source } from '../../sources/source.ts';

/** Data, and where errors stand: their words are each service's own. */
export interface PlainResult {
  readonly data: unknown;
  readonly errors: readonly string[];
}

export interface OracleGraph {
  readonly generation: Generation;
  readonly publicSdl: string;
  /** The answer of the direct way; throws where a document is not planned. */
  ask(text: string, variables?: Readonly<Record<string, unknown>>): Promise<PlainResult>;
}

export function createOracleGraph(
  sources: readonly Source[],
  links: Readonly<Record<string, unknown>> = {},
  types: Readonly<Record<string, unknown>> = {},
): OracleGraph {
  const { composition, problems } = compose({
    sources,
    links: mapValues(links, (link): LinkOptions => linkOptions.parse(link)),
    types: mapValues(types, (type): MergeOptions => mergeOptions.parse(type)),
    isMissing: () => false,
  });
  if (composition === undefined) throw new Error(problems.map(({ message }) => message).join('\n'));
  const generation = createGeneration(1, composition, { rules: [], maxTokens: 100_000 });
  return {
    generation,
    publicSdl: composition.publicSdl,
    async ask(text, variables = {}) {
      const prepared = generation.documents.prepare(text);
      if (prepared.errors !== undefined) throw new Error(`${prepared.errors.map(String).join('\n')}\n${text}`);
      const plan = prepared.plan(undefined);
      if (plan.way !== 'direct') throw new Error(`${plan.reason}: ${text}`);
      const call = {
        ...NO_CLIENT,
        cancellation: new CancellationSource(),
        deadlineAt: Infinity,
        requestId: 'test',
        log: silentLog,
      };
      return plain(await plan.execute(createGraphContext(call), variables));
    },
  };
}

/** The answer of a schema that is written by hand. */
export async function askByHand(
  schema: GraphQLSchema,
  text: string,
  variables: Readonly<Record<string, unknown>> = {},
): Promise<PlainResult> {
  const document = parse(text);
  const [mistake] = validate(schema, document);
  if (mistake !== undefined) throw new Error(`${mistake.message}: ${text}`);
  return plain(await execute({ schema, document, variableValues: variables }));
}

export function plain({ data, errors = [] }: ExecutionResult): PlainResult {
  return {
    data: JSON.parse(JSON.stringify(data ?? null)) as unknown,
    errors: errors.map(({ path, message }) => path?.join('.') ?? message).sort(),
  };
}

function mapValues<T>(
  record: Readonly<Record<string, unknown>>,
  map: (value: unknown) => T,
): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}
