import { canonicalJson } from '../../kernel/canonical-json.ts';
import type { Arguments, CallContext } from '../source.ts';
import type { PromptOptions } from './options.ts';
import { Turns } from './turns.ts';

type Invoke = (args: Arguments, context: CallContext) => Promise<unknown>;

interface OfRequest {
  readonly turns: Turns;
  /** Answers that are waited for, by what was asked. */
  readonly pending: Map<string, Promise<unknown>>;
}

/**
 * Asks for answers within the bounds of the prompt: so many at a time, and what fields of one request ask alike at the same
 * time once. Mutations of a request run one after the other, so that each of them is asked for itself.
 */
export function answerOnce({ concurrency }: Pick<PromptOptions, 'concurrency'>, invoke: Invoke): Invoke {
  const requests = new WeakMap<CallContext, OfRequest>();
  const all = concurrency.total === undefined ? undefined : new Turns(concurrency.total);
  const ofRequest = (context: CallContext): OfRequest => {
    let own = requests.get(context);
    if (own === undefined) {
      own = { turns: new Turns(concurrency.perRequest), pending: new Map() };
      requests.set(context, own);
    }
    return own;
  };
  return (args, context) => {
    const { turns, pending } = ofRequest(context);
    const key = canonicalJson(args);
    const known = pending.get(key);
    if (known !== undefined) return known;
    const ask = () => invoke(args, context);
    const answer = turns
      .take(context, () => (all === undefined ? ask() : all.take(context, ask)))
      .finally(() => pending.delete(key));
    pending.set(key, answer);
    return answer;
  };
}
