import { z } from 'zod';

export const usageOptions = z
  .strictObject({
    recordDays: z.int().min(1).max(3_650).default(30).describe('Days that the record of each call is kept.'),
    hourDays: z
      .int()
      .min(1)
      .max(3_650)
      .default(400)
      .describe('Days that sums by hour are kept: totals and series are made of them.'),
  })
  .describe('How long usage is kept.');
export type UsageOptions = z.infer<typeof usageOptions>;
