import type DataLoader from 'dataloader';
import type { CallContext } from '../sources/source.ts';

/** What resolvers see of a request: how calls are made, and the batches under way. */
export interface GraphContext {
  readonly call: CallContext;
  /** Batches by link place; an object that lives as long as the document or the generation is the key. */
  readonly loaders: Map<object, Map<string, DataLoader<unknown, unknown, string>>>;
  /** Answers that several root fields share, by fetch. */
  readonly fetches: Map<object, Promise<Readonly<Record<string, unknown>>>>;
}

export function createGraphContext(call: CallContext): GraphContext {
  return { call, loaders: new Map(), fetches: new Map() };
}
