import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { administrator, createTenant } from '../utils/control-admin.ts';
import { ADMIN_TOKEN } from '../utils/control-gateway.ts';
import { catalogDocument, startCatalog } from '../utils/control-services.ts';
import { describeControlStores } from '../utils/control-stores.ts';

const SOON = { timeout: 20_000, interval: 50 };

describeControlStores('the first start, and those after it', (store) => {
  it('prints the token of the administrator once, and takes one that is given', async () => {
    const first = await store.start({ env: { SKEIN_ADMIN_TOKEN: '' } });
    const token = /Administrator token +(\S+)/.exec(first.stdout())?.[1] ?? '';
    expect(token).toMatch(/^skein_admin_/);
    expect(first.stdout().split(token)).toHaveLength(2);
    expect((await first.admin('{ viewer { roles } }', {}, token)).data).toEqual({ viewer: { roles: ['PLATFORM'] } });
    await first.stop();
    const data =
      store.env().MONGODB_URI === undefined
        ? await readFile(join(await store.folder(), '.skein/skein.db'), 'latin1')
        : '';
    expect(data).not.toContain(token);

    const second = await store.start({ env: { SKEIN_ADMIN_TOKEN: '' } });
    expect(second.stdout()).toContain('as it was shown at the first start');
    expect(second.stdout()).not.toContain('skein_admin_');
    expect((await second.admin('{ viewer { name } }', {}, token)).status).toBe(200);
    await second.stop();

    const third = await store.start();
    expect(third.stdout() + third.stderr()).not.toContain('skein_admin_');
    for (const known of [token, ADMIN_TOKEN])
      expect((await third.admin('{ viewer { name } }', {}, known)).data).toEqual({ viewer: { name: 'administrator' } });
    const wrong = await third.admin('{ viewer { name } }', {}, 'skein_admin_planted-and-wrong-token');
    expect([wrong.status, wrong.errors?.[0]?.extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
    expect(wrong.text + third.stderr()).not.toContain('planted');
  });

  it('tells no secret in answers, in the audit log, or in what it writes', async () => {
    const gateway = await store.start({ env: { SKEIN_LOG: 'trace', PLANTED_VARIABLE: 'planted-variable' } });
    const acme = await createTenant(gateway, 'acme');
    await acme.run(
      'mutation { createSecret(input: { name: "one", value: "planted-secret-value" }) { errors { message } } }',
    );
    const options = {
      kind: 'openapi',
      document: 'c.yaml',
      endpoint: 'http://user:planted-password@127.0.0.1:9/',
      headers: { authorization: 'Bearer planted-header', 'x-kept': '${secrets.one}', 'x-env': '${PLANTED_VARIABLE}' },
    };
    const document = { name: 'c.yaml', text: catalogDocument('http://127.0.0.1:9') };
    const answers = [
      await acme.try(
        'mutation($i: SourceInput!) { publishSource(input: $i, message: "m") { errors { path message } preview { notices } } }',
        { i: { name: 'c', options, document } },
      ),
      await acme.try('mutation($i: SourceInput!) { validateSource(input: $i) { errors { path message } notices } }', {
        i: { name: 'c', options: { ...options, timeoutMs: 'no number' }, document },
      }),
      await acme.try('{ secrets { nodes { name lastFour } } sources { nodes { options } } }'),
      await administrator(gateway).try('{ auditEntries(first: 200) { nodes { action before after } } }'),
    ];
    await gateway.stop();
    const told = answers.map(({ text }) => text).join('\n') + gateway.stdout() + gateway.stderr();
    for (const planted of [
      'planted-secret-value',
      'planted-password',
      'planted-header',
      'planted-variable',
      acme.token,
    ])
      expect(told).not.toContain(planted);
    expect(answers[0]?.text).toMatch(/PLANTED_VARIABLE/);
  });

  it('seeds an empty store from skein.yaml, keeps what administrators change, and merges what the file says later', async () => {
    const catalog = await startCatalog();
    const folder = await store.folder();
    const file = join(folder, 'skein.yaml');
    await writeFile(join(folder, 'a.yaml'), catalogDocument(catalog.url));
    const source = (document: string, more: object = {}) => ({
      kind: 'openapi',
      document,
      endpoint: catalog.url,
      ...more,
    });
    const configure = (sources: object, more: object = {}) =>
      writeFile(file, JSON.stringify({ keys: [{ name: 'k', key: 'file-key' }], sources, ...more }));
    await configure({ a: source('a.yaml', { timeoutMs: '${T:-5000}' }) });
    const env = { SKEIN_CONFIG: file };
    const numbers = async (gateway: typeof one) => {
      const { revisions } = (await administrator(gateway).query(
        '{ revisions(tenant: "default") { nodes { number author message } } }',
      )) as never as { revisions: { nodes: { number: number; author: string; message: string }[] } };
      return revisions.nodes.map(({ number, message }) => `${number} ${message}`);
    };
    const works = (gateway: typeof one, query: string, data: object) =>
      vi.waitFor(async () => {
        const answer = await gateway.ask('file-key', query);
        expect(answer.data ?? answer.errors).toEqual(data);
      }, SOON);
    const publish = (gateway: typeof one, name: string, names: object, version?: number) =>
      administrator(gateway).run(
        'mutation($i: SourceInput!, $v: Int) { publishSource(tenant: "default", input: $i, version: $v, message: "by hand", allowBreaking: true) { errors { path message } } }',
        {
          v: version ?? null,
          i: {
            name,
            options: { kind: 'openapi', document: `${name}.yaml`, endpoint: catalog.url },
            document: { name: `${name}.yaml`, text: catalogDocument(catalog.url, names) },
          },
        },
      );

    const one = await store.start({ env });
    await works(one, '{ product(sku: "x") { name } }', { product: { name: 'Thing x' } });
    expect(await numbers(one)).toEqual(['1 Seeded from skein.yaml']);
    await publish(one, 'b', { type: 'Other', query: 'other', list: 'others' });
    await works(one, '{ product(sku: "x") { name } other(sku: "y") { name } }', {
      product: { name: 'Thing x' },
      other: { name: 'Thing y' },
    });
    await one.stop();

    // A restart changes nothing.
    const two = await store.start({ env });
    await works(two, '{ other(sku: "y") { name } }', { other: { name: 'Thing y' } });
    expect(await numbers(two)).toEqual(['2 by hand', '1 Seeded from skein.yaml']);

    // A file with mistakes changes nothing.
    await configure({ a: source('missing.yaml') });
    await vi.waitFor(() => expect(two.stderr()).toMatch(/the change is not taken/), SOON);
    await works(two, '{ product(sku: "x") { name } other(sku: "y") { name } }', {
      product: { name: 'Thing x' },
      other: { name: 'Thing y' },
    });
    expect(await numbers(two)).toHaveLength(2);

    // One that says something else is merged with what was published.
    await writeFile(
      join(folder, 'c.yaml'),
      catalogDocument(catalog.url, { type: 'Third', query: 'third', list: 'thirds' }),
    );
    await configure({ a: source('a.yaml', { timeoutMs: '${T:-5000}' }), c: source('c.yaml') });
    await works(two, '{ product(sku: "x") { name } other(sku: "y") { name } third(sku: "z") { name } }', {
      product: { name: 'Thing x' },
      other: { name: 'Thing y' },
      third: { name: 'Thing z' },
    });
    await vi.waitFor(async () => expect((await numbers(two))[0]).toBe('3 skein.yaml has changed'), SOON);

    // And rolled back.
    await administrator(two).run(
      'mutation { rollBackConfiguration(tenant: "default", number: 2, allowBreaking: true) { errors { path message } } }',
    );
    await works(two, '{ other(sku: "y") { name } }', { other: { name: 'Thing y' } });
    await vi.waitFor(
      async () => expect((await two.ask('file-key', '{ third(sku: "z") { name } }')).errors).toBeDefined(),
      SOON,
    );
    await two.stop();
    const three = await store.start({ env });
    await works(three, '{ product(sku: "x") { name } other(sku: "y") { name } }', {
      product: { name: 'Thing x' },
      other: { name: 'Thing y' },
    });
    expect((await three.ask('file-key', '{ third(sku: "z") { name } }')).errors).toBeDefined();
    await catalog.close();
  });

  it('has no graph without a file, one with the first source, and none after the last', async () => {
    const catalog = await startCatalog();
    const gateway = await store.start({ env: { SKEIN_API_KEY: 'start-key' } });
    const platform = administrator(gateway);
    expect((await gateway.ask('start-key', '{ __typename }')).errors?.[0]?.extensions.code).toBe('GRAPH_NOT_READY');
    for (let round = 0; round < 2; round += 1) {
      const known = (await platform.query(
        '{ sources(tenant: "default", archived: true) { nodes { id version archivedAt } } }',
      )) as never as {
        sources: { nodes: { id: string; version: number; archivedAt: string | null }[] };
      };
      const [old] = known.sources.nodes;
      if (old !== undefined)
        await platform.run(
          'mutation($id: ID!, $version: Int!) { restoreSource(id: $id, version: $version) { errors { message } } }',
          {
            id: old.id,
            version: old.version,
          },
        );
      if (old === undefined)
        await platform.run(
          'mutation($i: SourceInput!) { publishSource(tenant: "default", input: $i, message: "m") { errors { path message } } }',
          { i: { name: 'catalog', options: catalog.options, document: catalog.document } },
        );
      else
        await platform.run(
          'mutation { publishConfiguration(tenant: "default", message: "m") { errors { path message } } }',
        );
      await vi.waitFor(
        async () =>
          expect((await gateway.ask('start-key', '{ products { sku } }')).data).toEqual({ products: [{ sku: 'a' }] }),
        SOON,
      );
      const { sources } = (await platform.query(
        '{ sources(tenant: "default") { nodes { id version } } }',
      )) as never as {
        sources: { nodes: { id: string; version: number }[] };
      };
      await platform.run(
        'mutation($id: ID!, $version: Int!) { archiveSource(id: $id, version: $version) { errors { message } } }',
        sources.nodes[0],
      );
      await platform.run(
        'mutation { publishConfiguration(tenant: "default", message: "m", allowBreaking: true) { errors { path message } } }',
      );
      await vi.waitFor(
        async () =>
          expect((await gateway.ask('start-key', '{ products { sku } }')).errors?.[0]?.extensions.code).toBe(
            'GRAPH_NOT_READY',
          ),
        SOON,
      );
    }
    await catalog.close();
  });
});
