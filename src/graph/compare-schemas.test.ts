import { describe, expect, it } from 'vitest';
import { EMPTY_QUERY_SDL } from '../../schema/empty-query.ts';
import { compareSchemas } from './compare-schemas.ts';

const SAY = 'type Mutation { say: String }';

describe('the changes of a schema', () => {
  it('do not tell that a graph with nothing to query has come or gone', async () => {
    const empty = `${EMPTY_QUERY_SDL} ${SAY}`;
    const { breaking, dangerous, safe } = await compareSchemas(empty, `type Query { a: Int } ${SAY}`);
    expect([breaking, dangerous, safe.map(({ path }) => path)]).toEqual([[], [], ['Query.a']]);
    const back = await compareSchemas(`type Query { a: Int } ${SAY}`, empty);
    expect([back.breaking.map(({ path }) => path), back.dangerous, back.safe]).toEqual([['Query.a'], [], []]);
  });

  it('tell of a field of the same name that is a source’s', async () => {
    const changes = await compareSchemas(`type Query { _empty: Boolean a: Int }`, 'type Query { a: Int }');
    expect(changes.breaking.map(({ path }) => path)).toEqual(['Query._empty']);
  });
});
