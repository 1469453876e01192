import type { CallContext } from '../../source.ts';

/**
 * Who asks, as far as answers depend on it: the caller's scope and the client's headers of these names. Undefined where
 * answers are kept: those that ask for the same share the question already.
 */
export function callerKey(context: CallContext, clientHeaders: readonly string[]): string | undefined {
  const { callerScope, requestId, headers, onFreshness } = context;
  if (onFreshness !== undefined) return undefined;
  // Nobody calls: then only this request is the same caller.
  let key = callerScope === '' ? `-${part(requestId)}` : `+${part(callerScope)}`;
  for (const name of clientHeaders) key += part(headers[name]);
  return key;
}

/** Texts one after the other, so that none runs into the next. */
export function part(text: string | undefined): string {
  return text === undefined ? '!' : `${text.length}:${text}`;
}
