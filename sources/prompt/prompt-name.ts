import type { Problem } from '../../kernel/problem.ts';

/** Fields that the source `ai` has already. */
const TAKEN = ['chat', 'chatStream', 'embed'];

export const OTHER_NAME = 'Give the prompt another name.';

/** Whether models have a field of the name; told if so. */
export function isTakenName(name: string, tell: (problem: Problem) => void): boolean {
  const taken = TAKEN.includes(name);
  if (taken) tell({ message: `"${name}" is a field of the models already.`, suggestion: OTHER_NAME });
  return taken;
}
