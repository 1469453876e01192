import { z } from 'zod';
import { answerCacheOptions } from '../ai/cache/options.ts';

/** An argument: its GraphQL type, alone or with what is shown of it in the graph. */
const promptInput = z.union([z.string(), z.strictObject({ type: z.string(), description: z.string().optional() })]);

/** One turn that shows the model what is wanted. */
const promptExample = z.strictObject({
  /** Values of the arguments: the template is filled with them. */
  input: z.record(z.string(), z.json()).default({}),
  /** What the right answer to it is: text, or a value of the output type. */
  output: z.json(),
});
export type PromptExample = z.infer<typeof promptExample>;

/** What a version is beside its template and its route. */
const content = {
  /** What the model is told beforehand; a Liquid template as `template` is. */
  system: z.string().optional(),
  maxTokens: z.int().min(1).optional(),
  temperature: z.number().min(0).max(2).optional(),
  /** Turns that stand before the question, as if the model had answered them. */
  examples: z.array(promptExample).max(50).optional(),
};

/** One way of asking. What the prompt's field takes and gives is not its own: it is the same for all versions. */
export const promptVersionOptions = z.strictObject({
  template: z.string().min(1),
  /** Default: the `route` of the prompt. */
  route: z.string().optional(),
  ...content,
});
export type PromptVersionOptions = z.infer<typeof promptVersionOptions>;

const ids = z.array(z.string().min(1)).default([]);

/** A version that answers calls, and whose. */
const promptShare = z.strictObject({
  /** Name of one of `versions`. */
  version: z.string(),
  /** Share of the callers that it gets, of the sum of all weights. 0: only who is named, or names it. */
  weight: z.int().min(0).max(1_000_000).default(1),
  /** Callers that get it against all weights, by id. A key goes before its app, an app before its tenant. */
  callers: z.strictObject({ keys: ids, apps: ids, tenants: ids }).optional(),
});
export type PromptShare = z.infer<typeof promptShare>;

const versionName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'must be at most 64 letters, digits, dots, - and _, beginning with a letter or digit',
  );

/** A prompt: template, typed input, typed output, and the route that answers it; or versions of these side by side. */
export const promptOptions = z.strictObject({
  /** Shown on the field in the graph. */
  description: z.string().optional(),
  /** Argument name → GraphQL type, e.g. `{ text: String! }`. Input types and enums come from `types`. */
  input: z.record(z.string(), promptInput).default({}),
  /** GraphQL type of the result. Default `String!`: the text itself. Anything else is asked of the model as structured output and validated. */
  output: z.string().default('String!'),
  /** SDL of the types that `input` and `output` name: enums, inputs and object types of this prompt. */
  types: z.string().default(''),
  /** Liquid template over the arguments, e.g. `Summarize: {{ text }}`. */
  template: z.string().min(1).optional(),
  /** Name of a route or a model. */
  route: z.string().default('default'),
  ...content,
  /** In the place of `template`: ways of asking, by name. */
  versions: z.record(versionName, promptVersionOptions).optional(),
  /** Which of the versions answer. Default: the only one. */
  release: z.array(promptShare).min(1).optional(),
  /** What keeps its version: a caller, or only a request with all the calls in it. */
  sticky: z.enum(['caller', 'request']).default('caller'),
  /** Header of the client's request that names one of the released versions, against all weights. */
  header: z
    .string()
    .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'must be a header name')
    .optional(),
  /** Answers to be given again to the same question. Default: as those of its route or model. */
  cache: answerCacheOptions.optional(),
  /** How many whole answers are waited for at a time; what is more waits. Streams are not counted. */
  concurrency: z
    .strictObject({
      /** By one request, as for a field of many objects. */
      perRequest: z.int().min(1).max(1_000).default(10),
      /** By all requests to this instance. Default: as many as there are. */
      total: z.int().min(1).max(100_000).optional(),
    })
    .prefault({}),
});
export type PromptOptions = z.infer<typeof promptOptions>;
