import type { RateRule } from '../models/record.ts';
import type { Builder } from './builder.ts';

/** Limits of requests, as they are shown and given. */
export function addRates(builder: Builder) {
  const type = builder.objectRef<RateRule>('RateRule').implement({
    description: 'So many requests in a window of time.',
    fields: (t) => ({
      limit: t.exposeInt('limit', { description: 'How many.' }),
      windowSeconds: t.exposeInt('windowSeconds', { description: 'In how many seconds.' }),
      field: t.exposeString('field', {
        nullable: true,
        description:
          '`Type.field`: only requests that select it count, once each time it is selected. Null: every request.',
      }),
    }),
  });
  const input = builder.inputType('RateRuleInput', {
    description: 'So many requests in a window of time.',
    fields: (t) => ({
      limit: t.int({ required: true, description: 'How many: 0 lets none pass.' }),
      windowSeconds: t.int({ required: true, description: 'In how many seconds: 1 to 2,678,400, which is 31 days.' }),
      field: t.string({ description: '`Type.field`, e.g. `Query.products`: only requests that select it count.' }),
    }),
  });
  return { type, input };
}

export type Rates = ReturnType<typeof addRates>;
