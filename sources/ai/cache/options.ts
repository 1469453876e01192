import { z } from 'zod';

/** How long whole answers of models are kept, and for whom. */
export const answerCacheOptions = z.strictObject({
  /** How long an answer is given again, in seconds. */
  ttlSeconds: z.int().min(1).max(31_536_000),
  /** Who may be given it: callers of the same tenant with the same grants, or the one caller. */
  scope: z.enum(['tenant', 'caller']).default('tenant'),
});
export type AnswerCacheOptions = z.infer<typeof answerCacheOptions>;
