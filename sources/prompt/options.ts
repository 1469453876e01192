import { z } from 'zod';
import { choiceOf } from '../../kernel/choice-of.ts';
import { answerCacheOptions } from '../ai/cache/options.ts';

const promptInput = z
  .union([
    z.string(),
    z.strictObject({
      type: z.string().describe('GraphQL type of the argument, e.g. `String!`.'),
      description: z.string().optional().describe('Shown on the argument in the graph.'),
    }),
  ])
  .meta({ short: 'type', description: 'An argument of a prompt.' });

const promptExample = z
  .strictObject({
    input: z
      .record(z.string(), z.json())
      .default({})
      .describe('A map: values of the arguments. The template is filled with them.'),
    output: z.json().describe('What the right answer to it is: text, or a value of the output type.'),
  })
  .meta({ id: 'PromptExample', description: 'One turn that shows the model what is wanted.' });
export type PromptExample = z.infer<typeof promptExample>;

/** What a version is beside its template and its route. */
const content = {
  system: z
    .string()
    .optional()
    .describe('What the model is told beforehand; a Liquid template as `template` is. Default: nothing.'),
  maxTokens: z
    .int()
    .min(1)
    .optional()
    .describe('Tokens that the answer may have. Default: as the model’s options say.'),
  temperature: z.number().min(0).max(2).optional().describe('How free the answer is. Default: as the provider has it.'),
  examples: z
    .array(promptExample)
    .max(50)
    .optional()
    .describe('Turns that stand before the question, as if the model had answered them. At most 50.'),
};

export const promptVersionOptions = z
  .strictObject({
    template: z.string().min(1).describe('Liquid template over the arguments, e.g. `Summarize: {{ text }}`.'),
    route: z.string().optional().describe('Name of a route or a model. Default: the `route` of the prompt.'),
    ...content,
  })
  .meta({
    id: 'PromptVersion',
    description:
      'One way of asking. What the prompt’s field takes and gives is not its own: it is the same for all versions.',
  });
export type PromptVersionOptions = z.infer<typeof promptVersionOptions>;

const ids = z.array(z.string().min(1).meta({ scalar: 'ID' })).default([]);

export const promptShare = z
  .strictObject({
    version: z.string().describe('Name of one of `versions`.'),
    weight: z
      .int()
      .min(0)
      .max(1_000_000)
      .default(1)
      .describe('Share of the callers that it gets, of the sum of all weights. 0: only who is named, or names it.'),
    callers: z
      .strictObject({
        keys: ids.describe('Ids of keys.'),
        apps: ids.describe('Ids of apps.'),
        tenants: ids.describe('Ids of tenants.'),
      })
      .meta({ id: 'PromptCallers', description: 'Callers that get a version against all weights.' })
      .optional()
      .describe('Callers that get it against all weights, by id. A key goes before its app, an app before its tenant.'),
  })
  .meta({ id: 'PromptShare', description: 'A version that answers calls, and whose.' });
export type PromptShare = z.infer<typeof promptShare>;

const versionName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'must be at most 64 letters, digits, dots, - and _, beginning with a letter or digit',
  )
  .describe('What the version is called.');

export const promptOptions = z
  .strictObject({
    description: z.string().optional().describe('Shown on the field in the graph.'),
    input: z
      .record(z.string().describe('Name of the argument.'), promptInput)
      .meta({ id: 'PromptArgument' })
      .default({})
      .describe(
        'Arguments of the field by name, with their GraphQL types, e.g. `text` of `String!`. Input types and enums come from `types`.',
      ),
    output: z
      .string()
      .default('String!')
      .describe(
        'GraphQL type of the result. `String!` is the text itself. Anything else is asked of the model as structured output and validated.',
      ),
    types: z
      .string()
      .default('')
      .describe('SDL of the types that `input` and `output` name: enums, inputs and object types of this prompt.'),
    template: z
      .string()
      .min(1)
      .optional()
      .describe('Liquid template over the arguments, e.g. `Summarize: {{ text }}`.'),
    route: z.string().default('default').describe('Name of a route or a model.'),
    ...content,
    versions: z
      .record(versionName, promptVersionOptions)
      .meta({ id: 'NamedPromptVersion', key: 'version', description: 'One way of asking, with its name.' })
      .optional()
      .describe('In the place of `template`: ways of asking, by name.'),
    release: z.array(promptShare).min(1).optional().describe('Which of the versions answer. Default: the only one.'),
    sticky: choiceOf({
      caller: 'A caller keeps its version.',
      request: 'Only a request keeps it, with all the calls in it.',
    })
      .default('caller')
      .describe('What keeps its version.'),
    header: z
      .string()
      .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'must be a header name')
      .optional()
      .describe(
        'Header of the client’s request that names one of the released versions, against all weights. Default: none.',
      ),
    cache: answerCacheOptions
      .optional()
      .describe('Answers to be given again to the same question. Default: as those of its route or model.'),
    estimatedCostUsd: z
      .number()
      .min(0)
      .max(1_000_000)
      .optional()
      .describe(
        'What a call may cost by estimate, in US dollars, for limits on operations. Default: reckoned of the template, the longest answer and the dearest model.',
      ),
    concurrency: z
      .strictObject({
        perRequest: z.int().min(1).max(1_000).default(10).describe('By one request, as for a field of many objects.'),
        total: z
          .int()
          .min(1)
          .max(100_000)
          .optional()
          .describe('By all requests to this instance. Default: as many as there are.'),
      })
      .prefault({})
      .describe('How many whole answers are waited for at a time; what is more waits. Streams are not counted.'),
  })
  .describe(
    'A prompt: template, typed input, typed output, and the route that answers it; or versions of these side by side.',
  );
export type PromptOptions = z.infer<typeof promptOptions>;
