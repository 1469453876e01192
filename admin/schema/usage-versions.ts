import { usdText } from '../stores/usage.ts';
import {
  type Durations,
  type Estimate,
  promptVersionMetrics,
  type VersionMetrics,
  type VersionsReport,
} from '../stores/usage-versions.ts';
import { type Builder, orError } from './builder.ts';

export function addUsageVersions(builder: Builder): void {
  const estimate = builder.objectRef<Estimate>('Estimate').implement({
    description: 'A mean of values from 0 to 1. If `low` of one is above `high` of another, they differ.',
    fields: (t) => ({
      count: t.exposeFloat('count', { description: 'Of how many values it is.' }),
      mean: t.exposeFloat('mean', { nullable: true, description: 'Null: there are none.' }),
      low: t.exposeFloat('low', {
        nullable: true,
        description: 'With a certainty of 95 % it is not below: Agresti and Coull, with the variance of the values.',
      }),
      high: t.exposeFloat('high', { nullable: true, description: 'With the same certainty it is not above.' }),
    }),
  });
  const durations = builder.objectRef<Durations>('Durations').implement({
    description: 'How long something took, in milliseconds. Null: there is nothing to tell it of.',
    fields: (t) => ({
      count: t.exposeFloat('count', { description: 'Of how many calls.' }),
      meanMs: t.exposeFloat('meanMs', { nullable: true, description: 'On average.' }),
      p50Ms: t.exposeFloat('p50Ms', {
        nullable: true,
        description:
          'What half of them took at the most. It is read out of steps, each √2 times as long as the one before.',
      }),
      p95Ms: t.exposeFloat('p95Ms', {
        nullable: true,
        description: 'What 95 of a hundred took at the most, likewise.',
      }),
    }),
  });
  const nano = (nanoUsd: bigint | null) => (nanoUsd === null ? null : String(nanoUsd));
  const usd = (nanoUsd: bigint | null) => (nanoUsd === null ? null : usdText(nanoUsd));
  const version = builder.objectRef<VersionMetrics>('PromptVersionMetrics').implement({
    description: 'How a version of a prompt has done.',
    fields: (t) => ({
      version: t.exposeString('version', { description: 'Name of the version; `inline` where there is one only.' }),
      model: t.string({
        nullable: true,
        description: 'Name of the model that answered. Null: models are not told apart.',
        resolve: ({ model }) => model,
      }),
      provider: t.string({
        nullable: true,
        description: 'Name of its provider. Null: providers are not told apart.',
        resolve: ({ provider }) => provider,
      }),
      calls: t.float({ description: 'How many calls.', resolve: ({ totals }) => totals.calls }),
      share: t.exposeFloat('share', { description: 'Of all calls of the prompt, from 0 to 1.' }),
      finished: t.float({ description: 'Calls that were answered.', resolve: ({ totals }) => totals.finished }),
      failed: t.float({ description: 'Calls that ended with an error.', resolve: ({ totals }) => totals.failed }),
      schemaFailed: t.float({
        description: 'Calls that were answered with what does not fit the output type.',
        resolve: ({ totals }) => totals.schemaFailed,
      }),
      aborted: t.float({ description: 'Calls whose client went away.', resolve: ({ totals }) => totals.aborted }),
      cached: t.float({ description: 'Calls for which no model was asked.', resolve: ({ totals }) => totals.cached }),
      failureRate: t.field({
        type: estimate,
        description: '`failed` of the calls that asked a model and were not left.',
        resolve: ({ failures }) => failures,
      }),
      schemaFailureRate: t.field({
        type: estimate,
        description: '`schemaFailed` of the same calls.',
        resolve: ({ schemaFailures }) => schemaFailures,
      }),
      inputTokens: t.float({
        description: 'All tokens that were read.',
        resolve: ({ totals }) => totals.inputTokens,
      }),
      outputTokens: t.float({
        description: 'All tokens that were written.',
        resolve: ({ totals }) => totals.outputTokens,
      }),
      costUsd: t.string({
        description: 'What all of them cost in US dollars, exact to the nano-dollar.',
        resolve: ({ totals }) => usdText(totals.costNanoUsd),
      }),
      costNanoUsd: t.string({
        description: 'The same as a whole number of nano-dollars.',
        resolve: ({ totals }) => String(totals.costNanoUsd),
      }),
      costUsdPerCall: t.string({
        nullable: true,
        description: 'The cost of a call whose cost is known, to the nearest nano-dollar. Null: there is none.',
        resolve: ({ nanoUsdPerCall }) => usd(nanoUsdPerCall),
      }),
      costNanoUsdPerCall: t.string({
        nullable: true,
        description: 'The same as a whole number of nano-dollars.',
        resolve: ({ nanoUsdPerCall }) => nano(nanoUsdPerCall),
      }),
      unpricedCalls: t.float({
        description: 'Calls whose cost nobody knows.',
        resolve: ({ totals }) => totals.unpriced,
      }),
      savedUsd: t.string({
        description: 'What kept answers that were given again had cost when they were made, in US dollars.',
        resolve: ({ totals }) => usdText(totals.savedNanoUsd),
      }),
      savedNanoUsd: t.string({
        description: 'The same as a whole number of nano-dollars.',
        resolve: ({ totals }) => String(totals.savedNanoUsd),
      }),
      latency: t.field({
        type: durations,
        description: 'From a call to the end of its answer, of calls that a model has answered whole.',
        resolve: ({ latency }) => latency,
      }),
      firstToken: t.field({
        type: durations,
        description: 'From a call to its first token, of streams.',
        resolve: ({ firstToken }) => firstToken,
      }),
      score: t.field({
        type: estimate,
        description: 'What callers have said of the answers, from 0 to 1; `count` is how often.',
        resolve: ({ score }) => score,
      }),
    }),
  });
  const report = builder.objectRef<VersionsReport>('PromptVersionReport').implement({
    description: 'How the versions of a prompt have done in a time, side by side.',
    fields: (t) => ({
      tenant: t.id({ description: 'Id of the tenant whose calls they are.', resolve: ({ tenant }) => tenant }),
      prompt: t.exposeString('prompt', { description: 'Name of the prompt.' }),
      from: t.field({ type: 'DateTime', description: 'Begin of the first hour.', resolve: ({ from }) => from }),
      until: t.field({ type: 'DateTime', description: 'End of the last hour.', resolve: ({ until }) => until }),
      versions: t.field({
        type: [version],
        description: 'By name of the version, then of the model and the provider.',
        resolve: ({ versions }) => [...versions],
      }),
    }),
  });
  const dimension = builder.enumType('PromptVersionDimension', {
    description: 'By what calls of a version are told apart.',
    values: {
      MODEL: { value: 'model', description: 'By the name of the model that answered.' },
      PROVIDER: { value: 'provider', description: 'By the provider of the model.' },
    } as const,
  });
  builder.queryField('promptVersionMetrics', (t) =>
    t.field({
      type: report,
      description: 'How the versions of a prompt have done, side by side: how an A/B test has ended.',
      args: {
        tenant: t.arg.id({ description: 'Id or name of the tenant, for platform administrators.' }),
        prompt: t.arg.string({ required: true, description: 'Name of the prompt.' }),
        from: t.arg({
          type: 'DateTime',
          description: 'From the hour of this moment on. Default: 30 days before the end.',
        }),
        until: t.arg({ type: 'DateTime', description: 'Up to this moment, in whole hours. Default: now.' }),
        groupBy: t.arg({ type: [dimension], description: 'What to tell apart beside versions.' }),
      },
      resolve: (_root, args, context) => orError(() => promptVersionMetrics(context, args)),
    }),
  );
}
