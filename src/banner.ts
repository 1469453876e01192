import { getNamedType, isLeafType, isObjectType, isRequiredArgument, parse, validate } from 'graphql';
import { isEmptyQuery } from '../schema/empty-query.ts';
import type { Graph } from './graph/graph.ts';
import type { SourceState, VersionState } from './graph/source-states.ts';

export interface BannerOptions {
  readonly url: string;
  readonly graph: Graph;
  readonly prompts: readonly string[];
  /** The key of the request to paste. It is shown only if it is for development: terminals end up in logs. */
  readonly key:
    | { readonly name: string; readonly key: string; readonly generated: boolean; readonly development: boolean }
    | undefined;
  /** The token of the first administrator, when it was made just now. It is shown this once. */
  readonly adminToken?: string | undefined;
  readonly tookMs: number;
}

/** What the terminal shows on start: what is there, where it is, and a request to paste. */
export function formatBanner({ url, graph, prompts, key, adminToken, tookMs }: BannerOptions): string {
  const lines = [`Skein is ready in ${tookMs} ms.`, '', ...sourceLines(graph.states())];
  const unchecked = graph.uncheckedLinks();
  if (unchecked.length > 0) {
    lines.push('', `  Links that wait for a source: ${listSome(unchecked)}`);
  }
  if (graph.models !== undefined) lines.push('', `  models   ${graph.models.names().join(', ')}`);
  if (prompts.length > 0) lines.push(`  prompts  ${prompts.join(', ')}`);
  lines.push(
    '',
    `  GraphQL   ${url}/graphql   (POST, GET, SSE, WebSocket)`,
    `  GraphiQL  ${url}/graphql   in a browser`,
    ...modelDoors(url, graph, prompts),
    `  Admin     ${url}/admin/graphql   in a browser`,
    `  Health    ${url}/healthz  ${url}/readyz`,
  );
  if (adminToken === undefined)
    lines.push('', '  Administrator token   as it was shown at the first start, or SKEIN_ADMIN_TOKEN');
  else
    lines.push(
      '',
      `  Administrator token   ${adminToken}`,
      '  It is shown this once: keep it. SKEIN_ADMIN_TOKEN sets one of your own.',
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

/** Addresses of models and prompts beside the graph, where there are any. */
function modelDoors(url: string, graph: Graph, prompts: readonly string[]): readonly string[] {
  const hasModels = (graph.models?.names().length ?? 0) > 0;
  const hasPrompts = prompts.length > 0 || graph.states().some(({ kind }) => kind === 'prompt');
  return [
    ...(hasModels
      ? [
          `  OpenAI    ${url}/v1   (base URL of chat completions, responses, embeddings, models)`,
          `  Anthropic ${url}   (base URL of messages)`,
        ]
      : []),
    ...(hasPrompts ? [`  REST      ${url}/rest/prompts/<name>   ${url}/rest/openapi.json`] : []),
  ];
}

const MAX_LISTED = 8;

/** A line for each source; versions stand below the line of what they are versions of. */
function sourceLines(states: readonly SourceState[]): readonly string[] {
  const rows: { readonly name: string; readonly kind: string; readonly text: string }[] = [];
  let group: string | undefined;
  for (const state of states) {
    const { version } = state;
    if (version !== undefined && version.group !== group)
      rows.push({ name: version.group, kind: 'versions', text: describeVersions(version) });
    group = version?.group;
    rows.push({
      name: version === undefined ? state.name : `  ${state.name}`,
      kind: state.kind,
      text: describeSource(state),
    });
  }
  const width = Math.max(...rows.map(({ name }) => name.length), 0);
  const kindWidth = Math.max(...rows.map(({ kind }) => kind.length), 'openapi'.length);
  return rows.map(({ name, kind, text }) => `  ${name.padEnd(width)}  ${kind.padEnd(kindWidth)}  ${text}`);
}

function describeVersions({ fields, header }: VersionState): string {
  return `${count(fields, 'field')}${header === undefined ? '' : `, chosen by the header ${header}`}`;
}

function describeSource({ fields, entities, notices, unreachable, failed, inGraph, version }: SourceState): string {
  const said: string[] = [];
  if (version !== undefined) {
    said.push(`${Math.round(version.share * 1_000) / 10}% of the calls`);
    if (version.removedOn !== undefined) said.push(`to be removed on ${version.removedOn}`);
  } else if (inGraph && (fields > 0 || entities === 0)) said.push(count(fields, 'field'));
  if (entities > 0) said.push(count(entities, 'entity', 'entities'));
  if (notices > 0) said.push(`${count(notices, 'notice')} (skein validate)`);
  if (unreachable !== undefined) {
    const consequence = inGraph
      ? 'its fields give errors until it answers'
      : 'its fields join the graph when it answers';
    said.push(`cannot be reached: ${unreachable} (${consequence})`);
  }
  if (failed !== undefined)
    said.push(`LEFT OUT: ${failed} (it is asked again, and joins the graph when that is mended)`);
  return said.join(', ');
}

function count(number: number, one: string, several = `${one}s`): string {
  return `${number} ${number === 1 ? one : several}`;
}

function listSome(names: readonly string[]): string {
  const shown = names.slice(0, MAX_LISTED).join(', ');
  return names.length > MAX_LISTED ? `${shown} and ${names.length - MAX_LISTED} more` : shown;
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
    if (isEmptyQuery(`Query.${field.name}`, field.description ?? undefined)) continue;
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
