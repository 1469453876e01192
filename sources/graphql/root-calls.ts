import { SkeinError } from '../../kernel/errors.ts';
import type { CallContext, GraphqlAnswer, GraphqlUpstream, SourceCall } from '../source.ts';
import { badResponse, type CallScope } from './answer.ts';
import { fieldValue } from './field-value.ts';
import { createRequest, type RootField } from './operation-text.ts';

/** The call of one root field of the service. */
export function createRootCall(field: RootField, graphql: GraphqlUpstream, scope: CallScope): SourceCall {
  const requestOf = createRequest(field);
  const upstreamField = { name: field.name, isNullable: field.isNullable === true };
  const common = { operation: field.name, usesSelection: true, upstreamField };
  if (field.type === 'subscription') {
    return {
      ...common,
      type: 'stream',
      open(args, context, selected) {
        const answers = graphql.subscribe(requestOf(args, selected), context);
        return mapStream(answers, (answer) => eventValue(answer, field.name, scope, context));
      },
    };
  }
  return {
    ...common,
    type: 'unary',
    async invoke(args, context, selected) {
      const answer = await graphql.execute(requestOf(args, selected), context);
      if (answer.errors.length > 0) context.onErrors?.();
      return fieldValue(answer, field.name, scope, context);
    },
  };
}

/** An event that failed is an error as a value: it ends neither the subscription nor the events after it. */
function eventValue(answer: GraphqlAnswer, field: string, scope: CallScope, context: CallContext): unknown {
  try {
    return fieldValue(answer, field, scope, context);
  } catch (error) {
    return error instanceof SkeinError ? error : badResponse(error, scope, context);
  }
}

/** Not a generator: `return()` must reach the items at once, also while one is awaited. */
function mapStream<T>(items: AsyncIterableIterator<T>, map: (item: T) => unknown): AsyncIterableIterator<unknown> {
  const mapped = async (
    result: Promise<IteratorResult<T>> | undefined,
  ): Promise<IteratorResult<unknown, undefined>> => {
    const item = await result;
    return item === undefined || item.done === true
      ? { done: true, value: undefined }
      : { done: false, value: map(item.value) };
  };
  return {
    next: () => mapped(items.next()),
    return: () => mapped(items.return?.()),
    throw: (error) => mapped(items.throw?.(error)),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
