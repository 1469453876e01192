/**
 * GraphQL has no graph without a field of `Query`. This one, which gives null, stands there where sources have something
 * to call and none of it is a query: in the first source's name, and nothing to offer, or to miss when it goes.
 */
export const EMPTY_QUERY = 'Query._empty';

export const EMPTY_QUERY_DESCRIPTION = 'There is nothing to query.';
export const EMPTY_QUERY_SDL = `type Query { ${JSON.stringify(EMPTY_QUERY_DESCRIPTION)} _empty: Boolean }\n`;

/** Whether there is something to call, by the coordinates of root fields, and nothing to query. */
export function lacksQueries(rootFields: readonly string[]): boolean {
  return rootFields.length > 0 && !rootFields.some((coordinate) => coordinate.startsWith('Query.'));
}

/** Sources may have a field of the name: theirs says something else of itself. */
export function isEmptyQuery(coordinate: string, description: string | undefined): boolean {
  return coordinate === EMPTY_QUERY && description === EMPTY_QUERY_DESCRIPTION;
}
