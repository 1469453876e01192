import { SkeinError } from '../../kernel/errors.ts';
import type { Source, SourceCall } from '../../sources/source.ts';
import { deferred } from './deferred.ts';

const SDL = `
  type Query { hello: String held: String large: String }
  type Mutation { hello: String }
  type Subscription { ticks(name: String): Int required: Int! padded: String anything: JSON }
  scalar JSON
`;

/** One stream that the gateway opened: the test is its upstream. */
export interface Tick {
  readonly name: unknown;
  readonly signal: AbortSignal;
  /** How often an event was asked for, and `return()` called. */
  asked: number;
  returns: number;
  readonly returned: Promise<void>;
  emit(value: unknown): void;
  end(): void;
  fail(error: unknown): void;
  /** From now on `return()` rejects. */
  failOnReturn(error: unknown): void;
}

/** A held query: answers when the test says so. */
export interface Held {
  readonly signal: AbortSignal;
  answer(value: string): void;
}

export interface Ticker {
  readonly source: Source;
  readonly streams: readonly Tick[];
  /** The next stream that is opened, or the one that was. */
  nextStream(): Promise<Tick>;
  nextHeld(): Promise<Held>;
  /** How often the gateway disposed of the source. */
  disposed(): number;
}

/** A source whose events come one by one, when the test emits them. `padded` emits 64 kB as fast as it is asked, `large` is 48 MB. */
export function createTicker(): Ticker {
  const streams = createArrivals<Tick>();
  const held = createArrivals<Held>();
  let disposals = 0;
  const hello = async () => 'world';
  const source: Source = {
    name: 'ticker',
    kind: 'openapi',
    probe: async () => {},
    dispose: async () => {
      disposals += 1;
    },
    model: {
      sdl: SDL,
      calls: new Map<string, SourceCall>([
        ['Query.hello', { type: 'unary', operation: 'hello', invoke: hello }],
        ['Query.large', { type: 'unary', operation: 'large', invoke: async () => 'x'.repeat(48_000_000) }],
        ['Mutation.hello', { type: 'unary', operation: 'hello', invoke: hello }],
        [
          'Query.held',
          {
            type: 'unary',
            operation: 'held',
            invoke: (_args, { cancellation: { signal } }) => {
              const answer = deferred<string>();
              signal.addEventListener('abort', () => answer.reject(new SkeinError('CLIENT_CLOSED_REQUEST')));
              held.add({ signal, answer: answer.resolve });
              return answer.promise;
            },
          },
        ],
        ...['ticks', 'required', 'padded', 'anything'].map((name): [string, SourceCall] => [
          `Subscription.${name}`,
          {
            type: 'stream',
            operation: name,
            open: (args, { cancellation: { signal } }) => {
              const { tick, events } = createTick(args.name, signal, name === 'padded');
              streams.add(tick);
              return events;
            },
          },
        ]),
      ]),
    },
  };
  return { source, streams: streams.all, nextStream: streams.next, nextHeld: held.next, disposed: () => disposals };
}

function createTick(name: unknown, signal: AbortSignal, padded: boolean) {
  const queue: (() => IteratorResult<unknown>)[] = [];
  const returned = deferred();
  let waiting: { resolve(result: IteratorResult<unknown>): void; reject(error: unknown): void } | undefined;
  const done = { done: true as const, value: undefined };
  const push = (item: () => IteratorResult<unknown>) => {
    if (waiting === undefined) {
      queue.push(item);
      return;
    }
    const { resolve, reject } = waiting;
    waiting = undefined;
    try {
      resolve(item());
    } catch (error) {
      reject(error);
    }
  };
  let returnError: unknown;
  const tick: Tick = {
    name,
    signal,
    asked: 0,
    returns: 0,
    returned: returned.promise,
    emit: (value) => push(() => ({ done: false, value })),
    end: () => push(() => done),
    fail: (error) =>
      push(() => {
        throw error;
      }),
    failOnReturn: (error) => {
      returnError = error;
    },
  };
  const padding = 'x'.repeat(65_536);
  const events: AsyncIterableIterator<unknown> = {
    next() {
      tick.asked += 1;
      if (padded) return new Promise((resolve) => setImmediate(() => resolve({ done: false, value: padding })));
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        const item = queue.shift();
        if (item !== undefined) push(item);
      });
    },
    async return() {
      tick.returns += 1;
      waiting?.resolve(done);
      waiting = undefined;
      returned.resolve();
      if (returnError !== undefined) throw returnError;
      return done;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  return { tick, events };
}

/** Things that arrive, and those who wait for them. */
function createArrivals<T>() {
  const all: T[] = [];
  const waiters: ((item: T) => void)[] = [];
  let taken = 0;
  return {
    all: all as readonly T[],
    add(item: T) {
      all.push(item);
      const waiter = waiters.shift();
      if (waiter === undefined) return;
      taken += 1;
      waiter(item);
    },
    next(): Promise<T> {
      const item = all[taken];
      if (item === undefined) return new Promise((resolve) => waiters.push(resolve));
      taken += 1;
      return Promise.resolve(item);
    },
  };
}
