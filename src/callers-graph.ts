import { SkeinError } from '../kernel/errors.ts';
import type { Generation, Registry } from '../schema/registry.ts';
import { saysNothingToQuery, withoutEmptyQuery } from './empty-query-documents.ts';
import type { Caller } from './identity/caller.ts';
import type { AccessPolicy } from './policy/access.ts';
import { type GraphAccess, isFree } from './policy/graph-access.ts';
import type { CallersDocuments } from './policy/views.ts';

/** The graph that a caller's operations run on. */
export interface GraphView {
  readonly registry: Pick<Registry, 'current'>;
  readonly access: GraphAccess;
}

/** The graph as it is now, as the caller sees it. */
export interface CallersGraph {
  readonly generation: Generation;
  readonly access: GraphAccess;
  readonly documents: CallersDocuments;
}

export interface CallersGraphDeps {
  readonly graphOf: (caller: Caller) => GraphView;
  readonly access: Pick<AccessPolicy, 'documentsFor'>;
}

/** How often the graph may change while a caller waits to see it. */
const MOST_CHANGES = 5;

/**
 * A promise where what the caller sees is to be made yet: of the graph as it is then, if that has changed meanwhile.
 * @throws SkeinError GRAPH_NOT_READY, or why there is no graph for the caller; a promise rejects with the same
 */
export function callersGraph(deps: CallersGraphDeps, caller: Caller): CallersGraph | Promise<CallersGraph> {
  const asked = ask(deps, caller);
  return asked.documents instanceof Promise ? whenSeen(asked, deps, caller) : (asked as CallersGraph);
}

type Asked = Omit<CallersGraph, 'documents'> & { readonly documents: ReturnType<AccessPolicy['documentsFor']> };

function ask({ graphOf, access: policy }: CallersGraphDeps, caller: Caller): Asked {
  const { registry, access } = graphOf(caller);
  const generation = registry.current();
  if (generation === undefined) throw new SkeinError('GRAPH_NOT_READY');
  const isWanted = () => registry.current() === generation;
  const place = { generation, access };
  const documents = policy.documentsFor(place, caller, isWanted);
  if (isFree(place, caller) || !saysNothingToQuery(generation)) return { ...place, documents };
  const tell = (seen: CallersDocuments) => (seen === undefined ? undefined : withoutEmptyQuery(seen, generation));
  return { ...place, documents: documents instanceof Promise ? documents.then(tell) : tell(documents) };
}

async function whenSeen(first: Asked, deps: CallersGraphDeps, caller: Caller): Promise<CallersGraph> {
  let asked = first;
  for (let changes = 0; ; changes += 1) {
    const { generation, access } = asked;
    const isSame = () => {
      const now = deps.graphOf(caller);
      return now.access === access && now.registry.current() === generation;
    };
    try {
      const documents = await asked.documents;
      if (isSame()) return { generation, access, documents };
    } catch (error) {
      if (isSame()) throw error;
    }
    if (changes === MOST_CHANGES) throw new SkeinError('GRAPH_NOT_READY');
    asked = ask(deps, caller);
  }
}
