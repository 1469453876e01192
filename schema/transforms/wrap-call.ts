import { isRequiredArgument } from 'graphql';
import { describeError, SkeinError } from '../../kernel/errors.ts';
import type { Arguments, CallContext, SourceCall } from '../../sources/source.ts';
import type { Expression } from './expression.ts';
import type { createInputReaders, InputReader } from './graph-inputs.ts';
import { mapStream } from './map-stream.ts';
import { argumentsOf, fieldAt, type Plan } from './plan.ts';
import { readInput } from './read-input.ts';

interface SentArgument {
  /** In the graph. */
  readonly from: string;
  /** At the source. */
  readonly to: string;
  readonly read: InputReader | undefined;
}

/** The call of a root field, taking the graph's arguments and giving the graph's value. */
export function wrapCall(
  source: string,
  coordinate: string,
  call: SourceCall,
  plan: Plan,
  readers: ReturnType<typeof createInputReaders>,
): SourceCall {
  const scope = { source, coordinate, operation: call.operation };
  const takeArguments = argumentTaker(scope, plan, readers);
  const response = plan.responses.get(coordinate);
  const makesArguments =
    plan.constants.has(coordinate) || plan.requests.has(coordinate) || plan.defaulted.has(coordinate);
  const { type, operation, usesSelection, upstreamField } = call;
  if (takeArguments === undefined && response === undefined && (upstreamField === undefined || !makesArguments))
    return call;
  const base = {
    operation,
    ...(usesSelection === undefined ? {} : { usesSelection }),
    // The planner writes such fields itself, from what the client wrote.
    ...(upstreamField === undefined || makesArguments || response !== undefined ? {} : { upstreamField }),
  };
  const taken = takeArguments ?? ((args: Arguments) => args);
  const respond = response === undefined ? undefined : responder(scope, response);
  if (call.type === 'unary') {
    return {
      ...base,
      type: 'unary',
      async invoke(args, context, selected) {
        const value = await call.invoke(taken(args, context), context, selected);
        return respond === undefined ? value : respond(value, context);
      },
    };
  }
  return {
    ...base,
    type: type as 'stream',
    open(args, context, selected) {
      const items = call.open(taken(args, context), context, selected);
      return respond === undefined ? items : mapStream(items, (item) => errorAsValue(() => respond(item, context)));
    },
  };
}

interface CallPlace {
  readonly source: string;
  readonly coordinate: string;
  readonly operation: string;
}

/** Undefined where arguments go on as they are. */
function argumentTaker(
  place: CallPlace,
  plan: Plan,
  readers: ReturnType<typeof createInputReaders>,
): ((args: Arguments, context: CallContext) => Arguments) | undefined {
  const { coordinate } = place;
  const [typeName = '', fieldName = ''] = coordinate.split('.');
  const defined = argumentsOf(fieldAt(plan.schema, coordinate));
  const sent = defined.flatMap(({ name, type }): SentArgument[] => {
    const at = `${coordinate}(${name})`;
    if (plan.hidden.has(at)) return [];
    return [{ from: plan.names.argument(typeName, fieldName, name), to: name, read: readers(at, type) }];
  });
  const constants = plan.constants.get(coordinate);
  const request = plan.requests.get(coordinate);
  if (request !== undefined) {
    return (args, context) =>
      guarded(place, 'The request expression of', context, () => {
        const made = request({ args, headers: context.headers });
        const given = typeof made === 'object' && made !== null ? made : {};
        const result: Record<string, unknown> = { ...constants };
        for (const argument of defined) {
          const value: unknown = Object.hasOwn(given, argument.name) ? Reflect.get(given, argument.name) : undefined;
          if (value !== null && value !== undefined)
            result[argument.name] = readInput(argument.type, value, argument.name);
          else if (isRequiredArgument(argument) && !Object.hasOwn(result, argument.name))
            throw new Error(`It makes no "${argument.name}", which must be given.`);
        }
        return result;
      });
  }
  const isPlain = constants === undefined && sent.every(({ from, to, read }) => from === to && read === undefined);
  if (isPlain) return undefined;
  return (args, context) =>
    guarded(place, 'An argument of', context, () => {
      const result: Record<string, unknown> = { ...constants };
      for (const { from, to, read } of sent)
        if (Object.hasOwn(args, from)) result[to] = read === undefined ? args[from] : read(args[from]);
      return result;
    });
}

/** What goes wrong is the client's mistake, or the expression's: the reason goes to the log. */
function guarded(place: CallPlace, what: string, context: CallContext, make: () => Arguments): Arguments {
  try {
    return make();
  } catch (error) {
    throw mistake(place, 'BAD_USER_INPUT', `${what} ${place.coordinate} cannot be used.`, error, context);
  }
}

function responder(place: CallPlace, response: Expression) {
  return (value: unknown, context: CallContext): unknown => {
    if (value instanceof Error) return value;
    try {
      return response(value);
    } catch (error) {
      const message = `The response expression of ${place.coordinate} does not fit the answer.`;
      throw mistake(place, 'UPSTREAM_BAD_RESPONSE', message, error, context);
    }
  };
}

function mistake(
  { source, operation }: CallPlace,
  code: 'BAD_USER_INPUT' | 'UPSTREAM_BAD_RESPONSE',
  message: string,
  error: unknown,
  { log, requestId }: CallContext,
): SkeinError {
  const details = { source, operation };
  log.warn({ requestId, ...details, reason: describeError(error) }, message);
  return new SkeinError(code, message, { details, cause: error });
}

/** An event that failed is an error as a value: it ends neither the subscription nor the events after it. */
function errorAsValue(make: () => unknown): unknown {
  try {
    return make();
  } catch (error) {
    return error;
  }
}
