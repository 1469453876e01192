import { expect, it } from 'vitest';
import { describeStores, PLATFORM_ADMIN, VALID } from '../../../test/utils/admin-suite.ts';

const CREATE = `mutation($input: CreateSourceInput!) {
  createSource(input: $input) { source { id name version options yaml status isPublished document { name text } } errors { code path } }
}`;
const UPDATE = `mutation($id: ID!, $version: Int!, $input: UpdateSourceInput!) {
  updateSource(id: $id, version: $version, input: $input) {
    source { version options document { text } status } errors { code path message }
  }
}`;
const PUBLISH = `mutation($input: SourceInput!, $version: Int, $message: String, $allowBreaking: Boolean) {
  publishSource(input: $input, version: $version, message: $message, allowBreaking: $allowBreaking) {
    revision { number author message }
    preview { entries { kind name before { yaml } after { yaml } } breaking { path message type } notices users { productName } }
    errors { code path }
  }
}`;

interface Created {
  createSource: { source: Record<string, unknown> & { id: string }; errors: unknown[] };
}

describeStores('the configuration', (plane) => {
  it('is written as JSON or as YAML, and says how it compares with what serves', async () => {
    const { actors } = await plane().createTenant('acme');
    const document = { name: 'a.yaml', text: 'openapi: 3.1.0' };
    const yaml = 'kind: openapi\nheaders:\n  authorization: hush\nnothing: null\n';
    const { createSource } = await plane().data<Created>(actors.developer, CREATE, {
      input: { name: 'a', yaml, document },
    });
    expect(createSource).toEqual({
      source: {
        id: expect.stringMatching(/^res_/),
        name: 'a',
        version: 1,
        options: { kind: 'openapi', headers: { authorization: '***' }, nothing: null },
        yaml: 'headers:\n  authorization: "***"\nkind: openapi\nnothing: null\n',
        status: 'DRAFT',
        isPublished: false,
        document,
      },
      errors: [],
    });
    const { id, options } = createSource.source;
    const published = await plane().data(actors.developer, PUBLISH, {
      input: { name: 'a' },
      version: 1,
      message: 'first',
    });
    expect(published).toMatchObject({ publishSource: { revision: { number: 1, message: 'first' }, errors: [] } });
    const status = async () =>
      plane().data(actors.analyst, 'query($id: ID!) { source(id: $id) { status isPublished published { options } } }', {
        id,
      });
    expect(await status()).toEqual({ source: { status: 'PUBLISHED', isPublished: true, published: { options } } });
    const given = { id, version: 1, input: { options: { ...(options as object), more: 1 } } };
    const changed = await plane().data<{ updateSource: { source: object } }>(actors.developer, UPDATE, given);
    expect(changed.updateSource.source).toMatchObject({
      version: 2,
      document: { text: document.text },
      status: 'CHANGED',
    });
    const kept = await plane().store.resources.get({ all: true }, id);
    expect(JSON.parse(kept?.options ?? '')).toMatchObject({ headers: { authorization: 'hush' }, nothing: null });
    const without = { id, version: 2, input: { document: null } };
    const bare = await plane().data<{ updateSource: { source: object } }>(actors.developer, UPDATE, without);
    expect(bare.updateSource.source).toMatchObject({ version: 3, document: null });
    const archive = 'mutation($id: ID!) { archiveSource(id: $id, version: 3) { source { status } errors { code } } }';
    expect(await plane().data(actors.developer, archive, { id })).toEqual({
      archiveSource: { source: { status: 'REMOVED' }, errors: [] },
    });
    const all = 'mutation { publishConfiguration(message: "gone") { revision { number } errors { code } } }';
    expect(await plane().data(actors.developer, all)).toMatchObject({
      publishConfiguration: { revision: { number: 2 } },
    });
    expect(await status()).toEqual({ source: { status: 'ARCHIVED', isPublished: false, published: null } });
    const restore = 'mutation($id: ID!) { restoreSource(id: $id, version: 4) { source { status } errors { code } } }';
    expect(await plane().data(actors.developer, restore, { id })).toMatchObject({
      restoreSource: { source: { status: 'DRAFT' } },
    });
  });

  it('tells what is wrong with what is given, with its place', async () => {
    const { actors } = await plane().createTenant('acme');
    const create = async (input: object) =>
      (await plane().data<Created>(actors.developer, CREATE, { input })).createSource.errors;
    expect(await create({ name: 'a', yaml: 'a: [' })).toEqual([{ code: 'INVALID', path: ['yaml'] }]);
    expect(await create({ name: 'a', yaml: '', options: {} })).toEqual([{ code: 'INVALID', path: ['yaml'] }]);
    expect(await create({ name: 'a' })).toEqual([{ code: 'INVALID', path: ['options'] }]);
    expect(await create({ name: '?', options: { wrong: 1 }, document: { name: 'a/b', text: '' } })).toEqual([
      { code: 'INVALID', path: ['name'] },
      { code: 'INVALID', path: ['options', 'wrong'] },
      { code: 'INVALID', path: ['document', 'name'] },
    ]);
    await create({ name: 'a', options: {} });
    expect(await create({ name: 'a', options: {} })).toEqual([{ code: 'TAKEN', path: ['name'] }]);
  });

  it('is tried without being changed, and published where nothing stands in the way', async () => {
    const { actors } = await plane().createTenant('acme');
    const breaking = [{ path: 'Query.a', message: 'Field a was removed', type: 'FIELD_REMOVED' }];
    plane().ports.validate = async () => ({
      ...VALID,
      notices: ['a note'],
      changes: { breaking, dangerous: [], safe: [] },
    });
    const before = await plane().dump();
    const input = { name: 'a', options: { kind: 'openapi' } };
    const tryIt = `mutation($input: SourceInput!) {
      validateSource(input: $input) { preview { entries { kind name } breaking { path } notices } errors { code path } }
    }`;
    expect(await plane().data(actors.developer, tryIt, { input })).toEqual({
      validateSource: {
        preview: { entries: [{ kind: 'SOURCE', name: 'a' }], breaking: [{ path: 'Query.a' }], notices: ['a note'] },
        errors: [],
      },
    });
    expect(await plane().data(actors.developer, PUBLISH, { input })).toEqual({
      publishSource: {
        revision: null,
        preview: {
          entries: [{ kind: 'SOURCE', name: 'a', before: null, after: { yaml: 'kind: openapi\n' } }],
          breaking,
          notices: ['a note'],
          users: [],
        },
        errors: [
          { code: 'INVALID', path: ['allowBreaking'] },
          { code: 'INVALID', path: ['graph', 'Query.a'] },
        ],
      },
    });
    expect(await plane().dump()).toEqual(before);
    const done = await plane().data(actors.developer, PUBLISH, { input, allowBreaking: true });
    expect(done).toMatchObject({ publishSource: { revision: { number: 1, author: actors.developer.id }, errors: [] } });
    expect(await plane().data(actors.developer, PUBLISH, { input, allowBreaking: true })).toMatchObject({
      publishSource: { revision: null, preview: null, errors: [{ code: 'TAKEN', path: ['name'] }] },
    });
  });

  it('is listed, compared and brought back by its revisions', async () => {
    const { actors } = await plane().createTenant('acme');
    for (const x of [1, 2, 3])
      await plane().data(actors.developer, PUBLISH, {
        input: { name: 'a', options: { x, token: `hush${x}` } },
        version: x === 1 ? null : x - 1,
      });
    const list = `query($after: String) {
      revisions(first: 2, after: $after) { nodes { number } totalCount pageInfo { hasNextPage endCursor } }
    }`;
    interface Listed {
      revisions: { nodes: { number: number }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
    }
    const first = await plane().data<Listed>(actors.analyst, list);
    expect(first.revisions).toMatchObject({
      nodes: [{ number: 3 }, { number: 2 }],
      totalCount: 3,
      pageInfo: { hasNextPage: true },
    });
    const forged = Buffer.from(JSON.stringify(['number', 'abc'])).toString('base64url');
    const { errors } = await plane().run(actors.analyst, list, { after: forged });
    expect(errors?.[0]?.extensions.code).toBe('BAD_REQUEST');
    const rest = await plane().data<Listed>(actors.analyst, list, { after: first.revisions.pageInfo.endCursor });
    expect(rest.revisions).toMatchObject({ nodes: [{ number: 1 }], pageInfo: { hasNextPage: false } });
    const compare = '{ compareRevisions(from: 1, to: 3) { kind name before { options } after { options yaml } } }';
    expect(await plane().data(actors.analyst, compare)).toEqual({
      compareRevisions: [
        {
          kind: 'SOURCE',
          name: 'a',
          before: { options: { x: 1, token: '***' } },
          after: { options: { x: 3, token: '***' }, yaml: 'token: "***"\nx: 3\n' },
        },
      ],
    });
    const back =
      'mutation { rollBackConfiguration(number: 1) { revision { number restores changes { name } entries { name } } errors { code } } }';
    expect(await plane().data(actors.developer, back)).toEqual({
      rollBackConfiguration: {
        revision: { number: 4, restores: 1, changes: [{ name: 'a' }], entries: [{ name: 'a' }] },
        errors: [],
      },
    });
    const one =
      'query($number: Int) { revision(number: $number) { number } sourceByName(name: "a") { status options } }';
    expect(await plane().data(actors.analyst, one, { number: 9 })).toEqual({
      revision: null,
      sourceByName: { status: 'PUBLISHED', options: { x: 1, token: '***' } },
    });
    expect(await plane().data(actors.analyst, one)).toMatchObject({ revision: { number: 4 } });
    expect((await plane().run(PLATFORM_ADMIN, one)).errors?.[0]?.extensions).toMatchObject({
      code: 'BAD_REQUEST',
      errors: [{ code: 'INVALID', path: ['tenant'] }],
    });
  });

  it('is compared with what serves by one look for each tenant, and documents are read at once', async () => {
    const { actors } = await plane().createTenant('acme');
    for (const name of ['a', 'b', 'c'])
      await plane().data(actors.developer, CREATE, {
        input: { name, options: {}, document: { name: `${name}.yaml`, text: name } },
      });
    const context = plane().as(actors.developer);
    const asked: string[] = [];
    const { revisions, documents } = context.store;
    const watched = {
      revisions: {
        ...revisions,
        page: (...given: Parameters<typeof revisions.page>) => {
          asked.push('revision');
          return revisions.page(...given);
        },
      },
      documents: {
        ...documents,
        all: (...given: Parameters<typeof documents.all>) => {
          asked.push('documents');
          return documents.all(...given);
        },
      },
    };
    const store = { ...context.store, ...watched };
    const { data } = await plane().runIn(
      { ...context, store },
      '{ sources { nodes { status isPublished published { yaml } document { text } } } }',
    );
    expect(JSON.stringify(data)).toContain('"document":{"text":"c"}');
    expect(asked.sort()).toEqual(['documents', 'revision']);
  });

  it('has prompts with versions that are added, released, promoted and run', async () => {
    const { actors } = await plane().createTenant('acme');
    const start = `mutation { publishPrompt(input: { name: "say", options: { template: "Say {{ text }}", input: { text: "String!" } } }) { errors { code } } }`;
    await plane().data(actors.developer, start);
    const add = `mutation {
      addPromptVersion(name: "say", version: "brief", input: { template: "Brief.", temperature: 0.5, examples: [{ input: { text: null }, output: "x" }] }) {
        revision { number } errors { code path }
      }
      releasePrompt(name: "say", release: [{ version: "inline", weight: 9 }, { version: "brief", callers: { apps: ["app_x"] } }]) {
        revision { number } errors { code path }
      }
    }`;
    expect(await plane().data(actors.developer, add)).toEqual({
      addPromptVersion: { revision: { number: 2 }, errors: [] },
      releasePrompt: { revision: { number: 3 }, errors: [] },
    });
    const versions = '{ promptByName(name: "say") { status versions { name options hash weight isPublished } } }';
    const examples = [{ input: { text: null }, output: 'x' }];
    expect(await plane().data(actors.analyst, versions)).toEqual({
      promptByName: {
        status: 'PUBLISHED',
        versions: [
          {
            name: 'brief',
            options: { template: 'Brief.', temperature: 0.5, examples },
            hash: 'hash of brief',
            weight: 1,
            isPublished: true,
          },
          {
            name: 'inline',
            options: { template: 'Say {{ text }}' },
            hash: 'hash of inline',
            weight: 9,
            isPublished: true,
          },
        ],
      },
    });
    const promote =
      'mutation($version: String!) { promotePromptVersion(name: "say", version: $version) { revision { number } errors { code path } } }';
    expect(await plane().data(actors.developer, promote, { version: 'brief' })).toMatchObject({
      promotePromptVersion: { revision: { number: 4 } },
    });
    expect(await plane().data(actors.developer, promote, { version: 'none' })).toEqual({
      promotePromptVersion: { revision: null, errors: [{ code: 'NOT_FOUND', path: ['version'] }] },
    });
    const run =
      'mutation { runPrompt(name: "say", input: { text: "x" }, models: ["a", "b"]) { answers { model text } errors { code } } }';
    expect(await plane().data(actors.developer, run)).toEqual({
      runPrompt: {
        answers: [
          { model: 'a', text: 'a read {"text":"x"}' },
          { model: 'b', text: 'b read {"text":"x"}' },
        ],
        errors: [],
      },
    });
  });
});
