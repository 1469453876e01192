import type { Lifetime } from '../../lifetimes.ts';
import { isRefused, type Operations, type PreparedOperation, type ReadyOperation } from '../../operations.ts';
import type { PublicResult } from '../../public-errors.ts';
import type { OperationObserver } from './operation-metrics.ts';

/** The same operations; somebody is told what becomes of them. */
export function meterOperations(operations: Operations, observer: OperationObserver): Operations {
  const note = (prepared: PreparedOperation): PreparedOperation => {
    if (isRefused(prepared)) observer.refused(prepared.errors);
    return prepared;
  };
  return {
    prepare(params, caller) {
      const prepared = operations.prepare(params, caller);
      return prepared instanceof Promise ? prepared.then(note) : note(prepared);
    },
    async execute(operation, lifetime) {
      const beganAt = performance.now();
      const result = await operations.execute(operation, lifetime);
      observer.ended(operation.type, result, performance.now() - beganAt);
      return result;
    },
    async subscribe(operation, lifetime) {
      const beganAt = performance.now();
      const opened = await operations.subscribe(operation, lifetime);
      if (Symbol.asyncIterator in opened) return meterStream(opened, { operation, lifetime, beganAt, observer });
      observer.ended(operation.type, opened, performance.now() - beganAt);
      return opened;
    },
  };
}

interface StreamScope {
  readonly operation: ReadyOperation;
  readonly lifetime: Lifetime;
  readonly beganAt: number;
  readonly observer: OperationObserver;
}

function meterStream(
  stream: AsyncIterableIterator<PublicResult>,
  { operation, lifetime, beganAt, observer }: StreamScope,
): AsyncIterableIterator<PublicResult> {
  let hasFailed = false;
  let hasEnded = false;
  const end = (isCanceled: boolean) => {
    if (hasEnded) return;
    hasEnded = true;
    const outcome = hasFailed ? 'failed' : isCanceled ? 'canceled' : 'ok';
    observer.streamEnded(operation.type, outcome, performance.now() - beganAt);
  };
  return {
    async next() {
      const event = await stream.next();
      if (event.done === true) end(lifetime.stopped !== undefined);
      else {
        observer.event(event.value);
        // What ends a stream early is told as its last result, which has nothing but the reason.
        hasFailed = event.value.data === undefined;
      }
      return event;
    },
    async return() {
      end(true);
      return (await stream.return?.()) ?? { done: true, value: undefined };
    },
    async throw(error: unknown) {
      end(true);
      if (stream.throw === undefined) throw error;
      return stream.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
