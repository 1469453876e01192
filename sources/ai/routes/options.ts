import { z } from 'zod';
import { choiceOf } from '../../../kernel/choice-of.ts';
import { answerCacheOptions } from '../cache/options.ts';

const ids = z
  .array(z.string().min(1).meta({ scalar: 'ID' }))
  .min(1)
  .optional();

const conditionOptions = z
  .strictObject({
    callers: z
      .strictObject({
        keys: ids.describe('Ids of keys.'),
        apps: ids.describe('Ids of apps.'),
        tenants: ids.describe('Ids of tenants.'),
      })
      .optional()
      .describe('Callers it is for: one of them must fit. Default: all.'),
    minInputTokens: z.int().min(0).optional().describe('The least tokens of the question, by estimate.'),
    maxInputTokens: z.int().min(0).optional().describe('The most tokens of the question, by estimate.'),
    metadata: z
      .record(z.string().describe('Name of an entry.'), z.string().describe('What it must say.'))
      .optional()
      .describe('Entries that the call’s metadata must have.'),
  })
  .meta({
    id: 'RouteCondition',
    description: 'What must hold of a call for a target of a conditional route; all that is said must.',
  });
export type ConditionOptions = z.infer<typeof conditionOptions>;

const targetOptions = z.strictObject({
  model: z.string().min(1).describe('Name of the model.'),
  weight: z.number().min(0).default(1).describe('Its share, with the strategy `weighted`.'),
  timeoutMs: z
    .int()
    .min(1)
    .max(3_600_000)
    .optional()
    .describe(
      'How long it may take until its first token, or its whole answer where it is not streamed, in milliseconds. Default: as long as the provider may.',
    ),
  retries: z.int().min(0).max(5).default(0).describe('How often it is asked again before the next one is.'),
  when: conditionOptions
    .optional()
    .describe('Which calls it is for, with the strategy `conditional`. Default: every call.'),
});
export type TargetOptions = z.infer<typeof targetOptions>;

export const routeOptions = z
  .union([
    z.array(z.string()).min(1),
    z.strictObject({
      strategy: choiceOf({
        fallback: 'In the order they stand.',
        weighted: 'By chance, by weight.',
        cheapest: 'The lowest price for this question; unknown prices last.',
        fastest: 'The shortest median time to the first token lately.',
        conditional: 'The first whose `when` holds; those whose does not are not asked.',
      })
        .default('fallback')
        .describe('Which target is asked first; the others follow when it fails before its first token.'),
      targets: z
        .array(z.union([z.string().min(1), targetOptions]).meta({ short: 'model', description: 'A model of a route.' }))
        .min(1)
        .describe('The models, in order of preference.'),
      sticky: choiceOf({ caller: 'A caller keeps its first target.', none: 'Each call is for itself.' })
        .default('none')
        .describe('What keeps its first target. With `weighted`.'),
      onContextOverflow: choiceOf({ fail: 'It is refused.', next: 'The next target is asked.' })
        .default('fail')
        .describe('What becomes of a question that is too long for a target.'),
      cache: answerCacheOptions.optional().describe('Answers to be given again to the same question. Default: none.'),
    }),
  ])
  .meta({
    short: 'targets',
    description: 'A name that stands for models: in order of preference, or by a strategy.',
  });
export type RouteOptions = z.infer<typeof routeOptions>;

/** Names of the models of a route, each with its place below the route. */
export function routeMembers(route: RouteOptions): readonly { model: string; path: readonly (string | number)[] }[] {
  if (Array.isArray(route)) return route.map((model, index) => ({ model, path: [index] }));
  return route.targets.map((target, index) =>
    typeof target === 'string'
      ? { model: target, path: ['targets', index] }
      : { model: target.model, path: ['targets', index, 'model'] },
  );
}
