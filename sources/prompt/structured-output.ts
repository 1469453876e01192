import { Ajv, type ErrorObject } from 'ajv';
import type { GraphQLOutputType } from 'graphql';
import { SkeinError } from '../../kernel/errors.ts';
import type { JsonSchema, ModelResponse, OutputShape } from '../ai/model.ts';
import type { CallContext } from '../source.ts';
import { toOutputSchema } from './output-schema.ts';

export interface StructuredOutput {
  /** What the model is asked for. */
  readonly shape: OutputShape;
  /** The value in an answer. @throws SkeinError MODEL_OUTPUT_INVALID, which says where and never quotes the answer. */
  read(response: ModelResponse, context: CallContext): unknown;
  /** Whether an answer has a value. */
  fits(answer: { readonly text: string }): boolean;
  /** A value as a model should answer it, or why it does not fit. */
  write(value: unknown): { readonly text: string } | { readonly reason: string };
}

/** @throws ProblemsError for a type that models cannot be asked for. */
export function createStructuredOutput(prompt: string, type: GraphQLOutputType): StructuredOutput {
  const { schema, wrapped } = toOutputSchema(type);
  const validate = new Ajv({ allowUnionTypes: true, logger: false }).compile(withIntRange(schema));

  function invalid(reason: string, { finishReason }: ModelResponse, context: CallContext): SkeinError {
    const details = { source: 'prompts', operation: prompt };
    const fields = { ...details, requestId: context.requestId, finishReason, reason };
    context.log.warn(fields, 'The answer of a model does not fit its output type.');
    const message = `The answer to the prompt "${prompt}" does not fit ${String(type)}: ${reason}.`;
    return new SkeinError('MODEL_OUTPUT_INVALID', message, { details });
  }

  return {
    shape: { name: prompt.slice(0, 64), schema },
    read(response, context) {
      let value: unknown;
      try {
        value = JSON.parse(response.text);
      } catch {
        throw invalid(notJson(response.finishReason), response, context);
      }
      if (!validate(value)) throw invalid(describe(validate.errors?.[0], wrapped), response, context);
      return wrapped ? (value as { value: unknown }).value : value;
    },
    fits({ text }) {
      try {
        return validate(JSON.parse(text));
      } catch {
        return false;
      }
    },
    write(value) {
      const answer = wrapped ? { value } : value;
      return validate(answer) ? { text: JSON.stringify(answer) } : { reason: describe(validate.errors?.[0], wrapped) };
    },
  };
}

/** GraphQL's Int has 32 bits; not every provider takes the words for that, so only the check has them. */
function withIntRange(schema: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(schema), (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('type' in value)) return value;
    const isInteger = value.type === 'integer' || (Array.isArray(value.type) && value.type[0] === 'integer');
    return isInteger ? { ...value, minimum: -2_147_483_648, maximum: 2_147_483_647 } : value;
  }) as JsonSchema;
}

function notJson(finishReason: ModelResponse['finishReason']): string {
  if (finishReason === 'length') return 'it was cut at the limit of tokens';
  return finishReason === 'content-filter' ? 'the model refused' : 'it is not JSON';
}

function describe(error: ErrorObject | undefined, wrapped: boolean): string {
  if (error === undefined) return 'it has a wrong shape';
  const path = wrapped ? error.instancePath.replace(/^\/value/, '') : error.instancePath;
  return `${path === '' ? 'the answer' : path} ${error.message ?? 'is wrong'}`;
}
