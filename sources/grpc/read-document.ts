import { readFile, stat } from 'node:fs/promises';
import { describeError } from '../../kernel/errors.ts';
import { ProblemsError } from '../../kernel/problem.ts';
import type { GrpcDocument } from './grpc-document.ts';
import type { GrpcOptions } from './options.ts';
import { readProtoText } from './proto-text.ts';

const DESCRIPTORS = /\.(pb|binpb|desc|protoset)$/i;
const MAX_DESCRIPTOR_BYTES = 67_108_864;

/**
 * Reads the definition of a service: a compiled FileDescriptorSet (`.pb`, `.binpb`, `.desc` or `.protoset`), or a .proto
 * file with its imports.
 * @throws ProblemsError
 */
export async function readGrpcDocument(
  path: string,
  { includeDirs }: Pick<GrpcOptions, 'includeDirs'>,
): Promise<GrpcDocument> {
  if (!DESCRIPTORS.test(path)) return readProtoText(path, includeDirs);
  return { kind: 'descriptors', bytes: await readBytes(path), file: path, served: undefined, notices: [] };
}

async function readBytes(file: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(file);
    if (size <= MAX_DESCRIPTOR_BYTES) return await readFile(file);
  } catch (error) {
    throw new ProblemsError([{ message: `The file cannot be read: ${describeError(error)}`, file }]);
  }
  throw new ProblemsError([{ message: `The file is larger than ${MAX_DESCRIPTOR_BYTES} bytes.`, file }]);
}
