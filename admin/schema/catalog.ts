import type { Product } from '../models/product.ts';
import { DEFAULT_SORT } from '../stores/entity.ts';
import { catalog, catalogCount, seenProduct } from '../stores/grants.ts';
import { type Builder, orError, outcome, type Shared } from './builder.ts';
import { addConnection, type addEntity } from './entity.ts';

export function addCatalog(builder: Builder, { pageInfo }: Shared, product: ReturnType<typeof addEntity<Product>>) {
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
          return { page, sort: DEFAULT_SORT, total: () => catalogCount(context, args) };
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
