import { status } from '@grpc/grpc-js';
import { CancellationSource } from '../../kernel/cancellation.ts';
import { describeError, type ErrorCode, SkeinError } from '../../kernel/errors.ts';
import type { Log } from '../../kernel/ports.ts';
import type { Problem } from '../../kernel/problem.ts';
import { NO_CLIENT } from '../call-context.ts';
import { createRedactor } from '../upstream/redactor.ts';
import type { Judgement } from '../upstream/resilience/contracts.ts';
import type { TlsFiles } from '../upstream/tls-files.ts';
import type { Channel } from './channel.ts';
import { joinDescriptors } from './descriptor-wire.ts';
import type { DescriptorDocument } from './grpc-document.ts';
import { createGrpcPool } from './grpc-pool.ts';
import { compileMetadata, type MetadataRules } from './metadata.ts';
import type { GrpcOptions } from './options.ts';
import { openReflection, ReflectionError, type ReflectionStream } from './reflection-stream.ts';
import { fileHeader } from './reflection-wire.ts';
import { codeOfStatus, isServiceError } from './status.ts';

const MAX_FILES = 2_000;
const MAX_SERVICES = 1_000;
const MAX_BYTES = 33_554_432;

/** Of gRPC's own services, e.g. health and reflection, the graph has no use. */
const OWN_SERVICE = /^grpc\.(reflection|health|channelz|admin)\./;

/**
 * Asks a server what it offers, and another one of its endpoints where that cannot be reached; it may take as long as a
 * call. https://grpc.io/docs/guides/reflection/
 * @throws ProblemsError when an endpoint or a header cannot be used
 * @throws SkeinError UPSTREAM_…, with the reason for the operator as its cause
 */
export async function reflect(
  source: string,
  options: GrpcOptions,
  tlsFiles: TlsFiles,
  log: Log,
): Promise<DescriptorDocument> {
  const details = { source, operation: 'reflection' };
  const metadata = compileMetadata(options);
  const upstream = { ...options.upstream, discover: undefined, healthCheck: undefined };
  // Descriptors are bounded by their own limit, not by that of answers.
  const pool = createGrpcPool(source, { ...options, upstream, maxResponseBytes: MAX_BYTES }, tlsFiles, metadata, log);
  const deadlineAt = Date.now() + options.timeoutMs;
  const cancellation = new CancellationSource();
  try {
    return await pool.run({
      call: { operation: details.operation, repeatable: 'unsent' },
      context: { ...NO_CLIENT, cancellation, deadlineAt, requestId: 'reflection', log },
      holds: false,
      attempt: ({ transport }) => ask(transport, metadata, deadlineAt, options.service),
      judge: judgeReflection,
      discard: () => {},
    });
  } catch (error) {
    const code = reflectionCode(error);
    const reason = createRedactor(options)(isServiceError(error) ? error.details : describeError(error));
    log.warn({ ...details, code, cause: reason }, 'A server does not say what it offers.');
    const cause = new Error(`The server does not say what it offers by reflection: ${reason}`, { cause: error });
    throw new SkeinError(code, undefined, { details, cause });
  } finally {
    await pool.dispose();
  }
}

async function ask(
  { client }: Channel,
  { fixed: metadata }: MetadataRules,
  deadlineAt: number,
  service: string | undefined,
): Promise<DescriptorDocument> {
  const { stream, services } = await openReflection({ client, metadata, deadlineAt, maxBytes: MAX_BYTES });
  try {
    return await fetchDescriptors(stream, services, service);
  } finally {
    stream.close();
  }
}

/** Nothing is done by asking: one that cannot be reached may be asked again, or another in its place. */
function judgeReflection(settled: { readonly answer: DescriptorDocument } | { readonly error: unknown }): Judgement {
  const isAway = 'error' in settled && isServiceError(settled.error) && settled.error.code === status.UNAVAILABLE;
  return { outcome: isAway ? 'unsent' : 'ok' };
}

function reflectionCode(error: unknown): ErrorCode {
  if (isServiceError(error)) return codeOfStatus(error);
  return error instanceof ReflectionError ? 'UPSTREAM_BAD_RESPONSE' : 'UPSTREAM_FAILED';
}

async function fetchDescriptors(
  stream: ReflectionStream,
  listed: readonly string[],
  wanted: string | undefined,
): Promise<DescriptorDocument> {
  const served = [...new Set(listed)].filter((name) => !OWN_SERVICE.test(name) || name === wanted);
  if (served.length === 0) throw new ReflectionError('The server offers no service.');
  if (served.length > MAX_SERVICES) throw new ReflectionError(`The server has more than ${MAX_SERVICES} services.`);
  const files = new Map<string, Uint8Array>();
  const asked = new Set<string>();
  const notices: Problem[] = [];

  function collect(found: readonly Uint8Array[]): readonly string[] {
    const imports: string[] = [];
    for (const bytes of found) {
      const { name, dependency } = header(bytes);
      asked.add(name);
      if (files.has(name)) continue;
      files.set(name, bytes);
      imports.push(...dependency);
      if (files.size > MAX_FILES) throw new ReflectionError(`The server has more than ${MAX_FILES} files.`);
    }
    return imports;
  }

  const answers = await stream.ask(served.map((name) => ({ fileContainingSymbol: name })));
  let imports: string[] = [];
  answers.forEach(({ files: found, failure }, index) => {
    if (found !== null) imports.push(...collect(found.file));
    else {
      const reason = failure === null ? 'it answers something else' : `status ${failure.code}`;
      notices.push({ message: `The server lists the service ${served[index]}, but does not describe it: ${reason}.` });
    }
  });
  if (files.size === 0) throw new ReflectionError('The server describes none of its services.');
  while (imports.length > 0) {
    const names = [...new Set(imports)].filter((name) => !asked.has(name));
    for (const name of names) asked.add(name);
    if (asked.size > MAX_FILES) throw new ReflectionError(`The server's files import more than ${MAX_FILES} others.`);
    imports = [];
    // What it does not have may be of no use: what is missed is found when the descriptors are put together.
    for (const { files: found } of await stream.ask(names.map((name) => ({ fileByFilename: name })))) {
      if (found !== null) imports.push(...collect(found.file));
    }
  }
  const known = served.filter((_, index) => answers[index]?.files !== null);
  return { kind: 'descriptors', bytes: joinDescriptors(files.values()), file: undefined, served: known, notices };
}

function header(bytes: Uint8Array): ReturnType<typeof fileHeader> {
  try {
    return fileHeader(bytes);
  } catch {
    throw new ReflectionError('The server answers with something that is no file descriptor.');
  }
}
