import type { Problem } from '../../kernel/problem.ts';
import type { ProtoText } from './proto-text.ts';

/** What a gRPC source is compiled from. Plain data. */
export type GrpcDocument = ProtoText | DescriptorDocument;

export interface DescriptorDocument {
  readonly kind: 'descriptors';
  /** A FileDescriptorSet. */
  readonly bytes: Uint8Array;
  /** Where it was read; without, a server has told it by reflection. */
  readonly file: string | undefined;
  /** Full names of the services that the server says it has. Default: all that are defined. */
  readonly served: readonly string[] | undefined;
  readonly notices: readonly Problem[];
}
