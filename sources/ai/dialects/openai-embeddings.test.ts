import { describe, expect, test } from 'vitest';
import { createOpenaiEmbeddings } from './openai-embeddings.ts';

const { parse } = createOpenaiEmbeddings({});
const answer = (...indexes: readonly unknown[]) => ({
  data: indexes.map((index, place) => ({ index, embedding: [place] })),
});

describe('the vectors of an answer', () => {
  test.each([
    [
      [1, 0],
      [[1], [0]],
    ],
    [
      [undefined, undefined],
      [[0], [1]],
    ],
  ])('with the indexes %j are in the order of the texts', (indexes, embeddings) => {
    expect(parse(answer(...indexes), { texts: ['a', 'b'] })).toMatchObject({ embeddings });
  });

  test.each([[[0, 0]], [[0]], [[0, 1, 2]], [[0, 2]], [[0, 1_000_000_000]]])(
    'with the indexes %j are refused at once, where two were asked for',
    (indexes) => {
      expect(() => parse(answer(...indexes), { texts: ['a', 'b'] })).toThrow(
        expect.objectContaining({ code: 'UPSTREAM_BAD_RESPONSE' }),
      );
    },
  );
});
