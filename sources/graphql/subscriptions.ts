import type { Log } from '../../kernel/ports.ts';
import type { CallContext, GraphqlAnswer, GraphqlRequest } from '../source.ts';
import type { HeaderRules } from '../upstream/client-headers.ts';
import type { HttpUpstream } from '../upstream/http-upstream.ts';
import type { UpstreamOptions } from '../upstream/resilience/options.ts';
import type { Tls } from '../upstream/tls-files.ts';
import type { CallScope } from './answer.ts';

/** Subscriptions of a service, in one protocol. */
export interface Subscriptions {
  subscribe(request: GraphqlRequest, context: CallContext): AsyncIterableIterator<GraphqlAnswer>;
  dispose(): Promise<void>;
}

export interface SubscriptionSettings extends HeaderRules {
  readonly source: string;
  /** http, https, ws or wss. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connectionParams: Readonly<Record<string, unknown>>;
  /** How long a subscription may take to begin; then it may be silent for as long as its request lives. */
  readonly timeoutMs: number;
  /** The largest event, in bytes. */
  readonly maxResponseBytes: number;
  readonly scopeOf: (operation: string) => CallScope;
  /** The service's own, where subscriptions go to the same address: they count among its calls. */
  readonly shared?: HttpUpstream | undefined;
  /** Default: any. */
  readonly network?: UpstreamOptions['network'] | undefined;
  readonly log?: Log | undefined;
  readonly tls?: Tls | undefined;
}

/** Subscriptions one source may have open at a time, each on a socket of its own. */
export const MAX_SUBSCRIPTIONS = 4_096;
