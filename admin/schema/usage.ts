import { SCORE_UNIT } from '../models/feedback.ts';
import type { UsageRow, UsageTotals } from '../store/usage-log.ts';
import { type UsageReport, usage, usdText } from '../stores/usage.ts';
import { type Builder, type Outcome, orError, outcome, type Shared } from './builder.ts';
import { addFeedback } from './feedback.ts';
import { addProductUsage } from './usage-products.ts';
import { addUsageRecords } from './usage-records.ts';
import { addUsageVersions } from './usage-versions.ts';

/** Whole numbers beyond the 31 bits of `Int` are `Float` in GraphQL. */
const DIMENSIONS = {
  TENANT: { value: 'tenant', description: 'Whose calls they are.' },
  APP: { value: 'app', description: 'By the app that called.' },
  KEY: { value: 'key', description: 'By the key that was called with.' },
  PROMPT: { value: 'prompt', description: 'By prompt; null for calls without one.' },
  PROMPT_VERSION: { value: 'promptVersion', description: 'By version of the prompt. Group by PROMPT as well.' },
  MODEL: { value: 'model', description: 'By the name of the model that answered.' },
  PROVIDER: { value: 'provider', description: 'By the provider of the model.' },
  PRODUCT: {
    value: 'product',
    description: 'By the product of another tenant that was used; null for what is one’s own.',
  },
  GRANT: { value: 'grant', description: 'By the grant that it was used by, likewise.' },
  DAY: { value: 'day', description: 'By day, in UTC.' },
  HOUR: { value: 'hour', description: 'By hour.' },
} as const;

export function addUsage(builder: Builder, shared: Shared): void {
  addProductUsage(builder, addReport(builder));
  addUsageRecords(builder, shared);
  addUsageVersions(builder);
  addFeedback(builder, shared);
  addRecount(builder, shared);
}

function addReport(builder: Builder) {
  const totals = builder.objectRef<UsageTotals>('UsageTotals').implement({
    description: 'What calls of models have used together. Tokens and costs that nobody knows are in no sum.',
    fields: (t) => ({
      calls: t.float({ description: 'How many calls.', resolve: ({ calls }) => calls }),
      finished: t.float({ description: 'Calls that were answered.', resolve: ({ finished }) => finished }),
      failed: t.float({ description: 'Calls that ended with an error.', resolve: ({ failed }) => failed }),
      schemaFailed: t.float({
        description: 'Calls that were answered with what does not fit the output type of their prompt.',
        resolve: ({ schemaFailed }) => schemaFailed,
      }),
      aborted: t.float({ description: 'Calls whose client went away.', resolve: ({ aborted }) => aborted }),
      cached: t.float({ description: 'Calls for which no model was asked.', resolve: ({ cached }) => cached }),
      furtherAttempts: t.float({
        description: 'Retries and fallbacks: how often a model was asked after another attempt of the same call.',
        resolve: ({ furtherAttempts }) => furtherAttempts,
      }),
      inputTokens: t.float({
        description: 'All tokens that were read, cache reads and writes among them.',
        resolve: ({ inputTokens }) => inputTokens,
      }),
      cachedInputTokens: t.float({
        description: 'Of the input tokens, those that came from the cache of the provider.',
        resolve: ({ cachedInputTokens }) => cachedInputTokens,
      }),
      cacheWriteTokens: t.float({
        description: 'Of the input tokens, those that were written to the cache of the provider.',
        resolve: ({ cacheWriteTokens }) => cacheWriteTokens,
      }),
      outputTokens: t.float({
        description: 'All tokens that were written, reasoning among them.',
        resolve: ({ outputTokens }) => outputTokens,
      }),
      reasoningTokens: t.float({
        description: 'Of the output tokens, those of reasoning.',
        resolve: ({ reasoningTokens }) => reasoningTokens,
      }),
      costUsd: t.string({
        description: 'The cost in US dollars, exact to the nano-dollar: `"12.345678901"`.',
        resolve: ({ costNanoUsd }) => usdText(costNanoUsd),
      }),
      costNanoUsd: t.string({
        description: 'The same as a whole number of nano-dollars.',
        resolve: ({ costNanoUsd }) => String(costNanoUsd),
      }),
      savedUsd: t.string({
        description: 'What kept answers that were given again had cost when they were made, in US dollars.',
        resolve: ({ savedNanoUsd }) => usdText(savedNanoUsd),
      }),
      savedNanoUsd: t.string({
        description: 'The same as a whole number of nano-dollars.',
        resolve: ({ savedNanoUsd }) => String(savedNanoUsd),
      }),
      uncountedCalls: t.float({
        description: 'Calls whose tokens nobody knows.',
        resolve: ({ uncounted }) => uncounted,
      }),
      unpricedCalls: t.float({
        description: 'Calls whose cost nobody knows: the tokens, or the price of the model, are not known.',
        resolve: ({ unpriced }) => unpriced,
      }),
      estimatedCalls: t.float({
        description: 'Calls whose tokens are reckoned from characters, as the provider has not told all of them.',
        resolve: ({ estimated }) => estimated,
      }),
      averageLatencyMs: t.float({
        nullable: true,
        description: 'From a call to its end, in milliseconds. Null: there were none.',
        resolve: ({ latencyMs, calls }) => average(latencyMs, calls),
      }),
      averageFirstTokenMs: t.float({
        nullable: true,
        description: 'From a call to its first token, of streams, in milliseconds. Null: there were none.',
        resolve: ({ firstTokenMs, firstTokens }) => average(firstTokenMs, firstTokens),
      }),
      feedbacks: t.float({
        description: 'How often callers have said how good an answer was.',
        resolve: ({ feedbacks }) => feedbacks,
      }),
      averageScore: t.float({
        nullable: true,
        description: 'How good they were, from 0 to 1. Null: nobody has said.',
        resolve: ({ score, feedbacks }) => average(score / SCORE_UNIT, feedbacks),
      }),
    }),
  });
  const name = (
    field: 'tenant' | 'app' | 'key' | 'prompt' | 'promptVersion' | 'model' | 'provider' | 'product' | 'grant',
  ) => {
    return ({ group }: UsageRow) => (group[field] ?? null) as string | null;
  };
  const row = builder.objectRef<UsageRow>('UsageGroup').implement({
    description: 'Calls that have what they are grouped by in common. What they are not grouped by is null.',
    fields: (t) => ({
      tenant: t.id({ nullable: true, description: 'Id of the tenant.', resolve: name('tenant') }),
      app: t.id({
        nullable: true,
        description: 'Id of the app; null also for keys of skein.yaml.',
        resolve: name('app'),
      }),
      key: t.id({
        nullable: true,
        description: 'Id of the key, or `config:` and the name of one of skein.yaml; null also for calls with a token.',
        resolve: name('key'),
      }),
      prompt: t.string({ nullable: true, description: 'Name of the prompt.', resolve: name('prompt') }),
      promptVersion: t.string({ nullable: true, description: 'Its version.', resolve: name('promptVersion') }),
      model: t.string({ nullable: true, description: 'Name of the model.', resolve: name('model') }),
      provider: t.string({ nullable: true, description: 'Name of the provider.', resolve: name('provider') }),
      product: t.id({
        nullable: true,
        description: 'Id of the product of another tenant; null also for what is the caller’s own.',
        resolve: name('product'),
      }),
      grant: t.id({
        nullable: true,
        description: 'Id of the grant that it was used by, likewise.',
        resolve: name('grant'),
      }),
      at: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'When the hour, or else the day, begins.',
        resolve: ({ group }) => (group.hour ?? group.day ?? null) as Date | null,
      }),
      totals: t.field({ type: totals, description: 'What they have used.', resolve: ({ totals }) => totals }),
    }),
  });
  const report = builder.objectRef<UsageReport>('Usage').implement({
    description: 'What calls of models have used in a time.',
    fields: (t) => ({
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
  const dimension = builder.enumType('UsageDimension', {
    description: 'By what usage is told apart.',
    values: DIMENSIONS,
  });
  const filter = builder.inputType('UsageFilter', {
    description: 'Which calls are meant. All that is given must hold.',
    fields: (t) => ({
      app: t.id({ description: 'Id of the app.' }),
      key: t.id({ description: 'Id of the key.' }),
      prompt: t.string({ description: 'Name of the prompt.' }),
      promptVersion: t.string({ description: 'Version of the prompt.' }),
      model: t.string({ description: 'Name of the model.' }),
      provider: t.string({ description: 'Name of the provider.' }),
      product: t.id({ description: 'Id of the product of another tenant that was used.' }),
      grant: t.id({ description: 'Id of the grant that it was used by.' }),
    }),
  });
  builder.queryField('usage', (t) =>
    t.field({
      type: report,
      description: 'What calls of models have used, and what that cost: totals, and a series or a table of them.',
      args: {
        tenant: t.arg.id({
          description: 'Id or name of a tenant, for platform administrators. Default: all they may see.',
        }),
        from: t.arg({
          type: 'DateTime',
          description: 'From the hour of this moment on. Default: 30 days before the end.',
        }),
        until: t.arg({ type: 'DateTime', description: 'Up to this moment, in whole hours. Default: now.' }),
        groupBy: t.arg({ type: [dimension], description: 'What to tell apart. 10,000 groups at the most.' }),
        where: t.arg({ type: filter, description: 'Which calls.' }),
      },
      resolve: (_root, args, context) => orError(() => usage.report(context, args)),
    }),
  );
  return totals;
}

function average(sum: number, count: number): number | null {
  return count === 0 ? null : sum / count;
}

function addRecount(builder: Builder, { userError }: Shared): void {
  const payload = builder.objectRef<Outcome<number>>('RecountUsagePayload').implement({
    description: 'What came of counting again.',
    fields: (t) => ({
      raised: t.int({
        nullable: true,
        description: 'How many sums of an hour were short; null where there are mistakes.',
        resolve: ({ value }) => value,
      }),
      errors: t.field({
        type: [userError],
        description: 'What is wrong with what was given. Empty: it is done.',
        resolve: ({ errors }) => [...errors],
      }),
    }),
  });
  builder.mutationField('recountUsage', (t) =>
    t.field({
      type: payload,
      description:
        'Raises the sums of hours to what the usage records of all tenants say: for hours in which an instance has crashed. It never lowers one, and leaves out hours that are not over for 10 minutes. For platform administrators.',
      args: {
        from: t.arg({ type: 'DateTime', required: true, description: 'From the hour of this moment on.' }),
        until: t.arg({ type: 'DateTime', required: true, description: 'Up to the hour of this moment.' }),
      },
      resolve: (_root, { from, until }, context) => outcome(() => usage.recount(context, from, until)),
    }),
  );
}
