import { systemClock } from '../../kernel/ports.ts';
import type { CallContext } from '../source.ts';
import type { HttpAnswer, HttpRequest } from './http.ts';
import { callerKey, part } from './resilience/caller-key.ts';
import { createReadSharing } from './resilience/share-reads.ts';

export type Exchange = (request: HttpRequest, context: CallContext) => Promise<HttpAnswer>;

/**
 * Sends reads of one caller that are the same, and under way at the same time, once. Each gets the answer's bytes, and
 * makes of them values of its own. `clientHeaders` are those of the client's, in lower case, that a call depends on.
 *
 * A read that began before a call that may change something has ended is not joined any more: whoever asks after that
 * call has its answer sees what it did.
 */
export function shareExchanges(exchange: Exchange, source: string, clientHeaders: readonly string[]): Exchange {
  const sharing = createReadSharing({ clock: systemClock });
  return (request, context) => {
    if (request.repeatable !== 'always') {
      return exchange(request, context).finally(sharing.part);
    }
    const key = keyOf(request, context, clientHeaders);
    if (key === undefined) return exchange(request, context);
    const details = { source, operation: request.operation };
    return sharing.share(key, details, context, (own) => exchange(request, own));
  };
}

/** Undefined where a call is not shared: files are sent once. */
function keyOf(
  { operation, method, path, headers, body }: HttpRequest,
  context: CallContext,
  clientHeaders: readonly string[],
): string | undefined {
  if (body !== undefined && typeof body !== 'string') return undefined;
  const caller = callerKey(context, clientHeaders);
  if (caller === undefined) return undefined;
  let key = caller + part(operation) + part(method) + part(path);
  for (const name in headers) key += part(name) + part(headers[name]);
  return body === undefined ? key : `${key}|${body}`;
}
