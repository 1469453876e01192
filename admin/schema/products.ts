import {
  APPROVALS,
  GRANT_STATES,
  type Grant,
  type Plan,
  PRODUCT_STATES,
  type Product,
  VISIBILITIES,
} from '../models/product.ts';
import { DEFAULT_SORT } from '../stores/entity.ts';
import { catalog, grants, seenProduct } from '../stores/grants.ts';
import { plans, products } from '../stores/products.ts';
import { type Builder, type Outcome, orError, outcome, type Shared, withoutNulls } from './builder.ts';
import { addConnection, addEntity } from './entity.ts';
import type { Rates } from './rates.ts';

function enumOf<const Value extends string>(values: readonly Value[], descriptions: Readonly<Record<Value, string>>) {
  return Object.fromEntries(
    values.map((value) => [value.toUpperCase(), { value, description: descriptions[value] }]),
  ) as Record<string, { value: Value; description: string }>;
}

export function addProducts(builder: Builder, shared: Shared, rates: Rates) {
  const state = builder.enumType('ProductState', {
    description: 'Where a product is in its life.',
    values: enumOf(PRODUCT_STATES, {
      draft: 'It is being made: nobody else sees it.',
      published: 'It may be asked for.',
      deprecated: 'Who has it keeps it, until its sunset; nobody new gets it.',
      retired: 'Nobody has it any more.',
    }),
  });
  const visibility = builder.enumType('Visibility', {
    description: 'Who may know of a product.',
    values: enumOf(VISIBILITIES, {
      private: 'Its own tenant.',
      listed: 'All tenants: it is in the catalog.',
      public: 'Everybody: it is in the catalog, and in what is shown without signing in.',
    }),
  });
  const approval = builder.enumType('Approval', {
    description: 'How access to a product is given.',
    values: enumOf(APPROVALS, { automatic: 'To whoever asks, at once.', required: 'By an approver of its tenant.' }),
  });
  const plan = addEntity<Plan>(builder, shared, {
    name: 'Plan',
    plural: 'Plans',
    description: 'Limits that come with a grant.',
    entity: plans,
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Unique in the tenant.' }),
      title: t.exposeString('title', { description: 'What people call it.' }),
      description: t.exposeString('description', { description: 'What it gives, in Markdown.' }),
      rates: t.field({
        type: [rates.type],
        description: 'Limits of what an app sends that uses the product.',
        resolve: ({ rates }) => [...rates],
      }),
    }),
    createInput: (t) => ({
      name: t.string({ required: true, description: 'Lower-case letters, digits and -.' }),
      title: t.string({ description: 'What people call it.' }),
      description: t.string({ description: 'What it gives, in Markdown.' }),
      rates: t.field({ type: [rates.input], description: 'Limits of what an app sends that uses the product.' }),
    }),
    updateInput: (t) => ({
      name: t.string({ description: 'Lower-case letters, digits and -.' }),
      title: t.string({ description: 'What people call it.' }),
      description: t.string({ description: 'What it gives, in Markdown.' }),
      rates: t.field({ type: [rates.input], description: 'Limits; they replace those there are.' }),
    }),
  });
  const product = addEntity<Product>(builder, shared, {
    name: 'Product',
    plural: 'Products',
    description: 'A named set of fields of a tenant’s graph that apps of other tenants may ask for.',
    entity: products,
    where: (t) => ({
      state: t.field({ type: state, description: 'Where it is in its life.' }),
      tags: t.string({ description: 'A tag it has.' }),
    }),
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Unique in the tenant.' }),
      title: t.exposeString('title', { description: 'What people call it.' }),
      description: t.exposeString('description', { description: 'What it is for, in Markdown.' }),
      tags: t.stringList({ description: 'Words it is found by.', resolve: ({ tags }) => [...tags] }),
      owner: t.exposeString('owner', { description: 'Whom to ask about it.' }),
      state: t.field({ type: state, description: 'Where it is in its life.', resolve: ({ state }) => state }),
      sunsetAt: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'Until when it works, once deprecated; null: no date is set.',
        resolve: ({ sunsetAt }) => sunsetAt,
      }),
      visibility: t.field({
        type: visibility,
        description: 'Who may know of it.',
        resolve: ({ visibility }) => visibility,
      }),
      approval: t.field({ type: approval, description: 'How access is given.', resolve: ({ approval }) => approval }),
      fields: t.stringList({
        description: 'What it gives: `Query.products`, `Product.*`.',
        resolve: ({ fields }) => [...fields],
      }),
      plans: t.idList({ description: 'Ids of plans it comes with.', resolve: ({ plans }) => [...plans] }),
    }),
    createInput: (t) => ({
      name: t.string({ required: true, description: 'Lower-case letters, digits and -.' }),
      fields: t.stringList({
        required: true,
        description:
          'Coordinates: `Query.products`, `Mutation.summarize`, `Product.name`, `Product.*`. A type of which none is listed comes with the fields of the source that gives it.',
      }),
      title: t.string({ description: 'What people call it.' }),
      description: t.string({ description: 'What it is for, in Markdown.' }),
      tags: t.stringList({ description: 'Words it is found by.' }),
      owner: t.string({ description: 'Whom to ask about it.' }),
      visibility: t.field({ type: visibility, description: 'Who may know of it. Default: PRIVATE.' }),
      approval: t.field({ type: approval, description: 'How access is given. Default: REQUIRED.' }),
      plans: t.idList({ description: 'Ids of plans it comes with.' }),
    }),
    updateInput: (t) => ({
      name: t.string({ description: 'Lower-case letters, digits and -.' }),
      fields: t.stringList({ description: 'What it gives; they replace those there are.' }),
      title: t.string({ description: 'What people call it.' }),
      description: t.string({ description: 'What it is for, in Markdown.' }),
      tags: t.stringList({ description: 'Words it is found by; they replace those there are.' }),
      owner: t.string({ description: 'Whom to ask about it.' }),
      visibility: t.field({ type: visibility, description: 'Who may know of it.' }),
      approval: t.field({ type: approval, description: 'How access is given.' }),
      plans: t.idList({ description: 'Ids of plans it comes with; they replace those there are.' }),
    }),
  });
  const moved = builder.objectRef<Outcome<Product>>('MovedProductPayload').implement({
    description: 'A product that moved on in its life.',
    fields: (t) => ({
      product: t.field({
        type: product,
        nullable: true,
        description: 'The product; null where there are mistakes.',
        resolve: ({ value }) => value,
      }),
      errors: t.field({
        type: [shared.userError],
        description: 'What is wrong with what was given. Empty: it is done.',
        resolve: ({ errors }) => [...errors],
      }),
    }),
  });
  const MOVES = [
    ['publishProduct', 'published', 'Offers it: apps of other tenants may ask for it.'],
    ['withdrawProduct', 'draft', 'Makes it a draft again, while no app has it.'],
    ['deprecateProduct', 'deprecated', 'Gives it to nobody new. Who has it keeps it until its sunset.'],
    ['retireProduct', 'retired', 'Ends it, for all who have it. It cannot be undone.'],
  ] as const;
  for (const [name, to, description] of MOVES)
    builder.mutationField(name, (t) =>
      t.field({
        type: moved,
        description,
        args: {
          id: t.arg.id({ required: true, description: 'Its id.' }),
          version: t.arg.int({ required: true, description: 'The version that was seen.' }),
          ...(to === 'deprecated'
            ? { sunsetAt: t.arg({ type: 'DateTime', description: 'Until when it works. Default: no date yet.' }) }
            : {}),
        },
        resolve: (_root, args, context) => {
          const { id, version, sunsetAt } = args as { id: string; version: number; sunsetAt?: Date | null };
          return outcome(() => products.moveTo(context, id, version, to, sunsetAt ?? null));
        },
      }),
    );
  addCatalog(builder, shared, product);
  addGrants(builder, shared);
  return { plan, product };
}

function addCatalog(builder: Builder, { pageInfo }: Shared, product: ReturnType<typeof addEntity<Product>>) {
  const connection = addConnection(builder, pageInfo, 'CatalogProduct', product);
  builder.queryFields((t) => ({
    catalog: t.field({
      type: connection,
      description: 'Products of all tenants that may be asked for.',
      args: {
        search: t.arg.string({ description: 'Words that all are in its name, title, description or tags.' }),
        tags: t.arg.stringList({ description: 'Tags that it all has.' }),
        first: t.arg.int({ defaultValue: 50, description: 'How many at the most: 1 to 200.' }),
        after: t.arg.string({ description: '`endCursor` of the page before.' }),
      },
      resolve: (_root, args, context) =>
        orError(async () => {
          const page = await catalog(context, args);
          const total = async () => (await catalog(context, { ...args, first: 200, after: null })).records.length;
          return { page, sort: DEFAULT_SORT, total };
        }),
    }),
    catalogProduct: t.field({
      type: product,
      nullable: true,
      description: 'A product of the catalog, or of one’s own tenant.',
      args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
      resolve: async (_root, { id }, context) => {
        const { value } = await outcome(() => seenProduct(context, id));
        return value;
      },
    }),
  }));
}

function addGrants(builder: Builder, shared: Shared) {
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
  const payload = builder.objectRef<Outcome<Grant>>('GrantPayload').implement({
    description: 'What came of a request for access, or of a decision.',
    fields: (t) => ({
      grant: t.field({
        type: grant,
        nullable: true,
        description: 'The grant; null where there are mistakes.',
        resolve: ({ value }) => value,
      }),
      errors: t.field({
        type: [shared.userError],
        description: 'What is wrong with what was given. Empty: it is done.',
        resolve: ({ errors }) => [...errors],
      }),
    }),
  });
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
