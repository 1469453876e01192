import { describe, expect, it } from 'vitest';
import { createMemorySource, type RecordedCall } from '../test/utils/memory-source.ts';
import { createServiceSource } from '../test/utils/oracle-sources.ts';
import { startTestGateway } from '../test/utils/test-gateway.ts';
import { linkOptions, mergeOptions } from './options.ts';

const MONEY = 'type Money { amount: Int currency: Currency } enum Currency { EUR USD }';

/** Two services that spell the values of an enum differently, and one that has them as the graph does. */
function createSources(calls: RecordedCall[]) {
  const rest = (name: string, spelled: Readonly<Record<string, string>>, field: string, input: string) =>
    createMemorySource({
      name,
      calls,
      sdl: `type Query { ${field}(in: Currency = EUR, or: [${input}!], note: ID): Money }
        input ${input} { currencies: [Currency!] } ${MONEY}`,
      model: { enumValues: new Map([['Currency', spelled]]) },
      unary: { [`Query.${field}`]: (args: { in: string }) => ({ amount: 1, currency: args.in }) } as never,
    });
  const wallet = createServiceSource(
    'wallet',
    `type Query { saved(in: Currency): Money wallet: Wallet } type Wallet { id: ID } ${MONEY}`,
    { saved: (args: { in: string }) => ({ amount: 2, currency: args.in }), wallet: () => ({ id: 'w' }) },
  );
  const shop = rest('shop', { EUR: 'eur', USD: 'usd' }, 'cost', 'OrCost');
  return [shop, rest('bank', { EUR: 'euro', USD: 'dollar' }, 'rate', 'OrRate'), wallet];
}

const shared = mergeOptions.parse({ sources: { shop: {}, bank: {}, wallet: {} } });

describe.each(['direct', 'stitched'] as const)('an enum that sources spell differently, %s', (way) => {
  it('is told each source as it spells it, and clients as the graph does', async () => {
    const calls: RecordedCall[] = [];
    const links = { 'Wallet.worth': linkOptions.parse({ call: 'bank.rate', args: { note: '$parent.id' } }) };
    const types = { Money: shared, Currency: shared };
    const gateway = await startTestGateway(createSources(calls), links, { way, types });
    for (let run = 0; run < 3; run += 1) {
      calls.length = 0;
      const { body } = await gateway.post({
        query: `query ($in: Currency, $or: [OrCost!]) {
          cost(in: $in, or: $or) { currency } usual: cost { currency } rate(in: $in) { currency }
          saved(in: $in) { currency } literal: saved(in: EUR) { currency } wallet { worth(in: EUR) { currency } }
        }`,
        variables: { in: 'USD', or: [{ currencies: ['EUR'] }] },
      });
      expect(body).toEqual({
        data: {
          cost: { currency: 'USD' },
          usual: { currency: 'EUR' },
          rate: { currency: 'USD' },
          saved: { currency: 'USD' },
          literal: { currency: 'EUR' },
          wallet: { worth: { currency: 'EUR' } },
        },
      });
      expect(calls.map(({ source, args }) => [source, args])).toEqual(
        expect.arrayContaining([
          ['shop', { in: 'usd', or: [{ currencies: ['eur'] }] }],
          ['shop', { in: 'eur' }],
          ['bank', { in: 'dollar' }],
          ['bank', { in: 'euro', note: 'w' }],
        ]),
      );
    }
    await gateway.close();
  });
});
