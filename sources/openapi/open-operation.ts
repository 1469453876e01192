import type { SourceCall, UnaryCall } from '../source.ts';
import type { HttpUpstream } from '../upstream/http-upstream.ts';
import { compileRequest, type RequestPlan } from './compile-request.ts';
import { createInputEncoders, type InputEncoder } from './encode-input.ts';
import type { OpenapiOptions } from './options.ts';
import { type AnswerPlan, createAnswerReader } from './read-answer.ts';
import type { WireType, WireTypes } from './wire-types.ts';

/** All that a call is made of: plain data, so that it can be compiled in another thread. */
export interface OperationPlan {
  /** For errors and logs. */
  readonly operation: string;
  readonly request: RequestPlan;
  readonly answer: AnswerPlan;
}

export interface OperationDeps {
  readonly source: string;
  readonly upstream: Pick<HttpUpstream, 'exchange'>;
  readonly encoderOf: (type: WireType) => InputEncoder;
  /** Types that are read so that no digit is lost. */
  readonly exactTypes: ReadonlySet<string>;
  /** Cookies of the configuration, sent before those of arguments. */
  readonly configuredCookies: string | undefined;
}

/** What the calls of a document share. `wireTypes` are those of all its types. */
export function createOperationDeps(
  source: string,
  options: OpenapiOptions,
  wireTypes: WireTypes,
  upstream: Pick<HttpUpstream, 'exchange'>,
): OperationDeps {
  const headers = new Map(Object.entries(options.headers).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    source,
    upstream,
    encoderOf: createInputEncoders(wireTypes),
    exactTypes: wireTypes.exact,
    configuredCookies: headers.get('cookie'),
  };
}

/** The call of a plan. What it runs is compiled when it is first used: documents have thousands, clients use a few. */
export function openOperation(plan: OperationPlan, deps: OperationDeps): SourceCall {
  let invoke: UnaryCall['invoke'] | undefined;
  return {
    type: 'unary',
    operation: plan.operation,
    invoke: (args, context) => {
      invoke ??= compileCall(plan, deps);
      return invoke(args, context);
    },
  };
}

function compileCall(plan: OperationPlan, deps: OperationDeps): UnaryCall['invoke'] {
  const { operation } = plan;
  const { upstream } = deps;
  const write = compileRequest(plan.request, { ...deps, operation });
  const read = createAnswerReader(plan.answer, { ...deps, operation });
  return async (args, context) => read(await upstream.exchange(write(args), context), context);
}
