import { CancellationSource } from '../kernel/cancellation.ts';
import { SkeinError } from '../kernel/errors.ts';
import type { CallContext } from './source.ts';

/**
 * Makes the stream of a call out of a generator. `produce` starts with the first `next()` and gets a context whose
 * cancellation also comes with `return()`, even while an item is awaited: a generator alone would put `return()` behind it.
 */
export function cancellableStream<T>(
  context: CallContext,
  produce: (context: CallContext) => AsyncGenerator<T>,
): AsyncIterableIterator<T> {
  const own = new CancellationSource();
  const { cancellation } = context;
  const abortable = { abort: () => own.cancel(cancellation.reason ?? new SkeinError('CLIENT_CLOSED_REQUEST')) };
  let items: AsyncGenerator<T> | undefined;
  let isClosed = false;

  function start(): AsyncGenerator<T> {
    if (cancellation.reason !== undefined) abortable.abort();
    else cancellation.watch(abortable);
    const { deadlineAt, requestId, log, headers, callerScope, onCall } = context;
    const returnHeader = (name: string, value: string) => context.returnHeader(name, value);
    return produce({ cancellation: own, deadlineAt, requestId, log, headers, callerScope, returnHeader, onCall });
  }

  function close(): void {
    isClosed = true;
    cancellation.unwatch(abortable);
  }

  async function cancel(): Promise<void> {
    if (isClosed) return;
    close();
    abortable.abort();
    // It may still fail on its way out, and nobody is left to be told.
    await items?.return(undefined).catch(() => {});
  }

  return {
    async next() {
      if (isClosed) return { done: true, value: undefined };
      items ??= start();
      try {
        const result = await items.next();
        if (isClosed) return { done: true, value: undefined };
        if (result.done === true) close();
        return result;
      } catch (error) {
        if (isClosed) return { done: true, value: undefined };
        close();
        throw error;
      }
    },
    async return() {
      await cancel();
      return { done: true, value: undefined };
    },
    async throw(error) {
      await cancel();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
