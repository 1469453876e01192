import type { Product } from '../../admin/models/product.ts';
import type { Account, CallOrigin } from '../../sources/source.ts';
import { countSelectedFields } from '../policy/rates/selected-fields.ts';
import type { OwnerOperation, ProductSourceOptions } from './product-source.ts';

export interface OriginsDeps {
  readonly owner: string;
  productOf(id: string): Product | undefined;
  /** Every `Type.field` of a product as the owner's graph is now. */
  coordinatesOf(product: Product): ReadonlySet<string>;
}

/**
 * Tells by which product of an owner, and which grant, a caller asks. One source gives all that a tenant was granted of
 * the owner, and tenants that were granted the same share it: so it is told of the caller, for each call. Of several
 * products it is the first that has all of the fields, or else the one that has most of them.
 */
export function createOrigins({ owner, productOf, coordinatesOf }: OriginsDeps): ProductSourceOptions['originOf'] {
  const fieldsOf = new WeakMap<OwnerOperation['plan'], readonly string[]>();
  const selected = ({ plan, generation }: OwnerOperation): readonly string[] => {
    const known = fieldsOf.get(plan) ?? [
      ...countSelectedFields(generation.schema, plan.document, plan.operation).keys(),
    ];
    fieldsOf.set(plan, known);
    return known;
  };
  const best = (products: readonly Product[], asked: OwnerOperation): Product | undefined => {
    if (products.length < 2) return products[0];
    const fields = selected(asked);
    const rated = products.map((product) => {
      const coordinates = coordinatesOf(product);
      return { product, count: fields.filter((field) => coordinates.has(field)).length };
    });
    return rated.reduce((one, other) => (other.count > one.count ? other : one)).product;
  };
  return (asked, account): CallOrigin => {
    const product = best(productsOf(owner, account, productOf), asked);
    if (product === undefined) return { owner };
    return { owner, product: product._id, grant: account?.grants?.get(product._id)?.id };
  };
}

/** What of an owner the caller may use, in the order of the ids. */
function productsOf(
  owner: string,
  { grants = new Map(), products: held }: Partial<Account> = {},
  productOf: OriginsDeps['productOf'],
): readonly Product[] {
  const found: Product[] = [];
  for (const id of grants.keys()) {
    const product = held === undefined || held.has(id) ? productOf(id) : undefined;
    if (product?.tenant === owner) found.push(product);
  }
  return found.sort((one, other) => (one._id < other._id ? -1 : 1));
}
