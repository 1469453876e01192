import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  getOperationAST,
  isNonNullType,
  Kind,
} from 'graphql';

/** A stream of results: each `next()` is one event; `return()` closes the upstream at once, even while one is awaited. */
export type ResultStream = AsyncIterableIterator<ExecutionResult>;

/**
 * Runs a subscription: opens the source's stream and answers each event with `execute`. Unlike GraphQL.js's `subscribe`,
 * a stream that breaks ends with a result that tells the error instead of a rejection, and `return()` does not wait for
 * the event under way.
 */
export async function subscribeWith(
  args: ExecutionArgs,
  execute: (event: unknown) => ExecutionResult | Promise<ExecutionResult>,
): Promise<ResultStream | ExecutionResult> {
  const events = await createSourceEventStream(args);
  if (!(Symbol.asyncIterator in events)) return events;
  return mapEvents(events[Symbol.asyncIterator](), execute, (error) => brokenStream(args, error));
}

function mapEvents(
  events: AsyncIterator<unknown>,
  execute: (event: unknown) => ExecutionResult | Promise<ExecutionResult>,
  broken: (error: Error) => ExecutionResult,
): ResultStream {
  let finished = false;
  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    await events.return?.();
  };
  const done = { done: true as const, value: undefined };
  return {
    async next() {
      if (finished) return done;
      try {
        const event = await events.next();
        if (finished || event.done === true) {
          finished = true;
          if (event.done === true) closed = true;
          return done;
        }
        return { done: false, value: await execute(event.value) };
      } catch (error) {
        if (finished) return done;
        finished = true;
        void close().catch(() => {});
        return { done: false, value: broken(error instanceof Error ? error : new Error(String(error))) };
      }
    },
    async return() {
      finished = true;
      await close();
      return done;
    },
    async throw(error: unknown) {
      finished = true;
      await close();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** The last result of a stream that broke: the subscription's field is null, and the error says why. */
function brokenStream({ schema, document, operationName }: ExecutionArgs, originalError: Error): ExecutionResult {
  const selection = getOperationAST(document, operationName)?.selectionSet.selections[0];
  const node = selection?.kind === Kind.FIELD ? selection : undefined;
  const field = node === undefined ? undefined : schema.getSubscriptionType()?.getFields()[node.name.value];
  if (node === undefined || field === undefined)
    return { errors: [new GraphQLError(originalError.message, { originalError })] };
  const key = node.alias?.value ?? node.name.value;
  return {
    data: isNonNullType(field.type) ? null : { [key]: null },
    errors: [new GraphQLError(originalError.message, { nodes: node, path: [key], originalError })],
  };
}
