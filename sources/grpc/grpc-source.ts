import { SkeinError } from '../../kernel/errors.ts';
import { ProblemsError } from '../../kernel/problem.ts';
import type { Compile } from '../compiling.ts';
import type { Source, SourceDeps } from '../source.ts';
import { readTlsFiles } from '../upstream/tls-files.ts';
import { compileGrpc } from './compile-grpc.ts';
import type { GrpcDocument } from './grpc-document.ts';
import { openGrpc } from './open-grpc.ts';
import type { GrpcOptions } from './options.ts';
import { readGrpcDocument } from './read-document.ts';
import { reflect } from './reflect.ts';

/**
 * A gRPC service by its .proto file or its compiled descriptor set, at an absolute path; then the service itself is not
 * needed yet. Without a document the server is asked by reflection.
 * @throws ProblemsError when the document, the service it names, a header or a certificate cannot be used
 * @throws SkeinError UPSTREAM_… when the server does not say what it offers
 */
export async function createGrpcSource(
  name: string,
  options: GrpcOptions,
  documentPath: string | undefined,
  deps: SourceDeps,
  compile: Compile<typeof compileGrpc> = compileGrpc,
): Promise<Source> {
  const tlsFiles = await readTlsFiles(options.tls);
  const document: GrpcDocument = documentPath
    ? await readGrpcDocument(documentPath, options)
    : await reflect(name, options, tlsFiles, deps.log);
  const { compiled, problems, unusable } = await compile(document, options);
  if (unusable !== undefined) {
    const details = { source: name, operation: 'reflection' };
    throw new SkeinError('UPSTREAM_BAD_RESPONSE', undefined, { details, cause: new Error(unusable) });
  }
  if (compiled === undefined) throw new ProblemsError(problems);
  for (const problem of problems) deps.report(problem);
  return openGrpc(name, compiled, options, tlsFiles, deps.log);
}
