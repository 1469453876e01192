import type { CallContext } from '../source.ts';

/** Headers for the client, kept back until it is known which attempt of a call was its last. */
export interface KeptHeaders {
  /** The call's, for its attempts. */
  readonly context: CallContext;
  /** Another attempt begins: what came of those before is for nobody. */
  restart(): void;
  /** The call is over: what its last attempt brought goes to the client. */
  tell(): void;
}

export function keepHeaders(context: CallContext): KeptHeaders {
  const { cancellation, deadlineAt, requestId, log, headers, callerScope, onFreshness, validators, onErrors, onCall } =
    context;
  let kept: [name: string, value: string][] = [];
  return {
    context: {
      cancellation,
      deadlineAt,
      requestId,
      log,
      headers,
      callerScope,
      returnHeader: (name, value) => void kept.push([name, value]),
      onFreshness,
      validators,
      onErrors,
      onCall,
    },
    restart() {
      kept = [];
    },
    tell() {
      for (const [name, value] of kept) context.returnHeader(name, value);
      kept = [];
    },
  };
}
