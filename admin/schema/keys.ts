import type { ApiKey } from '../models/app.ts';
import { keys, type MadeKey } from '../stores/apps.ts';
import { type Builder, type Outcome, outcome, type Shared, withoutNulls } from './builder.ts';
import { addEntity, addPayload } from './entity.ts';
import type { Rates } from './rates.ts';

export function addKeys(builder: Builder, shared: Shared, rates: Rates) {
  const restrictions = (t: Parameters<NonNullable<Parameters<typeof addEntity<ApiKey>>[2]['createInput']>>[0]) => ({
    expiresAt: t.field({ type: 'DateTime', description: 'When it ends; null: never.' }),
    products: t.idList({ description: 'Ids of products that it is held to. Empty: all that its app may use.' }),
    origins: t.stringList({
      description: 'Origins that may send it, e.g. `https://shop.example`. Empty: any, and programs without one.',
    }),
    cidrs: t.stringList({ description: 'Addresses that may send it, e.g. `10.0.0.0/8`. Empty: any.' }),
    rates: t.field({ type: [rates.input], description: 'Limits of its requests.' }),
  });
  const key = addEntity<ApiKey>(builder, shared, {
    name: 'ApiKey',
    plural: 'ApiKeys',
    description:
      'What an app calls the graph with. The key itself is shown once, when it is made; only its hash is kept.',
    entity: keys,
    isNamed: false,
    canArchive: false,
    where: (t) => ({ app: t.id({ description: 'Id of the app.' }) }),
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Unique in the app.' }),
      app: t.id({ description: 'Id of the app.', resolve: ({ app }) => app }),
      prefix: t.exposeString('prefix', { description: 'How the key begins.' }),
      expiresAt: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'When it ends; null: never.',
        resolve: ({ expiresAt }) => expiresAt,
      }),
      revokedAt: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'Since when it is refused; null: it is not revoked.',
        resolve: ({ revokedAt }) => revokedAt,
      }),
      replaces: t.id({
        nullable: true,
        description: 'Id of the key that it was made to replace.',
        resolve: ({ replaces }) => replaces,
      }),
      products: t.idList({
        description: 'Ids of products that it is held to. Empty: all that its app may use.',
        resolve: ({ products }) => [...products],
      }),
      origins: t.stringList({
        description: 'Origins that may send it. Empty: any.',
        resolve: ({ origins }) => [...origins],
      }),
      cidrs: t.stringList({
        description: 'Addresses that may send it. Empty: any.',
        resolve: ({ cidrs }) => [...cidrs],
      }),
      rates: t.field({
        type: [rates.type],
        description: 'Limits of its requests.',
        resolve: ({ rates }) => [...rates],
      }),
      lastUsedAt: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'When it was last used, to the minute or so; null: never.',
        resolve: ({ lastUsedAt }) => lastUsedAt,
      }),
    }),
    updateInput: (t) => ({ name: t.string({ description: 'Unique in the app.' }), ...restrictions(t) }),
  });
  const made = builder.objectRef<Outcome<MadeKey>>('NewApiKeyPayload').implement({
    description: 'A key that was just made.',
    fields: (t) => ({
      apiKey: t.field({
        type: key,
        nullable: true,
        description: 'What is kept of it; null where there are mistakes.',
        resolve: ({ value }) => value?.key ?? null,
      }),
      secret: t.string({
        nullable: true,
        description: 'The key itself, for `Authorization: Bearer …`. It is shown now and never again.',
        resolve: ({ value }) => value?.secret ?? null,
      }),
      errors: t.field({
        type: [shared.userError],
        description: 'What is wrong with what was given. Empty: it is done.',
        resolve: ({ errors }) => [...errors],
      }),
    }),
  });
  const input = builder.inputType('CreateApiKeyInput', {
    description: 'A new key.',
    fields: (t) => ({
      name: t.string({ required: true, description: 'Unique in the app.' }),
      ...restrictions(t as never),
    }),
  });
  const revoked = addPayload(builder, shared.userError, 'RevokedApiKey', 'apiKey', key, 'key');
  builder.mutationFields((t) => ({
    createApiKey: t.field({
      type: made,
      description: 'Makes a key of an app. The key itself is in the answer, this once.',
      args: {
        app: t.arg.id({ required: true, description: 'Id of the app.' }),
        input: t.arg({ type: input, required: true, description: 'The new key.' }),
      },
      resolve: (_root, { app, input }, context) => outcome(() => keys.createFor(context, app, withoutNulls(input))),
    }),
    rotateApiKey: t.field({
      type: made,
      description:
        'Makes a key with the same name and rights. The old one works on for a while, so that its holders can change over.',
      args: {
        id: t.arg.id({ required: true, description: 'Id of the key that is replaced.' }),
        overlapSeconds: t.arg.int({
          defaultValue: 86_400,
          description: 'How long the old one works on: 0 to 7,776,000, which is 90 days.',
        }),
      },
      resolve: (_root, { id, overlapSeconds }, context) =>
        outcome(() => keys.rotate(context, id, overlapSeconds ?? 86_400)),
    }),
    revokeApiKey: t.field({
      type: revoked,
      description: 'Refuses the key from now on, on every instance within about a second. Streams that it opened end.',
      args: { id: t.arg.id({ required: true, description: 'Id of the key.' }) },
      resolve: (_root, { id }, context) => outcome(() => keys.revoke(context, id)),
    }),
  }));
}
