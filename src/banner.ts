import { getNamedType, isLeafType, isObjectType, isRequiredArgument, parse, validate } from 'graphql';
import type { Graph, SourceState } from './graph/graph.ts';

export interface BannerOptions {
  readonly url: string;
  readonly graph: Graph;
  readonly prompts: readonly string[];
  /** The key of the request to paste. It is shown only if it is for development: terminals end up in logs. */
  readonly key:
    | { readonly name: string; readonly key: string; readonly generated: boolean; readonly development: boolean }
    | undefined;
  readonly tookMs: number;
}

/** What the terminal shows on start: what is there, where it is, and a request to paste. */
export function formatBanner({ url, graph, prompts, key, tookMs }: BannerOptions): string {
  const states = graph.states();
  const width = Math.max(...states.map(({ name }) => name.length), 0);
  const lines = [`Skein is ready in ${tookMs} ms.`, ''];
  for (const state of states) lines.push(`  ${state.name.padEnd(width)}  ${describeSource(state)}`);
  if (graph.models !== undefined) lines.push('', `  models   ${graph.models.names().join(', ')}`);
  if (prompts.length > 0) lines.push(`  prompts  ${prompts.join(', ')}`);
  lines.push(
    '',
    `  GraphQL   ${url}/graphql   (POST, GET, SSE, WebSocket)`,
    `  GraphiQL  ${url}/graphql   in a browser`,
    `  Health    ${url}/healthz  ${url}/readyz`,
  );
  if (key !== undefined) {
    const shownKey = key.development ? key.key : '<key>';
    const origin = key.generated ? 'made for this start; SKEIN_API_KEY fixes it' : `named "${key.name}"`;
    lines.push(
      '',
      `  API key   ${shownKey}   (${origin})`,
      '',
      `  curl ${url}/graphql -H 'content-type: application/json' \\`,
      `    -H 'authorization: Bearer ${shownKey}' \\`,
      `    -d '${JSON.stringify({ query: exampleQuery(graph) })}'`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function describeSource({ kind, fields, notices, unreachable, inGraph }: SourceState): string {
  const left = notices === 0 ? '' : `, ${notices} ${notices === 1 ? 'notice' : 'notices'} (skein validate)`;
  const size = `${fields} ${fields === 1 ? 'field' : 'fields'}${left}`;
  if (unreachable === undefined) return `${kind.padEnd(8)} ${size}`;
  const consequence = inGraph ? 'its fields give errors until it answers' : 'its fields join the graph when it answers';
  return `${kind.padEnd(8)} ${inGraph ? `${size}, ` : ''}cannot be reached: ${unreachable} (${consequence})`;
}

/** The nicest queries first; the one shown is the first that is valid for the graph. */
const EXAMPLE_QUERIES = ['{ products(pageSize: 3) { name stock { quantity } reviews { rating text } } }'];

/** A query to begin with: an example that fits, or a few leaves of the first field that needs no argument. */
export function exampleQuery(graph: Graph): string {
  const schema = graph.registry.current()?.schema;
  if (schema === undefined) return '{ __typename }';
  const example = EXAMPLE_QUERIES.find((query) => validate(schema, parse(query)).length === 0);
  if (example !== undefined) return example;
  for (const field of Object.values(schema.getQueryType()?.getFields() ?? {})) {
    if (field.args.some(isRequiredArgument)) continue;
    const type = getNamedType(field.type);
    if (isLeafType(type)) return `{ ${field.name} }`;
    const leaves = isObjectType(type)
      ? Object.values(type.getFields()).filter(
          (inner) => isLeafType(getNamedType(inner.type)) && !inner.args.some(isRequiredArgument),
        )
      : [];
    if (leaves.length > 0)
      return `{ ${field.name} { ${leaves
        .slice(0, 4)
        .map(({ name }) => name)
        .join(' ')} } }`;
  }
  return '{ __typename }';
}
