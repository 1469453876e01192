import type { CallContext, GraphqlAnswer, GraphqlRequest } from '../source.ts';
import type { HeaderRules } from '../upstream/client-headers.ts';
import type { HttpUpstream } from '../upstream/http-upstream.ts';
import type { CallScope } from './answer.ts';

/** Subscriptions of a service, in one protocol. */
export interface Subscriptions {
  subscribe(request: GraphqlRequest, context: CallContext): AsyncIterableIterator<GraphqlAnswer>;
  /** Ends what is open and not ended with the upstream. */
  dispose(): void;
}

export interface SubscriptionSettings extends HeaderRules {
  readonly source: string;
  /** Of the service's endpoints, with the query. */
  readonly path: string;
  readonly connectionParams: Readonly<Record<string, unknown>>;
  /** How long a subscription may take to begin; then it may be silent for as long as its request lives. */
  readonly timeoutMs: number;
  /** The largest event, in bytes. */
  readonly maxResponseBytes: number;
  readonly scopeOf: (operation: string) => CallScope;
  /** Where they go; not theirs to dispose of. */
  readonly upstream: HttpUpstream;
}

/** Subscriptions one source may have open at a time, each on a socket of its own. */
export const MAX_SUBSCRIPTIONS = 4_096;
