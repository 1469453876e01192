import { type Feedback, SCORE_UNIT } from '../models/feedback.ts';
import { endOfPage, type Page, type Sort } from '../store/page.ts';
import { type FeedbackListRequest, feedback } from '../stores/feedback.ts';
import { type Builder, orError, type Shared } from './builder.ts';

interface FeedbackPage {
  readonly page: Page<Feedback>;
  readonly sort: Sort;
}

export function addFeedback(builder: Builder, { pageInfo }: Shared): void {
  const node = builder.objectRef<Feedback>('PromptFeedback').implement({
    description: 'What a caller has said of an answer of a prompt. Said again, it replaces what was said.',
    fields: (t) => ({
      id: t.id({ description: 'Never changes.', resolve: ({ _id }) => _id }),
      at: t.field({ type: 'DateTime', description: 'When it was said last.', resolve: ({ updatedAt }) => updatedAt }),
      tenant: t.id({ description: 'Id of the tenant.', resolve: ({ tenant }) => tenant }),
      call: t.id({ description: 'Id of the usage record of the call.', resolve: ({ call }) => call }),
      calledAt: t.field({ type: 'DateTime', description: 'When the call ended.', resolve: ({ callAt }) => callAt }),
      app: t.id({ nullable: true, description: 'Id of the app that has said it.', resolve: ({ app }) => app }),
      user: t.exposeString('user', { nullable: true, description: 'Subject of the token that it was said with.' }),
      prompt: t.exposeString('prompt', { description: 'Name of the prompt.' }),
      promptVersion: t.exposeString('promptVersion', { description: 'The version that was asked by.' }),
      model: t.exposeString('model', { description: 'Name of the model that answered.' }),
      score: t.float({ description: 'From 0 to 1.', resolve: ({ score }) => score / SCORE_UNIT }),
      comment: t.string({
        nullable: true,
        description: 'What was said in words.',
        resolve: ({ comment }) => (comment === '' ? null : comment),
      }),
    }),
  });
  const connection = builder.objectRef<FeedbackPage>('PromptFeedbackConnection').implement({
    description: 'A page of feedback.',
    fields: (t) => ({
      nodes: t.field({ type: [node], description: 'The feedback.', resolve: ({ page }) => [...page.records] }),
      pageInfo: t.field({
        type: pageInfo,
        description: 'Where the page ends.',
        resolve: ({ page, sort }) => endOfPage(page, sort),
      }),
    }),
  });
  const filter = builder.inputType('PromptFeedbackFilter', {
    description: 'Which feedback is meant. All that is given must hold.',
    fields: (t) => ({
      call: t.id({ description: 'Id of the usage record of the call.' }),
      prompt: t.string({ description: 'Name of the prompt.' }),
      promptVersion: t.string({ description: 'Version of the prompt.' }),
      model: t.string({ description: 'Name of the model.' }),
      app: t.id({ description: 'Id of the app that has said it.' }),
    }),
  });
  const sort = builder.enumType('PromptFeedbackSort', {
    description: 'In which order feedback is listed.',
    values: {
      CREATED: { value: '_id', description: 'The oldest first.' },
      CREATED_DESC: { value: '-_id', description: 'The newest first.' },
    },
  });
  builder.queryField('promptFeedback', (t) =>
    t.field({
      type: connection,
      description: 'What callers have said of answers of prompts, in pages. It is kept as long as usage records are.',
      args: {
        tenant: t.arg.id({
          description: 'Id or name of a tenant, for platform administrators. Default: all they may see.',
        }),
        where: t.arg({ type: filter, description: 'Which feedback.' }),
        sort: t.arg({ type: sort, description: 'In which order. Default: CREATED_DESC.' }),
        first: t.arg.int({ defaultValue: 50, description: 'How many at the most: 1 to 500.' }),
        after: t.arg.string({ description: '`endCursor` of the page before.' }),
      },
      resolve: (_root, { sort: order, ...request }, context) =>
        orError(async () => {
          const sort = { field: '_id', descending: (order ?? '-_id') === '-_id' };
          return {
            page: await feedback.list(context, { ...(request as Omit<FeedbackListRequest, 'sort'>), sort }),
            sort,
          };
        }),
    }),
  );
}
