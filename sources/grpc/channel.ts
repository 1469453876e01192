import type { Client } from '@grpc/grpc-js';
import type { MetadataRules } from './metadata.ts';
import type { ErrorRules } from './status.ts';

/** What all calls of a source share. */
export interface Connection {
  readonly client: Client;
  readonly metadata: MetadataRules;
  readonly errors: ErrorRules;
  /** How long a call with one answer may take. */
  readonly timeoutMs: number;
}

/** grpc-js would turn what our decoding throws into a status of the server's, so it hands us bytes. */
export const asBytes = (bytes: Buffer): Buffer => bytes;
