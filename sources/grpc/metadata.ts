import { Metadata } from '@grpc/grpc-js';
import { SkeinError } from '../../kernel/errors.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import type { CallContext } from '../source.ts';
import { compileForwardHeaders, headerRuleProblems, isForwardable } from '../upstream/client-headers.ts';
import type { GrpcOptions } from './options.ts';
import type { CallDetails } from './status.ts';

export interface MetadataRules {
  /** What goes with a call. @throws SkeinError BAD_USER_INPUT, for a header of the client's that cannot be sent */
  send(context: CallContext, details: CallDetails): Metadata;
  /** What goes with every call, whoever makes it. */
  readonly fixed: Metadata;
  /** Hands metadata of an answer to the client; undefined when none is to be handed on. */
  readonly receive: ((metadata: Metadata, context: CallContext) => void) | undefined;
}

/** @throws ProblemsError with all headers that cannot be metadata */
export function compileMetadata(
  options: Pick<GrpcOptions, 'headers' | 'forwardHeaders' | 'returnHeaders'>,
): MetadataRules {
  const problems = [...headerRuleProblems(options), ...forwardProblems(options.forwardHeaders)];
  const fixed = new Metadata();
  for (const [key, value] of Object.entries(options.headers)) {
    if (isMetadata(key, value) && isForwardable(key.toLowerCase())) fixed.set(key, encoded(key, value));
    // The reason would repeat the value, which may be a secret.
    else problems.push({ message: 'The header cannot be sent as gRPC metadata.', path: ['headers', key] });
  }
  if (problems.length > 0) throw new ProblemsError(problems);
  const forward = compileForwardHeaders(options.forwardHeaders);

  function send(context: CallContext, details: CallDetails): Metadata {
    const metadata = fixed.clone();
    if (forward === undefined) return metadata;
    const forwarded = forward(context, details);
    for (const key of Object.keys(forwarded)) {
      const value = forwarded[key] ?? '';
      if (!isMetadata(key, value)) {
        const message = `The header that goes on as "${key}" has characters that cannot be sent on.`;
        throw new SkeinError('BAD_USER_INPUT', message, { details });
      }
      metadata.set(key, encoded(key, value));
    }
    return metadata;
  }

  const returned = [...new Set(options.returnHeaders.map((name) => name.toLowerCase()))];
  function receive(metadata: Metadata, context: CallContext): void {
    for (const name of returned) {
      const values = metadata.get(name).map((value) => (typeof value === 'string' ? value : value.toString('base64')));
      if (values.length > 0) context.returnHeader(name, values.join(', '));
    }
  }
  return { send, fixed, receive: returned.length === 0 ? undefined : receive };
}

function forwardProblems(rules: GrpcOptions['forwardHeaders']): readonly Problem[] {
  return rules.flatMap((rule, index) => {
    const { name, as = name, default: fallback } = typeof rule === 'string' ? { name: rule } : rule;
    const path = ['forwardHeaders', index];
    if (!isKey(as)) return [{ message: `The header "${as}" cannot be sent as gRPC metadata.`, path }];
    if (fallback === undefined || isMetadata(as, fallback)) return [];
    const message = `The default of the header "${name}" cannot be sent as gRPC metadata.`;
    return [{ message, path: [...path, 'default'] }];
  });
}

/** https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md: names, printable ASCII, and base64 under `-bin`. */
function isMetadata(key: string, value: string): boolean {
  if (!isKey(key)) return false;
  return key.toLowerCase().endsWith('-bin') ? /^[A-Za-z0-9+/_-]*={0,2}$/.test(value) : /^[ -~]*$/.test(value);
}

function isKey(key: string): boolean {
  return /^[0-9a-z_.-]+$/i.test(key) && !/^grpc-/i.test(key);
}

function encoded(key: string, value: string): string | Buffer {
  return key.toLowerCase().endsWith('-bin') ? Buffer.from(value, 'base64') : value;
}
