import { z } from 'zod';

/** An argument: its GraphQL type, alone or with what is shown of it in the graph. */
const promptInput = z.union([z.string(), z.strictObject({ type: z.string(), description: z.string().optional() })]);

/** A prompt: template, typed input, typed output, and the route that answers it. */
export const promptOptions = z.strictObject({
  /** Shown on the field in the graph. */
  description: z.string().optional(),
  /** Argument name → GraphQL type, e.g. `{ text: String! }`. Input types and enums come from `types`. */
  input: z.record(z.string(), promptInput).default({}),
  /** GraphQL type of the result. Default `String!`: the text itself. Anything else is asked of the model as structured output and validated. */
  output: z.string().default('String!'),
  /** SDL of the types that `input` and `output` name: enums, inputs and object types of this prompt. */
  types: z.string().default(''),
  /** What the model is told beforehand; a Liquid template as `template` is. */
  system: z.string().optional(),
  /** Liquid template over the arguments, e.g. `Summarize: {{ text }}`. */
  template: z.string().min(1),
  /** Name of a route or a model. */
  route: z.string().default('default'),
  maxTokens: z.int().min(1).optional(),
  temperature: z.number().min(0).max(2).optional(),
});
export type PromptOptions = z.infer<typeof promptOptions>;
