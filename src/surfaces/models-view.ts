import { SkeinError } from '../../kernel/errors.ts';
import type { Models } from '../../sources/ai/model-client.ts';
import type { Graph } from '../graph/graph.ts';
import type { Caller } from '../identity/caller.ts';
import { type GraphAccess, OWN_GRAPH } from '../policy/graph-access.ts';

/** The models of a caller's graph. */
export interface ModelsView {
  readonly models: Models | undefined;
  readonly access: GraphAccess;
  /** Keeps the connections to providers open for a call; who is done lets go, once. */
  hold(): () => void;
}

const NOTHING_HELD = () => {};

export function modelsView(graph: Pick<Graph, 'models' | 'registry'>, access: GraphAccess = OWN_GRAPH): ModelsView {
  return {
    models: graph.models,
    access,
    hold: () => graph.registry.current()?.hold() ?? NOTHING_HELD,
  };
}

/** What is done with a model, by the field of the graph that does the same. */
export type ModelUse = 'Query.models' | 'Mutation.chat' | 'Subscription.chatStream' | 'Mutation.embed';

/**
 * The models, if the caller may use them so: who is held to certain products needs one with the field that does the same.
 * @throws SkeinError FORBIDDEN, or MODEL_NOT_FOUND where there are none
 */
export function usableModels({ models, access }: ModelsView, caller: Caller, use: ModelUse): Models {
  if (caller.products !== undefined) {
    const isInOne = [...caller.products].some((id) => access.ownProduct(id, caller.tenant)?.has(use) === true);
    if (!isInOne) {
      const message = `The API key is held to certain products, and ${use} is in none of them.`;
      throw new SkeinError('FORBIDDEN', message);
    }
  }
  if (models === undefined) throw new SkeinError('MODEL_NOT_FOUND', 'There are no models here yet.');
  return models;
}
