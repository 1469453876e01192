import type { Problem } from '../../kernel/problem.ts';
import type { PromptOptions, PromptVersionOptions } from './options.ts';

/** The name of the version that stands in the prompt itself. */
export const INLINE_VERSION = 'inline';

/** A version with everything said: its own words, and the route it is asked by. */
export interface PromptVersion extends PromptVersionOptions {
  readonly name: string;
  readonly route: string;
  /** Where it stands below the prompt. */
  readonly path: readonly string[];
}

/** Belongs to a version where there are versions. */
const VERSION_KEYS = ['template', 'system', 'maxTokens', 'temperature', 'examples'] as const;

/** The versions of a prompt, in their order. Empty where it has neither a template nor versions. */
export function versionsOf(options: PromptOptions): readonly PromptVersion[] {
  const { versions, template, system, route, maxTokens, temperature, examples } = options;
  if (versions === undefined) {
    if (template === undefined) return [];
    return [{ name: INLINE_VERSION, path: [], template, system, route, maxTokens, temperature, examples }];
  }
  return Object.entries(versions).map(([name, version]) => ({
    ...version,
    name,
    route: version.route ?? route,
    path: ['versions', name],
  }));
}

/** Tells what cannot stand together: a prompt has a template, or versions with one each. */
export function checkForm(options: PromptOptions, tell: (problem: Problem) => void): void {
  const { versions, template } = options;
  if (versions === undefined) {
    if (template === undefined) {
      tell({ path: ['template'], message: 'The prompt has no template, and no versions with one each.' });
    }
    for (const key of ['release', 'header'] as const) {
      if (options[key] === undefined) continue;
      tell({ path: [key], message: `The prompt has a ${key}, but no versions.`, suggestion: 'Add `versions`.' });
    }
    return;
  }
  if (Object.keys(versions).length === 0) tell({ path: ['versions'], message: 'The prompt has no version.' });
  for (const key of VERSION_KEYS) {
    if (options[key] === undefined) continue;
    tell({
      path: [key],
      message: `"${key}" stands beside the versions, and not in one of them.`,
      suggestion: 'Write it in each version that it is for.',
    });
  }
}
