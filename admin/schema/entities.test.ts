import { expect, it } from 'vitest';
import { describeStores } from '../../test/utils/admin-suite.ts';

const CREATE = `mutation($input: CreateAppInput!) {
  createApp(input: $input) { app { id name version rates { limit windowSeconds field } } errors { code path message } }
}`;

interface Made {
  createApp: { app: { id: string } };
}

describeStores('the admin schema', (plane) => {
  it('gives what was made, or all mistakes and nothing', async () => {
    const { actors } = await plane().createTenant('acme');
    const rates = [{ limit: 10, windowSeconds: 60 }];
    expect(await plane().data(actors.developer, CREATE, { input: { name: 'shop', rates, title: null } })).toEqual({
      createApp: {
        app: {
          id: expect.stringMatching(/^app_/),
          name: 'shop',
          version: 1,
          rates: [{ limit: 10, windowSeconds: 60, field: null }],
        },
        errors: [],
      },
    });
    const wrong = { name: 'No', rates: [{ limit: -1, windowSeconds: 60 }] };
    expect(await plane().data(actors.developer, CREATE, { input: wrong })).toEqual({
      createApp: {
        app: null,
        errors: [
          { code: 'INVALID', path: ['name'], message: 'must be lower-case letters, digits and -, 63 at the most' },
          { code: 'INVALID', path: ['rates', '0', 'limit'], message: 'must not be negative' },
        ],
      },
    });
    expect(await plane().data(actors.analyst, CREATE, { input: { name: 'x' } })).toMatchObject({
      createApp: { app: null, errors: [{ code: 'FORBIDDEN', path: [] }] },
    });
  });

  it('lists in pages whose cursors lead on, with how many there are', async () => {
    const { actors } = await plane().createTenant('acme');
    for (const name of ['b', 'a', 'c']) await plane().data(actors.developer, CREATE, { input: { name } });
    const list = `query($after: String) {
      apps(first: 2, sort: NAME, after: $after) {
        nodes { name } edges { cursor node { name } } pageInfo { hasNextPage endCursor } totalCount
      }
    }`;
    interface Listed {
      apps: { edges: { cursor: string }[]; pageInfo: { endCursor: string } };
    }
    const { apps } = await plane().data<Listed>(actors.analyst, list);
    expect(apps).toMatchObject({
      nodes: [{ name: 'a' }, { name: 'b' }],
      pageInfo: { hasNextPage: true },
      totalCount: 3,
    });
    expect(apps.edges.at(-1)?.cursor).toBe(apps.pageInfo.endCursor);
    expect(await plane().data(actors.analyst, list, { after: apps.edges[0]?.cursor })).toMatchObject({
      apps: { nodes: [{ name: 'b' }, { name: 'c' }], pageInfo: { hasNextPage: false }, totalCount: 3 },
    });
    const empty = '{ apps(name: "x") { nodes { name } pageInfo { hasNextPage endCursor } totalCount } }';
    expect(await plane().data(actors.analyst, empty)).toEqual({
      apps: { nodes: [], pageInfo: { hasNextPage: false, endCursor: null }, totalCount: 0 },
    });
  });

  it('says of questions that cannot be answered what is wrong, as errors of GraphQL', async () => {
    const { actors } = await plane().createTenant('acme');
    const { errors } = await plane().run(actors.developer, '{ auditEntries { totalCount } }');
    expect(errors?.[0]?.extensions).toEqual({
      code: 'FORBIDDEN',
      errors: [expect.objectContaining({ code: 'FORBIDDEN' })],
    });
    const paged = await plane().run(actors.developer, '{ apps(first: 1000) { totalCount } app(id: "app_x") { id } }');
    expect(paged.errors?.[0]).toMatchObject({ message: 'first: must be from 1 to 500', path: ['apps'] });
    expect(await plane().data(actors.developer, '{ app(id: "app_x") { id } }')).toEqual({ app: null });
  });

  it('shows a key once and a secret never', async () => {
    const { actors } = await plane().createTenant('acme');
    const { createApp } = await plane().data<Made>(actors.developer, CREATE, { input: { name: 'shop' } });
    const make = `mutation($app: ID!) {
      createApiKey(app: $app, input: { name: "web", expiresAt: null }) { apiKey { id prefix expiresAt } secret errors { code } }
      createSecret(input: { name: "openai", value: "sk-0123456789abcdef" }) { secret { place reference lastFour } errors { code } }
    }`;
    interface Keyed {
      createApiKey: { apiKey: { id: string; prefix: string }; secret: string };
    }
    const made = await plane().data<Keyed>(actors.developer, make, { app: createApp.app.id });
    expect(made).toMatchObject({
      createApiKey: { apiKey: { expiresAt: null }, secret: expect.stringMatching(/^skein_/), errors: [] },
      createSecret: { secret: { place: 'VALUE', reference: null, lastFour: 'cdef' }, errors: [] },
    });
    const { id, prefix } = made.createApiKey.apiKey;
    expect(made.createApiKey.secret.startsWith(prefix)).toBe(true);
    const rotate =
      'mutation($id: ID!) { rotateApiKey(id: $id, overlapSeconds: 60) { apiKey { replaces } secret errors { code } } }';
    const rotated = await plane().data<{ rotateApiKey: { secret: string } }>(actors.developer, rotate, { id });
    expect(rotated).toMatchObject({ rotateApiKey: { apiKey: { replaces: id }, errors: [] } });
    expect(rotated.rotateApiKey.secret).not.toBe(made.createApiKey.secret);
  });

  it('lets only platform administrators name what is on the machine', async () => {
    const { actors } = await plane().createTenant('acme');
    const create =
      'mutation { createSecret(input: { name: "x", file: "/etc/passwd" }) { secret { name } errors { code path } } }';
    expect(await plane().data(actors.owner, create)).toEqual({
      createSecret: { secret: null, errors: [{ code: 'FORBIDDEN', path: ['file'] }] },
    });
    const two = 'mutation { createSecret(input: { name: "x", value: "a", file: "b" }) { errors { code path } } }';
    expect(await plane().data(actors.owner, two)).toEqual({
      createSecret: { errors: [{ code: 'INVALID', path: [] }] },
    });
  });

  it('takes moments with their zone, and JSON that is not too deep', async () => {
    const { actors } = await plane().createTenant('acme');
    const moment = async (text: unknown) =>
      (
        await plane().run(
          actors.owner,
          'query($from: DateTime) { auditEntries(where: { from: $from }) { totalCount } }',
          {
            from: text,
          },
        )
      ).errors?.[0]?.message;
    expect(await moment('2030-01-31T12:00:00+01:00')).toBeUndefined();
    for (const wrong of ['2030-01-31', '2030-01-31T12:00:00', '2030-13-31T12:00:00Z', 5])
      expect(await moment(wrong)).toContain('DateTime must be a moment with its zone');
    const deep = `mutation { createModel(input: { name: "m", options: ${'['.repeat(70)}${']'.repeat(70)} }) { errors { code } } }`;
    const result = plane()
      .run(actors.owner, deep)
      .then(
        ({ errors }) => errors?.[0]?.message ?? '',
        (error: Error) => error.message,
      );
    expect(await result).toContain('nested too deeply');
  });

  it('tells a viewer who they are', async () => {
    const { actors, tenant } = await plane().createTenant('acme');
    const { id, name } = actors.approver;
    expect(await plane().data(actors.approver, '{ viewer { id name tenant roles } }')).toEqual({
      viewer: { id, name, tenant: tenant._id, roles: ['APPROVER'] },
    });
  });
});
