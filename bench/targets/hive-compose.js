// Composes the supergraph for Hive Gateway from the same three OpenAPI documents, with Mesh's own loader, and declares
// the same joins: each batched, one call for all keys.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { getComposedSchemaFromConfig } from '@graphql-mesh/compose-cli';
import { DefaultLogger } from '@graphql-mesh/utils';
import { loadOpenAPISubgraph } from '@omnigraph/openapi';

const endpoint = process.env.UPSTREAM_URL;
const openapi = (name) => ({
  sourceHandler: loadOpenAPISubgraph(name, {
    source: fileURLToPath(new URL(`../openapi/${name}.yaml`, import.meta.url)),
    endpoint,
  }),
});

const link = (field, source, call, key, argument) =>
  `${field} @resolveTo(sourceName: "${source}", sourceTypeName: "Query", sourceFieldName: "${call}", keyField: "${key}", keysArg: "${argument}")`;

const supergraph = await getComposedSchemaFromConfig(
  {
    subgraphs: [openapi('catalog'), openapi('inventory'), openapi('reviews')],
    additionalTypeDefs: `
      extend type Product { ${link('stock: Stock', 'inventory', 'stocks', 'sku', 'sku')} }
      extend type Product { ${link('topReview: Review', 'reviews', 'topReviews', 'sku', 'sku')} }
      extend type Stock { ${link('warehouse: Warehouse', 'inventory', 'warehouses', 'warehouseId', 'id')} }
      extend type Review { ${link('author: Author', 'reviews', 'authors', 'authorId', 'id')} }
    `,
  },
  new DefaultLogger('compose'),
);
writeFileSync(process.argv[2], supergraph);
