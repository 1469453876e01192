import type { Problem } from '../../kernel/problem.ts';
import { FEEDBACK_FIELD } from './feedback.ts';

/** Fields that there are already, and whose. */
const TAKEN: ReadonlyMap<string, string> = new Map([
  ['chat', 'the models'],
  ['chatStream', 'the models'],
  ['embed', 'the models'],
  [FEEDBACK_FIELD, 'all prompts together'],
]);

export const OTHER_NAME = 'Give the prompt another name.';

/** Whether there is a field of the name already; told if so. */
export function isTakenName(name: string, tell: (problem: Problem) => void): boolean {
  const owner = TAKEN.get(name);
  if (owner !== undefined) tell({ message: `"${name}" is a field of ${owner} already.`, suggestion: OTHER_NAME });
  return owner !== undefined;
}
