import type { UsageAttempt, UsageOutcome, UsageRecord } from '../models/usage.ts';
import { endOfPage, type Page, type Sort } from '../store/page.ts';
import { type UsageListRequest, usage, usdText } from '../stores/usage.ts';
import { type Builder, orError, type Shared } from './builder.ts';

const OUTCOMES = {
  FINISHED: { value: 'finished', description: 'It was answered.' },
  FAILED: { value: 'failed', description: 'It ended with an error.' },
  SCHEMA_FAILED: {
    value: 'schemaFailed',
    description: 'It was answered with what does not fit the output type of its prompt.',
  },
  ABORTED: { value: 'aborted', description: 'The client went away.' },
  CACHED: { value: 'cached', description: 'The answer was there already: no model was asked.' },
} as const satisfies Record<string, { value: UsageOutcome; description: string }>;

interface RecordPage {
  readonly page: Page<UsageRecord>;
  readonly sort: Sort;
}

export function addUsageRecords(builder: Builder, { pageInfo }: Shared): void {
  const outcomes = builder.enumType('UsageOutcome', { description: 'How a call of a model ended.', values: OUTCOMES });
  const attempt = builder.objectRef<UsageAttempt>('UsageAttempt').implement({
    description: 'A model that was asked in a call.',
    fields: (t) => ({
      model: t.exposeString('model', { description: 'Name of the model.' }),
      provider: t.exposeString('provider', { description: 'Name of its provider.' }),
      outcome: t.exposeString('outcome', { description: '`ok`, or the code of the error.' }),
      upstreamStatus: t.exposeInt('upstreamStatus', { nullable: true, description: 'HTTP status of the provider.' }),
      latencyMs: t.exposeFloat('latencyMs', { description: 'How long it took, in milliseconds.' }),
    }),
  });
  const tokens = (description: string) =>
    ({ nullable: true, description: `${description} Null: nobody knows.` }) as const;
  const record = builder.objectRef<UsageRecord>('UsageRecord').implement({
    description: 'What one call of a model has used. What is not known is null, never 0.',
    fields: (t) => ({
      id: t.id({ description: 'Never changes. Ids sort by time.', resolve: ({ _id }) => _id }),
      at: t.field({ type: 'DateTime', description: 'When the call ended.', resolve: ({ at }) => at }),
      tenant: t.id({ description: 'Id of the tenant that called.', resolve: ({ tenant }) => tenant }),
      app: t.id({ nullable: true, description: 'Id of the app.', resolve: ({ app }) => app }),
      key: t.id({
        nullable: true,
        description: 'Id of the key, or `config:` and the name of one of skein.yaml.',
        resolve: ({ key }) => key,
      }),
      user: t.exposeString('user', { nullable: true, description: 'Subject of the token that was called with.' }),
      productTenant: t.id({
        nullable: true,
        description: 'Id of the tenant whose product was used; null for calls of what is one’s own.',
        resolve: ({ owner }) => owner,
      }),
      product: t.id({ nullable: true, description: 'Id of the product.', resolve: ({ product }) => product }),
      grant: t.id({
        nullable: true,
        description: 'Id of the grant that it was used by.',
        resolve: ({ grant }) => grant,
      }),
      requestId: t.exposeString('requestId', { description: 'Id of the request, as in the log.' }),
      door: t.exposeString('door', {
        description: 'What the call came through: `graphql`, `graphql-ws`, `playground` …',
      }),
      kind: t.exposeString('kind', { description: '`chat` or `embed`.' }),
      prompt: t.exposeString('prompt', { nullable: true, description: 'Name of the prompt.' }),
      promptVersion: t.exposeString('promptVersion', { nullable: true, description: 'Version of the prompt.' }),
      promptHash: t.exposeString('promptHash', { nullable: true, description: 'Hash of what the version says.' }),
      route: t.exposeString('route', { description: 'The name that was asked for: of a route or a model.' }),
      model: t.exposeString('model', { description: 'Name of the model that answered, or was asked last.' }),
      provider: t.exposeString('provider', { description: 'Name of its provider.' }),
      modelId: t.exposeString('modelId', { description: 'What the provider calls the model.' }),
      outcome: t.field({ type: outcomes, description: 'How it ended.', resolve: ({ outcome }) => outcome }),
      isFollowed: t.boolean({
        description:
          'It is what was paid for an attempt that came to nothing and that another one of the same call followed. It is in totals of tokens and costs, and in no number of calls.',
        resolve: ({ isFollowed }) => isFollowed === true,
      }),
      errorCode: t.exposeString('errorCode', { nullable: true, description: 'Code of the error, if it had one.' }),
      inputTokens: t.exposeFloat('inputTokens', tokens('All tokens that were read.')),
      cachedInputTokens: t.exposeFloat('cachedInputTokens', tokens('Of these, from the cache of the provider.')),
      cacheWriteTokens: t.exposeFloat('cacheWriteTokens', tokens('Of these, written to the cache of the provider.')),
      outputTokens: t.exposeFloat('outputTokens', tokens('All tokens that were written.')),
      reasoningTokens: t.exposeFloat('reasoningTokens', tokens('Of these, of reasoning.')),
      isEstimated: t.exposeBoolean('isEstimated', { description: 'Tokens are reckoned from characters.' }),
      rawUsage: t.field({
        type: 'JSON',
        nullable: true,
        description: 'What the provider said of the tokens.',
        resolve: ({ rawUsage }) => parse(rawUsage),
      }),
      costUsd: t.string({
        ...tokens('The cost in US dollars, exact to the nano-dollar.'),
        resolve: ({ costNanoUsd }) => (costNanoUsd === null ? null : usdText(costNanoUsd)),
      }),
      costNanoUsd: t.string({
        ...tokens('The same as a whole number of nano-dollars.'),
        resolve: ({ costNanoUsd }) => (costNanoUsd === null ? null : String(costNanoUsd)),
      }),
      savedUsd: t.string({
        nullable: true,
        description:
          'What a kept answer had cost when it was made, in US dollars. Null: nobody knows, or it was asked for.',
        resolve: ({ savedNanoUsd }) => (savedNanoUsd === null ? null : usdText(savedNanoUsd)),
      }),
      savedNanoUsd: t.string({
        nullable: true,
        description: 'The same as a whole number of nano-dollars.',
        resolve: ({ savedNanoUsd }) => (savedNanoUsd === null ? null : String(savedNanoUsd)),
      }),
      price: t.field({
        type: 'JSON',
        ...tokens('Nano-dollars for a million tokens of each class, as they were applied.'),
        resolve: ({ price }) => parse(price),
      }),
      latencyMs: t.exposeFloat('latencyMs', { description: 'From the call to its end, in milliseconds.' }),
      firstTokenMs: t.exposeFloat('firstTokenMs', {
        nullable: true,
        description: 'From the call to its first token, in milliseconds. Null: it is no stream, or had none.',
      }),
      attemptCount: t.exposeInt('attemptCount', { description: 'How many models were asked, or how often.' }),
      attempts: t.field({
        type: [attempt],
        description: 'Who was asked, one after the other: the last 20.',
        resolve: ({ attempts }) => parse(attempts) as UsageAttempt[],
      }),
    }),
  });
  const connection = builder.objectRef<RecordPage>('UsageRecordConnection').implement({
    description: 'A page of usage records.',
    fields: (t) => ({
      nodes: t.field({ type: [record], description: 'The records.', resolve: ({ page }) => [...page.records] }),
      pageInfo: t.field({
        type: pageInfo,
        description: 'Where the page ends.',
        resolve: ({ page, sort }) => endOfPage(page, sort),
      }),
    }),
  });
  const filter = builder.inputType('UsageRecordFilter', {
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
      outcome: t.field({ type: outcomes, description: 'How it ended.' }),
      requestId: t.string({ description: 'Id of the request.' }),
      from: t.field({ type: 'DateTime', description: 'Not before this moment.' }),
      until: t.field({ type: 'DateTime', description: 'Before this moment.' }),
    }),
  });
  const sort = builder.enumType('UsageRecordSort', {
    description: 'In which order usage records are listed.',
    values: {
      CREATED: { value: '_id', description: 'The oldest first.' },
      CREATED_DESC: { value: '-_id', description: 'The newest first.' },
    },
  });
  builder.queryFields((t) => ({
    usageRecord: t.field({
      type: record,
      nullable: true,
      description: 'The usage record with this id; null where there is none, or none that the caller may see.',
      args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
      resolve: (_root, { id }, context) => orError(async () => (await usage.get(context, id)) ?? null),
    }),
    usageRecords: t.field({
      type: connection,
      description: 'Calls of models, each by itself, in pages. They are kept for a while; sums are kept for longer.',
      args: {
        tenant: t.arg.id({
          description: 'Id or name of a tenant, for platform administrators. Default: all they may see.',
        }),
        where: t.arg({ type: filter, description: 'Which ones.' }),
        sort: t.arg({ type: sort, description: 'In which order. Default: CREATED_DESC.' }),
        first: t.arg.int({ defaultValue: 50, description: 'How many at the most: 1 to 500.' }),
        after: t.arg.string({ description: '`endCursor` of the page before.' }),
      },
      resolve: (_root, { sort: order, ...request }, context) =>
        orError(async () => {
          const sort = { field: '_id', descending: (order ?? '-_id') === '-_id' };
          return { page: await usage.list(context, { ...(request as UsageListRequest), sort }), sort };
        }),
    }),
  }));
}

function parse(json: string | null): unknown {
  return json === null ? null : JSON.parse(json);
}
