import { SkeinError } from '../../kernel/errors.ts';
import type { Arguments, SourceCall, UnaryCall } from '../source.ts';
import type { HttpUpstream } from '../upstream/http-upstream.ts';
import type { Repeatable } from '../upstream/resilience/contracts.ts';
import { compileRequest, type RequestDeps, type RequestPlan } from './compile-request.ts';
import { createSourceRedactor, credentialText } from './credentials.ts';
import { createInputEncoders } from './encode-input.ts';
import type { OpenapiOptions } from './options.ts';
import { type AnswerDeps, type AnswerPlan, createAnswerReader } from './read-answer.ts';
import type { WireTypes } from './wire-types.ts';

/** All that a call is made of: plain data, so that it can be compiled in another process. */
export interface OperationPlan {
  /** For errors and logs. */
  readonly operation: string;
  readonly request: RequestPlan;
  readonly answer: AnswerPlan;
}

export interface OperationDeps
  extends Omit<RequestDeps, 'operation' | 'repeatable'>,
    Omit<AnswerDeps, 'operation' | 'method' | 'path'> {
  readonly upstream: Pick<HttpUpstream, 'exchange'>;
}

/** What the calls of a document share. `wireTypes` are those of all its types. */
export function createOperationDeps(
  source: string,
  options: OpenapiOptions,
  wireTypes: WireTypes,
  upstream: Pick<HttpUpstream, 'exchange'>,
): OperationDeps {
  const headers = new Map(Object.entries(options.headers).map(([name, value]) => [name.toLowerCase(), value]));
  const credentials = new Map(Object.entries(options.security).map(([name, own]) => [name, credentialText(own)]));
  return {
    source,
    upstream,
    encoderOf: createInputEncoders(wireTypes),
    exactTypes: wireTypes.exact,
    configuredCookies: headers.get('cookie'),
    credentialOf: (scheme) => credentials.get(scheme) ?? '',
    errors: options.errors,
    redact: createSourceRedactor(options),
  };
}

/** The call of a plan. What it runs is compiled when it is first used: documents have thousands, clients use a few. */
export function openOperation(plan: OperationPlan, deps: OperationDeps, repeatable: Repeatable): SourceCall {
  let invoke: UnaryCall['invoke'] | undefined;
  return {
    type: 'unary',
    operation: plan.operation,
    invoke: (args, context) => {
      invoke ??= compileCall(plan, deps, repeatable);
      return invoke(args, context);
    },
  };
}

function compileCall(plan: OperationPlan, deps: OperationDeps, repeatable: Repeatable): UnaryCall['invoke'] {
  const { operation, request } = plan;
  const { upstream } = deps;
  const write = compileRequest(request, { ...deps, operation, repeatable });
  const read = createAnswerReader(plan.answer, { ...deps, operation, method: request.method, path: request.path });
  const writeRequest = (args: Arguments) => {
    try {
      return write(args);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      const details = { source: deps.source, operation };
      throw new SkeinError('BAD_USER_INPUT', 'An argument is nested too deeply.', { details, cause });
    }
  };
  return async (args, context) => {
    const writing = writeRequest(args);
    const written = writing instanceof Promise ? await writing : writing;
    return read(await upstream.exchange(written, context), context);
  };
}
