import type { OperationFilter } from './options.ts';

/** What filters know of an operation. */
export interface FilteredOperation {
  /** All names it goes by: operationId, `GET /path`, method, root field. */
  readonly names: readonly string[];
  readonly tags?: readonly string[];
  readonly path?: string | undefined;
}

/** Whether `include` and `exclude` let an operation into the graph. */
export function createOperationFilter(filters: {
  readonly include?: OperationFilter | undefined;
  readonly exclude?: OperationFilter | undefined;
}): (operation: FilteredOperation) => boolean {
  const included = filters.include === undefined ? () => true : compile(filters.include);
  const excluded = filters.exclude === undefined ? () => false : compile(filters.exclude);
  return (operation) => included(operation) && !excluded(operation);
}

function compile(filter: OperationFilter): (operation: FilteredOperation) => boolean {
  const operations = filter.operations?.map(createPattern);
  const tags = filter.tags?.map(createPattern);
  const paths = filter.paths?.map(createPattern);
  const fits = (patterns: readonly Pattern[] | undefined, values: readonly string[]) =>
    patterns === undefined || values.some((value) => patterns.some((pattern) => pattern(value)));
  return ({ names, tags: own = [], path }) =>
    fits(operations, names) && fits(tags, own) && fits(paths, path === undefined ? [] : [path]);
}

export type Pattern = (value: string) => boolean;

/**
 * `*` stands for anything but `/` and `.`, `**` for anything, the rest for itself. Takes time in proportion to pattern
 * times value, whatever they hold.
 */
export function createPattern(pattern: string): Pattern {
  const tokens = pattern.match(/\*\*+|\*|[^*]/gu) ?? [];
  return (value) => {
    // The places in the pattern that can be reached with what was read of the value.
    let reached = skipStars(new Set([0]), tokens);
    for (const character of value) {
      const next = new Set<number>();
      for (const place of reached) {
        const token = tokens[place];
        if (token === undefined) continue;
        if (token === '*') {
          if (character !== '/' && character !== '.') next.add(place);
        } else if (token.startsWith('**')) next.add(place);
        else if (token === character) next.add(place + 1);
      }
      if (next.size === 0) return false;
      reached = skipStars(next, tokens);
    }
    return reached.has(tokens.length);
  };
}

/** A star may stand for nothing. */
function skipStars(places: Set<number>, tokens: readonly string[]): Set<number> {
  for (const place of places) if (tokens[place]?.startsWith('*')) places.add(place + 1);
  return places;
}
