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
}

export interface CountedAnswer extends PromptAnswer {
  /** How many answers of the request were made like this. */
  readonly count: number;
}

const noted = new WeakMap<object, Map<string, CountedAnswer>>();

/** Notes that a model has answered, whatever becomes of its answer. */
export function noteAnswer(context: CallContext, answer: PromptAnswer): void {
  let answers = noted.get(context);
  if (answers === undefined) {
    answers = new Map();
    noted.set(context, answers);
  }
  const key = JSON.stringify([answer.prompt, answer.version, answer.hash, answer.model]);
  answers.set(key, { ...answer, count: (answers.get(key)?.count ?? 0) + 1 });
}

/**
 * What made the answers of prompts in a request until now, in the order of the first of each kind; `context` is the one
 * that the request's calls were made with. This is `extensions.skein.prompts` of its result.
 */
export function promptAnswersOf(context: object): readonly CountedAnswer[] {
  return [...(noted.get(context)?.values() ?? [])];
}
