import type { Client } from '@grpc/grpc-js';
import type { Abortable } from '../../kernel/cancellation.ts';
import type { MetadataRules } from './metadata.ts';
import type { ErrorRules } from './status.ts';

/** What all calls of a source share. */
export interface Connection {
  readonly client: Client;
  readonly metadata: MetadataRules;
  readonly errors: ErrorRules;
  /** How long a call with one answer may take. */
  readonly timeoutMs: number;
  /** Calls under way: closing the client alone would let them go on. */
  readonly running: Set<Abortable>;
}

/** grpc-js would turn what our decoding throws into a status of the server's, so it hands us bytes. */
export const asBytes = (bytes: Buffer): Buffer => bytes;
