import { status } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { asBytes, type Channel } from './channel.ts';
import type { MetadataRules } from './metadata.ts';

const { root } = protobuf.parse(
  `syntax = "proto3";
  enum Status { UNKNOWN = 0; SERVING = 1; NOT_SERVING = 2; SERVICE_UNKNOWN = 3; }
  message Answer { Status status = 1; }`,
);
const ANSWER = root.lookupType('Answer');
const PATH = '/grpc.health.v1.Health/Check';

/**
 * Asks a server whether it is well, as a whole. One without this service is, because it answers.
 * https://grpc.io/docs/guides/health-checking/
 */
export function checkHealth(
  { client }: Channel,
  { fixed }: Pick<MetadataRules, 'fixed'>,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = client.makeUnaryRequest(
      ...([PATH, asBytes, asBytes, Buffer.alloc(0), fixed.clone()] as const),
      (error, bytes) => {
        signal.removeEventListener('abort', cancel);
        if (error?.code === status.UNIMPLEMENTED) resolve();
        else if (error !== null) reject(new Error(`${status[error.code]}: ${error.details}`));
        else end(bytes);
      },
    );
    const cancel = () => call.cancel();
    signal.addEventListener('abort', cancel);

    function end(bytes: Buffer | undefined): void {
      try {
        const found: unknown = ANSWER.decode(bytes ?? Buffer.alloc(0)).toJSON().status ?? 'UNKNOWN';
        if (found === 'SERVING') resolve();
        else reject(new Error(`It says ${String(found)} of itself.`));
      } catch (error) {
        reject(new Error('Its answer is none of a health check.', { cause: error }));
      }
    }
  });
}
