import type { Graph, SourceState } from './graph/graph.ts';

export interface BannerOptions {
  readonly url: string;
  readonly graph: Graph;
  readonly prompts: readonly string[];
  /** A key to show, with a request that uses it. */
  readonly key: { readonly name: string; readonly key: string; readonly generated: boolean } | undefined;
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
    const origin = key.generated ? 'made for this start; SKEIN_API_KEY fixes it' : `named "${key.name}"`;
    lines.push(
      '',
      `  API key   ${key.key}   (${origin})`,
      '',
      `  curl ${url}/graphql -H 'content-type: application/json' \\`,
      `    -H 'authorization: Bearer ${key.key}' \\`,
      `    -d '${JSON.stringify({ query: exampleQuery(graph) })}'`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function describeSource({ kind, fields, unreachable, inGraph }: SourceState): string {
  const size = `${fields} ${fields === 1 ? 'field' : 'fields'}`;
  if (unreachable === undefined) return `${kind.padEnd(8)} ${size}`;
  const consequence = inGraph ? 'its fields give errors until it answers' : 'its fields join the graph when it answers';
  return `${kind.padEnd(8)} ${inGraph ? `${size}, ` : ''}cannot be reached: ${unreachable} (${consequence})`;
}

/** A query that any graph answers; the quickstart's own is nicer. */
export function exampleQuery(graph: Graph): string {
  const query = graph.registry.current()?.schema.getQueryType()?.getFields();
  const type = graph.registry.current()?.schema.getType('Product');
  const isQuickstart =
    query?.products !== undefined && type !== undefined && 'getFields' in type && 'stock' in type.getFields();
  return isQuickstart
    ? '{ products(pageSize: 3) { name stock { quantity } reviews { rating text } } }'
    : '{ __typename }';
}
