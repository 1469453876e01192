import { composeServices } from '@theguild/federation-composition';
import { GraphQLError } from 'graphql';
import { describeError } from '../kernel/errors.ts';
import type { Problem } from '../kernel/problem.ts';
import { readSupergraph, type Supergraph } from './federation/supergraph.ts';
import { widenFields } from './federation/widen-fields.ts';
import { composedDocument, type Subgraph } from './subgraphs.ts';

/** What the composer is asked: plain data, as its answer is, so that it can work in another process. */
export interface JoinRequest {
  readonly subgraphs: readonly Subgraph[];
  /** Whether it must be known who resolves what. */
  readonly readsSupergraph: boolean;
}

export type JoinResult =
  | {
      readonly supergraphSdl: string;
      readonly publicSdl: string;
      readonly supergraph: Supergraph | undefined;
      readonly problems: readonly [];
    }
  | { readonly supergraphSdl: undefined; readonly problems: readonly Problem[] };

/** Address of a subgraph in the supergraph: it names the source, nothing is ever fetched from it. */
export const subgraphUrl = (sourceName: string) => `skein://${sourceName}`;

/** Composes subgraphs by the rules of federation (https://specs.apollo.dev/federation/v2.3); tells every conflict. */
export function joinSubgraphs({ subgraphs, readsSupergraph }: JoinRequest): JoinResult {
  try {
    const services = subgraphs.map((subgraph) => ({
      name: subgraph.name,
      url: subgraphUrl(subgraph.name),
      typeDefs: composedDocument(subgraph),
    }));
    const composed = composeServices(services);
    const { errors } = composed;
    if (errors !== undefined) {
      // The composer tells the same once for each way that it tried.
      const problems = new Map(
        errors.map((error) => toProblem(error, subgraphs)).map((problem) => [problem.message, problem]),
      );
      return { supergraphSdl: undefined, problems: [...problems.values()] };
    }
    const { supergraphSdl, publicSdl } = widenFields(
      composed,
      services.map(({ name, typeDefs }) => ({ name, document: typeDefs })),
    );
    const supergraph = readsSupergraph ? readSupergraph(supergraphSdl) : undefined;
    return { supergraphSdl: narrow(supergraphSdl), publicSdl: narrow(publicSdl), supergraph, problems: [] };
  } catch (error) {
    // The composer throws on some documents that it should refuse: what it says is a problem like any other.
    const message = `The sources cannot be composed: ${describeError(error)}.`;
    return { supergraphSdl: undefined, problems: [toProblem(new GraphQLError(message), subgraphs)] };
  }
}

/** The same text, with a byte for a character where that is enough: what the composer writes takes two for each. */
function narrow(text: string): string {
  return Buffer.from(text).toString();
}

function toProblem(error: GraphQLError, subgraphs: readonly Subgraph[]): Problem {
  const message = `${error.message} (${String(error.extensions.code ?? 'COMPOSITION')})`;
  // Of several the last: the others were there before it.
  const named = namedSubgraphs(error.message);
  const last = subgraphs.findLast(({ name }) => named.has(name));
  // A subgraph of a supergraph has no line of its own.
  return last === undefined ? { message } : { message, path: ['sources', last.name.replace(/\..*/, '')] };
}

/** The subgraphs that the composer names: `[orders] …`, `subgraph "orders"`, `subgraphs "orders" and "users"`. */
function namedSubgraphs(message: string): ReadonlySet<string> {
  const named = new Set<string>();
  const [, head] = /^\[([^\]]+)\]/.exec(message) ?? [];
  if (head !== undefined) named.add(head);
  for (const [list] of message.matchAll(/subgraphs?(?:\(s\))?:? "[^"]+"(?:(?:,? and |,? or |, )"[^"]+")*/gi)) {
    for (const [, name = ''] of list.matchAll(/"([^"]+)"/g)) named.add(name);
  }
  return named;
}
