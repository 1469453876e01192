import type { Problem } from '../../kernel/problem.ts';
import type { SkeinConfig } from '../config/schema.ts';

export interface FitOptions<Result> {
  /** Composes what is not left out now. */
  compose(): Promise<Result>;
  /** Sources that may be left out, in the order of the configuration. */
  readonly candidates: readonly string[];
  readonly versions: SkeinConfig['versions'];
  /** Whether leaving out a source may help against a problem. */
  isConflict(problem: Problem): boolean;
  leaveOut(name: string, problems: readonly Problem[]): void;
  putBack(name: string): void;
}

/** A graph may take seconds to compose: after so many tries all candidates are left out, to be tried again later. */
const MAX_TRIES = 24;

/**
 * Composes, and where that comes to nothing leaves out candidates until it does: the last of those that problems name,
 * or, where they name none, the last there is. Then those that fit after all are put back, so that none is left out
 * without need. When it is nothing that candidates do, all stay and the first result is given.
 */
export async function fitSources<Result extends { readonly problems: readonly Problem[] }>(
  options: FitOptions<Result>,
): Promise<Result> {
  const { compose, candidates, versions, isConflict, leaveOut, putBack } = options;
  const first = await compose();
  const left: { readonly name: string; readonly problems: readonly Problem[] }[] = [];
  const remaining = [...candidates];
  const leave = (name: string, problems: readonly Problem[]) => {
    remaining.splice(remaining.indexOf(name), 1);
    left.push({ name, problems });
    leaveOut(name, problems);
  };
  let result = first;
  let tries = 1;
  for (;;) {
    const conflicts = result.problems.filter(isConflict);
    if (conflicts.length === 0) break;
    if (remaining.length === 0) {
      for (const { name } of left) putBack(name);
      return first;
    }
    const about = (name: string) => conflicts.filter((problem) => names(problem, name, versions));
    const suspect = remaining.findLast((name) => about(name).length > 0) ?? remaining.at(-1) ?? '';
    const told = about(suspect);
    const all = tries >= MAX_TRIES ? [...remaining] : [suspect];
    for (const name of all) leave(name, told.length > 0 ? told : conflicts);
    result = await compose();
    tries += 1;
  }
  for (const { name, problems } of left.slice(0, -1)) {
    if (tries >= 2 * MAX_TRIES) break;
    putBack(name);
    const again = await compose();
    tries += 1;
    if (again.problems.some(isConflict)) leaveOut(name, problems);
    else result = again;
  }
  return result;
}

/** Whether a problem is about a source: by its path, or as messages of composition name sources, `"name"` or `[name]`. */
function names({ path = [], message }: Problem, source: string, versions: SkeinConfig['versions']): boolean {
  const groups = Object.keys(versions).filter((group) =>
    versions[group]?.versions.some((one) => one.source === source),
  );
  return [source, ...groups].some(
    (name) =>
      ((path[0] === 'sources' || path[0] === 'versions') && path[1] === name) ||
      message.includes(`"${name}"`) ||
      message.startsWith(`[${name}]`),
  );
}
