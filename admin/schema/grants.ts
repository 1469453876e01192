import { GRANT_STATES, type Grant } from '../models/product.ts';
import { grants } from '../stores/grants.ts';
import { type Builder, enumOf, outcome, type Shared, withoutNulls } from './builder.ts';
import { addEntity, addPayload } from './entity.ts';

export function addGrants(builder: Builder, shared: Shared) {
  const state = builder.enumType('GrantState', {
    description: 'What became of a request for access.',
    values: enumOf(GRANT_STATES, {
      requested: 'Nobody has decided yet.',
      approved: 'The app has access.',
      rejected: 'The app was refused; it may ask again.',
      revoked: 'The access was taken away; the app may ask again.',
    }),
  });
  const grant = addEntity<Grant>(builder, shared, {
    name: 'Grant',
    plural: 'Grants',
    description: 'An app’s access to a product. The tenant of the app sees it, and that of the product.',
    entity: grants,
    isNamed: false,
    canArchive: false,
    where: (t) => ({
      state: t.field({ type: state, description: 'What became of it.' }),
      app: t.id({ description: 'Id of the app.' }),
      product: t.id({ description: 'Id of the product.' }),
    }),
    fields: (t) => ({
      app: t.id({ description: 'Id of the app.', resolve: ({ app }) => app }),
      product: t.id({ description: 'Id of the product.', resolve: ({ product }) => product }),
      productTenant: t.id({
        description: 'Id of the tenant whose product it is.',
        resolve: ({ productTenant }) => productTenant,
      }),
      plan: t.id({
        nullable: true,
        description: 'Id of the plan that came with it; null: none.',
        resolve: ({ plan }) => plan,
      }),
      state: t.field({ type: state, description: 'What became of it.', resolve: ({ state }) => state }),
      reason: t.exposeString('reason', { description: 'Why it was asked for.' }),
      comment: t.exposeString('comment', { description: 'What who decided had to say.' }),
      requestedBy: t.exposeString('requestedBy', { description: 'Id of the user who asked.' }),
      decidedBy: t.exposeString('decidedBy', {
        description: 'Id of the user who decided; `automatic` where nobody had to.',
      }),
      decidedAt: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'When it was decided.',
        resolve: ({ decidedAt }) => decidedAt,
      }),
    }),
  });
  const payload = addPayload(builder, shared.userError, 'Grant', 'grant', grant, 'grant');
  const input = builder.inputType('RequestGrantInput', {
    description: 'Which access is asked for, and why.',
    fields: (t) => ({
      app: t.id({ required: true, description: 'Id of the app.' }),
      product: t.id({ required: true, description: 'Id of the product.' }),
      plan: t.id({ description: 'Id of one of its plans. Default: the only one.' }),
      reason: t.string({ description: 'Why: approvers read it.' }),
    }),
  });
  builder.mutationFields((t) => ({
    requestGrant: t.field({
      type: payload,
      description:
        'Asks for an app’s access to a product. Where the product needs no approval, the app has it at once.',
      args: { input: t.arg({ type: input, required: true, description: 'Which access.' }) },
      resolve: (_root, { input }, context) => outcome(() => grants.request(context, withoutNulls(input))),
    }),
    approveGrant: t.field({
      type: payload,
      description: 'Gives the access. For approvers of the product’s tenant.',
      args: {
        id: t.arg.id({ required: true, description: 'Id of the grant.' }),
        comment: t.arg.string({ defaultValue: '', description: 'A word to who asked.' }),
        plan: t.arg.id({ description: 'Id of another plan of the product than was asked for.' }),
      },
      resolve: (_root, { id, comment, plan }, context) =>
        outcome(() => grants.approve(context, id, comment ?? '', plan ?? null)),
    }),
    rejectGrant: t.field({
      type: payload,
      description: 'Refuses the access. For approvers of the product’s tenant.',
      args: {
        id: t.arg.id({ required: true, description: 'Id of the grant.' }),
        comment: t.arg.string({ defaultValue: '', description: 'Why.' }),
      },
      resolve: (_root, { id, comment }, context) => outcome(() => grants.reject(context, id, comment ?? '')),
    }),
    revokeGrant: t.field({
      type: payload,
      description:
        'Takes the access away, on every instance within about a second. The product’s tenant may, and the app’s own.',
      args: {
        id: t.arg.id({ required: true, description: 'Id of the grant.' }),
        comment: t.arg.string({ defaultValue: '', description: 'Why.' }),
      },
      resolve: (_root, { id, comment }, context) => outcome(() => grants.revoke(context, id, comment ?? '')),
    }),
  }));
}
