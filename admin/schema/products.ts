import { APPROVALS, PRODUCT_STATES, type Product, VISIBILITIES } from '../models/product.ts';
import { products } from '../stores/products.ts';
import { type Builder, enumOf, outcome, type Shared } from './builder.ts';
import { addEntity, addPayload } from './entity.ts';

export function addProducts(builder: Builder, shared: Shared) {
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
  const moved = addPayload(builder, shared.userError, 'MovedProduct', 'product', product, 'product');
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
  return product;
}
