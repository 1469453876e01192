import type { SkeinError } from '../../kernel/errors.ts';
import type { GraphqlAnswer } from '../source.ts';

type Path = readonly (string | number)[];

/** Gateways write it for every item of a list. */
const EVERY_ITEM = '@';

/** Values of an answer that are looked at for nulls to which no path leads. */
const MAX_SEARCHED = 10_000;

/**
 * Puts errors in the place of the nulls they explain, for the execution to find there: where their paths lead, or where the
 * null stands to which it has bubbled up. One that does not say where it belongs stands at the first null there is: an answer
 * in which something is missing must not look like a whole one. `above` is what of the paths leads to `value`.
 */
export function placeErrors(value: unknown, errors: GraphqlAnswer['errors'], above: Path = []): void {
  const search = { left: MAX_SEARCHED };
  for (const { error, path } of errors) {
    const isBelow = path !== undefined && path.length >= above.length && above.every((key, i) => path[i] === key);
    if (!isBelow || !place(value, path.slice(above.length), error, search)) placeAtNull(value, error, search);
  }
}

interface Search {
  left: number;
}

/** Whether the path leads anywhere. */
function place(value: unknown, path: Path, error: SkeinError, search: Search): boolean {
  let parent = value;
  for (const [index, key] of path.entries()) {
    // What stands there explains this null already.
    if (parent instanceof Error) return true;
    if (typeof parent !== 'object' || parent === null) return false;
    if (key === EVERY_ITEM && Array.isArray(parent)) return placeInItems(parent, path.slice(index + 1), error, search);
    if (!Object.hasOwn(parent, key)) return false;
    const child: unknown = Reflect.get(parent, key);
    if (child === null) return Reflect.set(parent, key, error);
    parent = child;
  }
  placeAtNull(parent, error, search);
  return true;
}

function placeInItems(items: unknown[], path: Path, error: SkeinError, search: Search): boolean {
  let isPlaced = false;
  for (const [index, item] of items.entries()) {
    if (item === null) items[index] = error;
    if (item === null || place(item, path, error, search)) isPlaced = true;
  }
  return isPlaced;
}

function placeAtNull(value: unknown, error: SkeinError, search: Search): boolean {
  search.left -= 1;
  if (search.left < 0 || typeof value !== 'object' || value === null || value instanceof Error) return false;
  for (const [key, item] of Object.entries(value)) {
    if (item === null) return Reflect.set(value, key, error);
    if (placeAtNull(item, error, search)) return true;
  }
  return false;
}
