import { z } from 'zod';

/** How long usage is kept. */
export const usageOptions = z.strictObject({
  /** Days that the record of each call is kept. */
  recordDays: z.int().min(1).max(3_650).default(30),
  /** Days that sums by hour are kept: totals and series are made of them. */
  hourDays: z.int().min(1).max(3_650).default(400),
});
export type UsageOptions = z.infer<typeof usageOptions>;
