import { buildClientSchema, getIntrospectionQuery, type IntrospectionQuery, parse, validate } from 'graphql';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createTenant } from '../utils/control-admin.ts';
import { type CatalogService, startCatalog } from '../utils/control-services.ts';
import { describeControlStores } from '../utils/control-stores.ts';

const SOON = { timeout: 15_000, interval: 50 };
const MOST_INTROSPECTION_BYTES = 1_048_576;

const PUBLISH = `mutation($name: String!, $settings: SourceSettingsInput!, $document: DocumentInput) {
  publishSource(input: { name: $name, settings: $settings, document: $document }) { errors { path message code } }
}`;

describeControlStores('sources with settings of types', (store) => {
  let catalog: CatalogService;
  beforeEach(async () => {
    catalog = await startCatalog();
  });
  afterEach(() => catalog.close());

  it('are explained by the admin schema, published through its door, and serve', async () => {
    const gateway = await store.start();
    const acme = await createTenant(gateway, 'acme');

    // What GraphiQL asks for at its start, by which it completes and explains.
    const asked = getIntrospectionQuery({ inputValueDeprecation: true, oneOf: true });
    const introspection = (await acme.query(asked)) as unknown as IntrospectionQuery;
    expect(JSON.stringify(introspection).length).toBeLessThan(MOST_INTROSPECTION_BYTES);
    const schema = buildClientSchema(introspection);
    expect(validate(schema, parse(PUBLISH))).toEqual([]);
    expect(schema.getType('SourceSettingsInput')).toMatchObject({ isOneOf: true });
    expect(schema.getType('OpenapiSourceInput')).toMatchObject({
      description: 'A REST API by its OpenAPI document.',
    });

    const { document, url } = catalog;
    const endpoint = url;
    const openapi = {
      ...{ document: document.name, endpoint, timeoutMs: 2_000 },
      headers: [{ name: 'x-from', value: 'settings' }],
      upstream: { balance: { strategy: 'LEAST_CONNECTIONS' }, retries: { enabled: false } },
      operations: [{ operation: 'products', hide: true }],
      transforms: { fields: [{ field: 'Query.product', name: 'thing', arguments: [{ argument: 'sku', name: 'id' }] }] },
    };
    const published = await acme.try(PUBLISH, { name: 'catalog', settings: { openapi }, document });
    expect(published).toMatchObject({ status: 200, data: { publishSource: { errors: [] } } });

    const { secret } = await acme.createKey((await acme.createApp('shop')).id, 'k');
    await vi.waitFor(async () => {
      const answer = await gateway.ask(secret, '{ thing(id: "x") { name } }');
      expect(answer.data).toEqual({ thing: { name: 'Thing x' } });
    }, SOON);
    expect(catalog.requests.at(-1)?.headers['x-from']).toBe('settings');
    expect((await gateway.ask(secret, '{ products { name } }')).errors?.[0]?.extensions.code).toBe(
      'GRAPHQL_VALIDATION_FAILED',
    );
    expect(await acme.query('{ sourceByName(name: "catalog") { options } }')).toEqual({
      sourceByName: {
        options: {
          kind: 'openapi',
          ...{ document: document.name, endpoint, timeoutMs: 2_000 },
          // Values of headers may be secrets, and are shown to nobody.
          headers: { 'x-from': '***' },
          upstream: { balance: 'least-connections', retries: false },
          operations: { products: { hide: true } },
          transforms: { fields: { 'Query.product': { name: 'thing', arguments: { sku: { name: 'id' } } } } },
        },
      },
    });
  });

  it('are told what is wrong at its place, all at once, and change nothing', async () => {
    const gateway = await store.start();
    const acme = await createTenant(gateway, 'acme');
    const headers = [{ name: 'a b', value: '' }];
    const operations = [{ operation: 'product', name: '?' }];
    const openapi = { document: 'a.yaml', endpoint: 'ftp://a.example', timeoutMs: 0, headers, operations };
    const refused = await acme.try(PUBLISH, { name: 'catalog', settings: { openapi } });
    const { errors } = (refused.data as unknown as { publishSource: { errors: { path: string[]; code: string }[] } })
      .publishSource;
    expect(errors.map(({ path }) => path.join('.')).sort()).toEqual([
      'settings.openapi.endpoint',
      'settings.openapi.headers.0',
      'settings.openapi.operations.0.name',
      'settings.openapi.timeoutMs',
    ]);
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['INVALID']));
    expect(await acme.query('{ sources { totalCount } }')).toEqual({ sources: { totalCount: 0 } });

    const both = await acme.try(
      'mutation { createSource(input: { name: "a", options: {}, settings: { graphql: { endpoint: "https://a.example" } } }) { errors { path } } }',
    );
    expect(both.data).toEqual({ createSource: { errors: [{ path: ['settings'] }] } });
    // Which kind it is must be said once: the types see to it.
    const two = await acme.try(
      'mutation { createSource(input: { name: "a", settings: { graphql: { endpoint: "https://a.example" }, grpc: { endpoint: "a:1" } } }) { errors { path } } }',
    );
    expect(two.errors?.[0]?.message).toContain('OneOf Input Object "SourceSettingsInput"');
  });
});
