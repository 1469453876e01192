import type { Problem } from '../../kernel/problem.ts';
import { graphqlName } from '../options.ts';
import { type PromptOptions, promptOptions } from './options.ts';
import { isTakenName } from './prompt-name.ts';
import { readPrompt } from './read-prompt.ts';

/**
 * All that is wrong with a prompt by itself, with paths below it; empty if nothing is. It takes options as they come, and
 * looks at nothing else: whether routes exist, and whether its types fit those of other prompts, only the graph knows.
 * @param name of its field in the graph
 */
export function checkPrompt(name: string, options: unknown): readonly Problem[] {
  const problems: Problem[] = [];
  const tell = (problem: Problem) => problems.push(problem);
  for (const { message } of graphqlName.safeParse(name).error?.issues ?? []) tell({ message: `The name ${message}.` });
  isTakenName(name, tell);
  const parsed = parseOptions(options, tell);
  if (parsed !== undefined) readPrompt(name, parsed, tell);
  return problems;
}

/** Options by their schema. Tells every mistake; `undefined` if there was one. */
export function parseOptions(options: unknown, tell: (problem: Problem) => void): PromptOptions | undefined {
  const { success, data, error } = promptOptions.safeParse(options);
  if (success) return data;
  for (const { path, message } of error.issues) {
    tell({ path: path.map((step) => (typeof step === 'symbol' ? String(step) : step)), message });
  }
  return undefined;
}
