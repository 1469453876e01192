import { TENANT_ROLES, type User, type UserToken } from '../models/user.ts';
import { type MadeToken, tokens, users } from '../stores/users.ts';
import { type Builder, type Outcome, outcome, type Shared, withoutNulls } from './builder.ts';
import { addEntity, addPayload } from './entity.ts';

const ROLE_DESCRIPTIONS = {
  platform: 'Stands above all tenants. It is given at the first start, and by a token’s claims.',
  owner: 'May do everything in the tenant.',
  admin: 'May do everything in the tenant but make or unmake owners.',
  developer: 'May change configuration, prompts, apps, keys, secrets and products, and ask for grants.',
  analyst: 'May read, the audit log too.',
  approver: 'May read, and decide on grants.',
} as const;

export function addUsers(builder: Builder, shared: Shared) {
  const role = builder.enumType('Role', {
    description: 'What a user may do.',
    values: Object.fromEntries(
      (['platform', ...TENANT_ROLES] as const).map((value) => [
        value.toUpperCase(),
        { value, description: ROLE_DESCRIPTIONS[value] },
      ]),
    ) as Record<string, { value: User['roles'][number]; description: string }>,
  });
  const user = addEntity<User>(builder, shared, {
    name: 'User',
    plural: 'Users',
    description: 'A person, or a machine, that administers.',
    entity: users,
    fields: (t) => ({
      name: t.exposeString('name', {
        description:
          'E-mail address or another name, unique in the tenant: a token’s subject or e-mail is matched with it.',
      }),
      title: t.exposeString('title', { description: 'What people call them.' }),
      roles: t.field({ type: [role], description: 'What they may do.', resolve: ({ roles }) => [...roles] }),
    }),
    createInput: (t) => ({
      name: t.string({ required: true, description: 'E-mail address or another name without spaces.' }),
      title: t.string({ description: 'What people call them.' }),
      roles: t.field({ type: [role], required: true, description: 'What they may do. PLATFORM cannot be given.' }),
    }),
    updateInput: (t) => ({
      title: t.string({ description: 'What people call them.' }),
      roles: t.field({ type: [role], description: 'What they may do; they replace those there are.' }),
    }),
  });
  const token = addEntity<UserToken>(builder, shared, {
    name: 'UserToken',
    plural: 'UserTokens',
    description:
      'What a user signs in to the admin schema with. The token itself is shown once; only its hash is kept.',
    entity: tokens,
    isNamed: false,
    canArchive: false,
    where: (t) => ({ user: t.id({ description: 'Id of the user.' }) }),
    fields: (t) => ({
      name: t.exposeString('name', { description: 'What people call it.' }),
      user: t.id({ description: 'Id of the user.', resolve: ({ user }) => user }),
      prefix: t.exposeString('prefix', { description: 'How the token begins.' }),
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
      lastUsedAt: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'When it was last used, to the minute or so; null: never.',
        resolve: ({ lastUsedAt }) => lastUsedAt,
      }),
    }),
  });
  const made = builder.objectRef<Outcome<MadeToken>>('NewUserTokenPayload').implement({
    description: 'A token that was just made.',
    fields: (t) => ({
      userToken: t.field({
        type: token,
        nullable: true,
        description: 'What is kept of it; null where there are mistakes.',
        resolve: ({ value }) => value?.token ?? null,
      }),
      secret: t.string({
        nullable: true,
        description: 'The token itself, for `Authorization: Bearer …`. It is shown now and never again.',
        resolve: ({ value }) => value?.secret ?? null,
      }),
      errors: t.field({
        type: [shared.userError],
        description: 'What is wrong with what was given. Empty: it is done.',
        resolve: ({ errors }) => [...errors],
      }),
    }),
  });
  const revoked = addPayload(builder, shared.userError, 'RevokedUserToken', 'userToken', token, 'token');
  const input = builder.inputType('CreateUserTokenInput', {
    description: 'A new token.',
    fields: (t) => ({
      name: t.string({ required: true, description: 'What people call it.' }),
      expiresAt: t.field({ type: 'DateTime', description: 'When it ends; null: never.' }),
    }),
  });
  builder.mutationFields((t) => ({
    createUserToken: t.field({
      type: made,
      description:
        'Makes a token of a user: of one’s own, or of others for owners and admins. It is in the answer, this once.',
      args: {
        user: t.arg.id({ required: true, description: 'Id of the user.' }),
        input: t.arg({ type: input, required: true, description: 'The new token.' }),
      },
      resolve: (_root, { user, input }, context) => outcome(() => tokens.createFor(context, user, withoutNulls(input))),
    }),
    revokeUserToken: t.field({
      type: revoked,
      description: 'Refuses the token from now on, on every instance within about a second.',
      args: { id: t.arg.id({ required: true, description: 'Id of the token.' }) },
      resolve: (_root, { id }, context) => outcome(() => tokens.revoke(context, id)),
    }),
  }));
  const viewer = builder
    .objectRef<{
      readonly id: string;
      readonly name: string;
      readonly tenant: string;
      readonly roles: readonly User['roles'][number][];
    }>('Viewer')
    .implement({
      description: 'Who asks.',
      fields: (t) => ({
        id: t.exposeID('id', { description: 'Id of the user.' }),
        name: t.exposeString('name', { description: 'What they are called.' }),
        tenant: t.id({
          description: 'Id of their tenant; `platform` for those above all.',
          resolve: ({ tenant }) => tenant,
        }),
        roles: t.field({ type: [role], description: 'What they may do.', resolve: ({ roles }) => [...roles] }),
      }),
    });
  builder.queryField('viewer', (t) =>
    t.field({
      type: viewer,
      description: 'Who asks, and what they may do.',
      resolve: (_root, _args, { actor }) => actor,
    }),
  );
  return user;
}
