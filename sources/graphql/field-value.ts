import type { SkeinError } from '../../kernel/errors.ts';
import type { CallContext, GraphqlAnswer } from '../source.ts';
import { badResponse, type CallScope } from './answer.ts';
import { placeErrors } from './place-errors.ts';

/**
 * The value of the one root field that was asked for. Errors below it stand in the place of their nulls, for the
 * execution to find there.
 * @throws SkeinError when there is no value
 */
export function fieldValue(answer: GraphqlAnswer, field: string, scope: CallScope, context: CallContext): unknown {
  const { data, errors } = answer;
  const value = data != null && Object.hasOwn(data, field) ? data[field] : undefined;
  if (errors.length === 0) {
    if (value === undefined) throw badResponse(`The answer has no "${field}".`, scope, context);
    return value;
  }
  if (value === undefined || value === null) throw errorOf(answer);
  placeErrors(value, errors, [field]);
  return value;
}

/** Of several the one that blames the request: that is the one which its client can mend. */
function errorOf({ errors }: GraphqlAnswer): SkeinError | undefined {
  return (errors.find(({ error }) => error.code === 'UPSTREAM_REJECTED') ?? errors[0])?.error;
}
