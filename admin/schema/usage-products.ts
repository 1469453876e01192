import type { ObjectRef } from '@pothos/core';
import type { UsageRow, UsageTotals } from '../store/usage-log.ts';
import { type ProductUsageReport, productUsage } from '../stores/usage-products.ts';
import { type AdminTypes, type Builder, orError } from './builder.ts';

type Types = PothosSchemaTypes.ExtendDefaultTypes<AdminTypes>;

const DIMENSIONS = {
  PRODUCT: { value: 'product', description: 'By product.' },
  GRANT: { value: 'grant', description: 'By grant: an app has one for each product.' },
  TENANT: { value: 'tenant', description: 'By the tenant that called.' },
  APP: { value: 'app', description: 'By the app that called.' },
  PROMPT: { value: 'prompt', description: 'By prompt; null for calls without one.' },
  PROMPT_VERSION: { value: 'promptVersion', description: 'By version of the prompt. Group by PROMPT as well.' },
  MODEL: { value: 'model', description: 'By the name of the model that answered.' },
  PROVIDER: { value: 'provider', description: 'By the provider of the model.' },
  DAY: { value: 'day', description: 'By day, in UTC.' },
  HOUR: { value: 'hour', description: 'By hour.' },
} as const;

export function addProductUsage(builder: Builder, totals: ObjectRef<Types, UsageTotals>): void {
  const name = (field: Exclude<(typeof DIMENSIONS)[keyof typeof DIMENSIONS]['value'], 'day' | 'hour'>) => {
    return ({ group }: UsageRow) => (group[field] ?? null) as string | null;
  };
  const row = builder.objectRef<UsageRow>('ProductUsageGroup').implement({
    description: 'Calls of others that have what they are grouped by in common. What they are not grouped by is null.',
    fields: (t) => ({
      product: t.id({ nullable: true, description: 'Id of the product.', resolve: name('product') }),
      grant: t.id({ nullable: true, description: 'Id of the grant.', resolve: name('grant') }),
      tenant: t.id({ nullable: true, description: 'Id of the tenant that called.', resolve: name('tenant') }),
      app: t.id({ nullable: true, description: 'Id of the app that called.', resolve: name('app') }),
      prompt: t.string({ nullable: true, description: 'Name of the prompt.', resolve: name('prompt') }),
      promptVersion: t.string({ nullable: true, description: 'Its version.', resolve: name('promptVersion') }),
      model: t.string({ nullable: true, description: 'Name of the model.', resolve: name('model') }),
      provider: t.string({ nullable: true, description: 'Name of the provider.', resolve: name('provider') }),
      at: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'When the hour, or else the day, begins.',
        resolve: ({ group }) => (group.hour ?? group.day ?? null) as Date | null,
      }),
      totals: t.field({ type: totals, description: 'What they have used.', resolve: ({ totals }) => totals }),
    }),
  });
  const report = builder.objectRef<ProductUsageReport>('ProductUsage').implement({
    description: 'What others have used of a tenant’s models and prompts in a time, through its products.',
    fields: (t) => ({
      tenant: t.id({ description: 'Id of the tenant whose products they are.', resolve: ({ tenant }) => tenant }),
      from: t.field({ type: 'DateTime', description: 'Begin of the first hour.', resolve: ({ from }) => from }),
      until: t.field({ type: 'DateTime', description: 'End of the last hour.', resolve: ({ until }) => until }),
      totals: t.field({ type: totals, description: 'Of all calls.', resolve: ({ totals }) => totals }),
      groups: t.field({
        type: [row],
        description: 'By what was asked for: the oldest first, then by name. Empty without `groupBy`.',
        resolve: ({ rows }) => [...rows],
      }),
    }),
  });
  const dimension = builder.enumType('ProductUsageDimension', {
    description: 'By what the usage of products is told apart.',
    values: DIMENSIONS,
  });
  const filter = builder.inputType('ProductUsageFilter', {
    description: 'Which calls are meant. All that is given must hold.',
    fields: (t) => ({
      grant: t.id({ description: 'Id of the grant.' }),
      tenant: t.id({ description: 'Id of the tenant that called.' }),
      app: t.id({ description: 'Id of the app that called.' }),
      prompt: t.string({ description: 'Name of the prompt.' }),
      promptVersion: t.string({ description: 'Version of the prompt.' }),
      model: t.string({ description: 'Name of the model.' }),
      provider: t.string({ description: 'Name of the provider.' }),
    }),
  });
  builder.queryField('productUsage', (t) =>
    t.field({
      type: report,
      description:
        'What apps of other tenants have used of one’s models and prompts, through one’s products. The calls are in the `usage` of those tenants, and not in one’s own.',
      args: {
        tenant: t.arg.id({
          description: 'Id or name of the tenant whose products they are, for platform administrators.',
        }),
        product: t.arg.id({ description: 'Id of the product. Default: all of the tenant.' }),
        from: t.arg({
          type: 'DateTime',
          description: 'From the hour of this moment on. Default: 30 days before the end.',
        }),
        until: t.arg({ type: 'DateTime', description: 'Up to this moment, in whole hours. Default: now.' }),
        groupBy: t.arg({ type: [dimension], description: 'What to tell apart. 10,000 groups at the most.' }),
        where: t.arg({ type: filter, description: 'Which calls.' }),
      },
      resolve: (_root, args, context) => orError(() => productUsage(context, args)),
    }),
  );
}
