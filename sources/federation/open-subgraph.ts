import type { GraphqlService } from '../graphql/graphql-upstream.ts';
import { createRootCall } from '../graphql/root-calls.ts';
import type { ErrorExposure } from '../options.ts';
import type { Source } from '../source.ts';
import type { CompiledSubgraph } from './compile-subgraph.ts';

/** The second step of loading: the source of a compiled subgraph. It owns `service` from now on. */
export function openSubgraph(
  name: string,
  { sdl, federationSdl, rootFields, renamedRoots, notices }: CompiledSubgraph,
  exposure: ErrorExposure,
  service: GraphqlService,
): Source {
  const calls = [...rootFields].map(([coordinate, field]) => {
    const scope = { source: name, operation: field.name, exposure };
    return [coordinate, createRootCall(field, service.graphql, scope)] as const;
  });
  return {
    name,
    kind: 'federation',
    model: {
      sdl,
      calls: new Map(calls),
      federation: { sdl: federationSdl },
      ...(renamedRoots.size === 0 ? {} : { upstreamNames: { types: renamedRoots, arguments: new Map() } }),
      ...(notices.length === 0 ? {} : { notices }),
    },
    graphql: service.graphql,
    probe: (signal) => service.probe(signal),
    upstream: () => service.state?.(),
    dispose: () => service.dispose(),
  };
}
