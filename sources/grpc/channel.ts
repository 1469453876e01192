import type { Client } from '@grpc/grpc-js';
import type { Abortable } from '../../kernel/cancellation.ts';
import type { CallContext } from '../source.ts';
import type { PlannedCall, Repeatable, Resilience } from '../upstream/resilience/contracts.ts';
import type { ReadSharing } from '../upstream/resilience/share-reads.ts';
import type { MetadataRules } from './metadata.ts';
import type { ErrorRules } from './status.ts';

/** One address of a service, connected to with the first call. */
export interface Channel {
  readonly client: Client;
  /** What grpc-js takes for the peer of a call that was never given to a connection. */
  readonly target: string;
}

/** What all calls of a source share. */
export interface Connection {
  readonly pool: Pick<Resilience<Channel>, 'run'>;
  /** The client's header by which calls are spread, in lower case. */
  readonly hashHeader: string | undefined;
  readonly metadata: MetadataRules;
  /** Of the client, in lower case: answers depend on them. */
  readonly clientHeaders: readonly string[];
  /** Undefined where each read is sent by itself. */
  readonly sharing: ReadSharing | undefined;
  readonly errors: ErrorRules;
  /** How long a call with one answer may take. */
  readonly timeoutMs: number;
  /** Calls under way: closing the client alone would let them go on. */
  readonly running: Set<Abortable>;
}

/** grpc-js would turn what our decoding throws into a status of the server's, so it hands us bytes. */
export const asBytes = (bytes: Buffer): Buffer => bytes;

/** What is known of the calls of a method before they are sent. */
export function planCalls(
  { hashHeader }: Connection,
  operation: string,
  repeatable: Repeatable,
): (context: CallContext) => PlannedCall {
  const call = { operation, repeatable };
  if (hashHeader === undefined) return () => call;
  return ({ headers }) => ({ ...call, hashKey: headers[hashHeader] });
}

/** Whether nothing of a call that has ended can have reached a server: it was never given to a connection. */
export function isUnsent(call: { getPeer(): string }, { target }: Channel): boolean {
  return call.getPeer() === target;
}
