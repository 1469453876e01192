import { buildSchema, printType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { ProblemsError } from '../../kernel/problem.ts';
import { contextOf, fixture, sourceOf, unary } from '../../test/utils/grpc-server.ts';
import { compileGrpc } from './compile-grpc.ts';
import { openGrpc } from './open-grpc.ts';
import { grpcOptions } from './options.ts';
import { readGrpcDocument } from './read-document.ts';

const NOWHERE = '127.0.0.1:1';

describe('the model of a gRPC source', () => {
  it('shows methods, messages and enums as GraphQL has them', async () => {
    const { source, problems } = await sourceOf(fixture('shop.proto'), NOWHERE, {
      operations: { WatchStock: { name: 'stockChanges' }, GetEverything: { hide: true } },
    });
    expect(problems).toEqual([]);
    expect(source.model.sdl).toMatchInlineSnapshot(`
      "scalar Int64

      type Query {
        "Stock of one product."
        getStock(
          "Number of the product."
          sku: String
        ): Stock
        batchGetStock(
          skus: [String!]
        ): BatchGetStockResponse
        listStock: BatchGetStockResponse @deprecated
      }

      type Mutation {
        reserve(
          sku: String
          line: LineInput
        ): Boolean
        upload(
          requests: [StockInput!]!
        ): Boolean
      }

      type Subscription {
        "Every change, as it happens."
        stockChanges(
          skus: [String!]
        ): Stock
      }

      "How much there is of a product."
      type Stock {
        sku: String!
        "Pieces on the shelves."
        quantity: Int!
        availability: Availability!
        updatedAt: String
        oldCode: String! @deprecated
      }

      type BatchGetStockResponse {
        stocks: [Stock!]!
      }

      input LineInput {
        pieces: Int
        price: MoneyInput
      }

      input MoneyInput {
        currency: String
        nanoUnits: Int64
      }

      "How much there is of a product."
      input StockInput {
        sku: String
        "Pieces on the shelves."
        quantity: Int
        availability: Availability
        updatedAt: String
        oldCode: String @deprecated
      }

      enum Availability {
        UNSPECIFIED
        "On the shelves."
        IN_STOCK
        SOLD_OUT
      }"
    `);
    expect([...source.model.calls.keys()]).toEqual([
      'Query.getStock',
      'Query.batchGetStock',
      'Query.listStock',
      'Mutation.reserve',
      'Subscription.stockChanges',
      'Mutation.upload',
    ]);
    expect(source.model.notices).toEqual([]);
    buildSchema(source.model.sdl);
    await source.dispose();
  });

  it('drops Get and List where nothing collides', async () => {
    const { source } = await sourceOf(fixture('shop.proto'), NOWHERE, { operations: { ListStock: { hide: true } } });
    expect([...source.model.calls.keys()].filter((key) => key.startsWith('Query.'))).toEqual([
      'Query.stock',
      'Query.batchGetStock',
      'Query.everything',
    ]);
    const everything = buildSchema(source.model.sdl).getType('Everything');
    expect(everything && printType(everything)).toMatchInlineSnapshot(`
      "type Everything {
        aDouble: Float
        aFloat: Float
        anInt32: Int!
        anInt64: Int64!
        aUint32: Float!
        aUint64: Int64!
        aSint32: Int!
        aSint64: Int64!
        aFixed32: Float!
        aFixed64: Int64!
        aSfixed32: Int!
        aSfixed64: Int64!
        aBool: Boolean!
        aString: String!
        someBytes: String!
        color: Color
        maybe: Int
        text: String
        number: Int64
        nestedChoice: Nested
        counts: JSON!
        byId: JSON!
        byTruth: JSON!
        nested: Nested
        nestedList: [Nested!]!
        colors: [Color]!
        doubles: [Float]!
        duration: String
        wrapped: Int64
        anyStruct: JSON
        anyValue: JSON
        nothing: Boolean
        at: String
        again: Everything
        money: Money
      }"
    `);
    await source.dispose();
  });

  it('takes proto2: required is non-null, optional is not', async () => {
    const { source } = await sourceOf(fixture('legacy.proto'), NOWHERE);
    expect(source.model.sdl).toMatchInlineSnapshot(`
      "scalar Int64

      type Query {
        findAccount(
          id: String!
        ): Account
      }

      type Account {
        id: String!
        nickname: String!
        balance: Int64
        tags: [String!]!
      }"
    `);
    expect(source.model.notices?.map((notice) => notice.message)).toEqual([
      'The message legacy.Account has extensions, which are left out: legacy.secret.',
    ]);
    await source.dispose();
  });

  it('reports operations that do not exist or cannot be what is asked', async () => {
    const { source, problems } = await sourceOf(fixture('shop.proto'), NOWHERE, {
      operations: { GetStok: {}, WatchStock: { as: 'query' }, Reserve: { as: 'query' } },
    });
    expect(problems).toEqual([
      {
        path: ['operations', 'GetStok'],
        message: 'The service has no method "GetStok".',
        suggestion: 'Did you mean "GetStock"?',
      },
      {
        path: ['operations', 'WatchStock', 'as'],
        message: 'The method WatchStock answers with a stream and can only be a subscription.',
      },
    ]);
    expect(source.model.calls.has('Query.reserve')).toBe(true);
    await source.dispose();
  });

  it('takes the service that is named, and says which there are when it does not exist', async () => {
    const { source } = await sourceOf(fixture('shop.proto'), NOWHERE, { service: 'shop.v1.Warehouse' });
    expect(source.model.calls.size).toBe(7);
    await source.dispose();
    const failure = sourceOf(fixture('shop.proto'), NOWHERE, { service: 'shop.v1.Warehuose' });
    await expect(failure).rejects.toMatchObject({ problems: [{ suggestion: 'Did you mean "shop.v1.Warehouse"?' }] });
  });

  it('is compiled to plain data, which may come from another thread', async () => {
    const options = grpcOptions.parse({ kind: 'grpc', endpoint: NOWHERE });
    const { compiled, problems } = compileGrpc(await readGrpcDocument(fixture('shop.proto'), options), options);
    expect(problems).toEqual([]);
    if (compiled === undefined) throw new Error('Nothing was compiled.');
    const source = openGrpc('inventory', structuredClone(compiled), options, {});
    expect(source.model.sdl).toBe(compiled.sdl);
    const call = unary(source, 'Query.everything').invoke({ anInt64: 'x' }, contextOf());
    await expect(call).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    await source.dispose();
  });

  it('does not tell the value of a header it cannot send', async () => {
    const failure = sourceOf(fixture('shop.proto'), NOWHERE, { headers: { authorization: 'Bearer s3cret\n' } });
    await expect(failure).rejects.toBeInstanceOf(ProblemsError);
    await expect(failure).rejects.not.toThrow(/s3cret/);
  });
});
