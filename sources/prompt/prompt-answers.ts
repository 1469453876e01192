import type { Made, Usage } from '../ai/model.ts';
import type { CallContext } from '../source.ts';

/** What made an answer: fit for clients. */
export interface PromptAnswer {
  /** Name of the prompt: its field in the graph. */
  readonly prompt: string;
  /** Name of the version; `inline` where the prompt has one only and in itself. */
  readonly version: string;
  /** Of the version's content, in its short form. */
  readonly hash: string;
  /** Our names of the model that answered and of its provider. */
  readonly model: string;
  readonly provider: string;
  /** No model was asked: the answer was kept. */
  readonly cached?: true | undefined;
}

/** Tokens and cost of answers, all together. What is not known of one of them is not known of all. */
export type UsageSum = Pick<
  Usage,
  'inputTokens' | 'outputTokens' | 'totalTokens' | 'cachedInputTokens' | 'reasoningTokens' | 'costUsd'
>;

export interface CountedAnswer extends PromptAnswer {
  /** How many answers of the request were made like this. */
  readonly count: number;
  /** Ids of their usage records, in their order: the first 100. Not there where there are no such records. */
  readonly calls?: readonly string[] | undefined;
  /** Not there where the provider has told nothing. */
  readonly usage?: UsageSum | undefined;
}

/** An answer as far as it is noted. */
interface Answered {
  readonly usage: Usage | undefined;
  readonly made?: Made | undefined;
  readonly call?: string | undefined;
}

const MOST_CALLS = 100;
const CLASSES = [
  'inputTokens',
  'outputTokens',
  'totalTokens',
  'cachedInputTokens',
  'reasoningTokens',
  'costUsd',
] as const satisfies readonly (keyof UsageSum)[];
/** Dollars have nine decimals: sums of them are rounded to as many. */
const NANO = 1_000_000_000;

const noted = new WeakMap<object, Map<string, CountedAnswer>>();

/** Notes that a model has answered, whatever becomes of its answer. `answer` is what was to be asked. */
export function noteAnswer(context: CallContext, answer: PromptAnswer, { usage, made, call }: Answered): void {
  let answers = noted.get(context);
  if (answers === undefined) {
    answers = new Map();
    noted.set(context, answers);
  }
  const by = madeBy(answer, made);
  const key = JSON.stringify([by.prompt, by.version, by.hash, by.model, by.cached]);
  const known = answers.get(key);
  const sum =
    known === undefined ? usage && sumOf(undefined, usage) : known.usage && usage && sumOf(known.usage, usage);
  const calls = call === undefined ? known?.calls : [...(known?.calls ?? []), call].slice(0, MOST_CALLS);
  answers.set(key, {
    ...{ ...by, count: (known?.count ?? 0) + 1 },
    ...(calls !== undefined && { calls }),
    ...(sum !== undefined && { usage: sum }),
  });
}

/** With the model that has answered, where another one of the route was to be asked. */
export function madeBy(answer: PromptAnswer, made: Made | undefined): PromptAnswer {
  if (made === undefined) return answer;
  const { model, provider, isCached } = made;
  return { ...answer, model, provider, ...(isCached === true && { cached: true }) };
}

/**
 * What made the answers of prompts in a request until now, in the order of the first of each kind; `context` is the one
 * that the request's calls were made with. This is `extensions.skein.prompts` of its result.
 */
export function promptAnswersOf(context: object): readonly CountedAnswer[] {
  return [...(noted.get(context)?.values() ?? [])];
}

function sumOf(one: UsageSum | undefined, other: Usage): UsageSum {
  const sum: Partial<Record<keyof UsageSum, number>> = {};
  for (const name of CLASSES) {
    const added = other[name];
    const before = one === undefined ? 0 : one[name];
    if (added !== undefined && before !== undefined) sum[name] = Math.round((before + added) * NANO) / NANO;
  }
  return sum as UsageSum;
}
