import fc from 'fast-check';
import { type ExecutionResult, execute, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { CancellationSource } from '../kernel/cancellation.ts';
import { silentLog } from '../kernel/ports.ts';
import { NO_CLIENT } from '../sources/call-context.ts';
import { randomQuery } from '../test/utils/random-query.ts';
import { runs } from '../test/utils/runs.ts';
import { createShop, createShopByHand } from '../test/utils/shop.ts';
import { compose } from './compose.ts';
import { createGeneration } from './registry.ts';
import { createGraphContext } from './request-context.ts';

const { composition } = compose({ ...createShop(), isMissing: () => false });
if (composition === undefined) throw new Error('does not compose');
const generation = createGeneration(1, composition, { rules: [], maxTokens: 100_000 });
const byHand = createShopByHand(composition.publicSdl);

function plain({ data, errors = [] }: ExecutionResult) {
  return {
    data: JSON.parse(JSON.stringify(data ?? null)) as unknown,
    errors: errors.map(({ path, message }) => [path, message]),
  };
}

async function answer(text: string) {
  const prepared = generation.documents.prepare(text);
  if (prepared.errors !== undefined) throw new Error(`${prepared.errors.map(String).join('\n')}\n${text}`);
  const call = {
    ...NO_CLIENT,
    cancellation: new CancellationSource(),
    deadlineAt: Infinity,
    requestId: 'test',
    log: silentLog,
  };
  return plain(await prepared.plan(undefined).execute(createGraphContext(call), {}));
}

const queries = randomQuery({
  schema: generation.schema,
  argumentChoices: {
    'Query.product': ['(sku: "lamp-01")', '(sku: "tent-03")', '(sku: "none")'],
    'Query.products': ['', '(first: 2)', '(colour: BLUE)', '(sku: ["rope-02", "lamp-01"], first: 5)'],
    'Query.batchStock': ['(skus: ["lamp-01", "x"])', '(skus: [], site: "s")'],
    'Query.reviewsOf': ['(skus: ["lamp-01"])', '(skus: ["tent-03", "lamp-01"], minRating: 3)'],
    'Query.latest': ['', '(first: 3)'],
    'Product.stock': ['', '(site: "s")'],
    'Product.reviews': ['', '(minRating: 3)'],
    'Author.badge': ['', '(size: "s")', '(size: "l")'],
  },
  without: ['Query.broken'],
});

describe('any valid query', () => {
  it('has the answer of the same graph written by hand, interpreted and compiled', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(queries, async (text) => {
        const reference = plain(await execute({ schema: byHand, document: parse(text) }));
        expect(reference.errors).toEqual([]);
        for (let run = 0; run < 3; run += 1) expect(await answer(text)).toEqual(reference);
      }),
      // Shrinking a generated query takes longer than reading it.
      { numRuns: runs(100), endOnFailure: true },
    );
  });
});
