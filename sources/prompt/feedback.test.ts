import { expect, it } from 'vitest';
import { createCallContext } from '../../test/utils/call-context.ts';
import { type FeedbackInput, type FeedbackKeeper, feedbackCall } from './feedback.ts';

const { context } = createCallContext();

function ask(input: Partial<FeedbackInput>, keeper?: FeedbackKeeper): Promise<unknown> {
  const given = { call: 'use_1', score: 0.5, ...input };
  return feedbackCall(keeper)
    .invoke({ input: given }, context)
    .catch(({ code, message }: { code: string; message: string }) => `${code}: ${message}`);
}

it('is handed on as far as it is within bounds', async () => {
  const kept: FeedbackInput[] = [];
  const keeper: FeedbackKeeper = {
    async keep(feedback) {
      kept.push(feedback);
      return { call: feedback.call, prompt: 'say', version: 'v1', score: feedback.score, comment: null };
    },
  };
  for (const score of [0, 1, 0.123])
    expect(await ask({ score }, keeper)).toEqual({ call: 'use_1', prompt: 'say', version: 'v1', score, comment: null });
  expect(await ask({ comment: 'x'.repeat(2_000) }, keeper)).toMatchObject({ call: 'use_1' });
  for (const score of [-0.001, 1.001, Number.NaN, Number.POSITIVE_INFINITY])
    expect(await ask({ score }, keeper)).toBe('BAD_USER_INPUT: The score must be from 0 to 1.');
  expect(await ask({ comment: 'x'.repeat(2_001) }, keeper)).toBe(
    'BAD_USER_INPUT: The comment must have 2,000 characters at the most.',
  );
  expect(kept).toHaveLength(4);
});

it('is refused where nothing keeps it', async () => {
  expect(await ask({})).toBe('STORE_UNAVAILABLE: Feedback is not kept here.');
});
