import { notFound } from '../errors.ts';
import { demand } from '../permissions.ts';
import type { UsageDimension, UsageQuestion } from '../store/usage-log.ts';
import { type AdminContext, tenantFor } from './context.ts';
import { products } from './products.ts';
import { hoursOf, reportOf, type UsageReport, type UsageRequest, withoutNothing } from './usage.ts';

/** Keys are the callers' own. */
export type ProductUsageDimension = Exclude<UsageDimension, 'key'>;

export interface ProductUsageRequest extends Omit<UsageRequest, 'groupBy' | 'where'> {
  /** Id of a product. Default: all of the tenant. */
  readonly product?: string | null | undefined;
  readonly groupBy?: readonly ProductUsageDimension[] | null | undefined;
  /** `tenant` is the one that called. */
  readonly where?: Readonly<Partial<Record<ProductUsageDimension, string | null | undefined>>> | null | undefined;
}

export interface ProductUsageReport extends UsageReport {
  /** Whose products they are. */
  readonly tenant: string;
}

/** What others have used of a tenant's models and prompts, through its products. @throws UserErrors */
export async function productUsage(context: AdminContext, request: ProductUsageRequest): Promise<ProductUsageReport> {
  demand(context.actor, 'read');
  const owner = await ownerOf(context, request);
  const { tenant, ...given } = withoutNothing(request.where) as UsageQuestion['where'] & { readonly tenant?: string };
  const where = { ...given, ...(request.product == null ? {} : { product: request.product }), owner };
  const report = await reportOf(context, { ...hoursOf(context, request), tenant, by: request.groupBy ?? [], where });
  return { ...report, tenant: owner };
}

/** The tenant of the product, or the one that is asked about. Products of others are not there. */
async function ownerOf(context: AdminContext, { tenant, product }: ProductUsageRequest): Promise<string> {
  const named = product == null || tenant != null ? (await tenantFor(context, tenant))._id : undefined;
  if (product == null) return named as string;
  const { tenant: owner } = await products.need(context, product, ['product']);
  if (named !== undefined && named !== owner) throw notFound('product', ['product']);
  return owner;
}
