import { z } from 'zod';
import { choiceOf } from '../../../kernel/choice-of.ts';

export const answerCacheOptions = z
  .strictObject({
    ttlSeconds: z.int().min(1).max(31_536_000).describe('How long an answer is given again, in seconds.'),
    scope: choiceOf({
      tenant: 'Callers of the same tenant with the same grants.',
      caller: 'The one caller.',
    })
      .default('tenant')
      .describe('Who may be given it.'),
  })
  .meta({ id: 'AnswerCache', description: 'How long whole answers of models are kept, and for whom.' });
export type AnswerCacheOptions = z.infer<typeof answerCacheOptions>;
