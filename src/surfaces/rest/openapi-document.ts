import { isRequiredArgument } from 'graphql';
import { ERROR_TABLE, type ErrorCode } from '../../../kernel/errors.ts';
import { described, type JsonSchema, JsonSchemas, objectSchema } from './json-schemas.ts';
import { FEEDBACK, type RestFeedback, type RestPrompt } from './rest-prompts.ts';

const MAX_EXAMPLES = 5;

/** Statuses a prompt may be answered with beside 200, with the codes that come with them. */
const FAILURES: readonly ErrorCode[] = [
  'BAD_USER_INPUT',
  'BAD_REQUEST',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'NOT_ACCEPTABLE',
  'PAYLOAD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'RATE_LIMITED',
  'INTERNAL_SERVER_ERROR',
  'UPSTREAM_FAILED',
  'UPSTREAM_REJECTED',
  'MODEL_OUTPUT_INVALID',
  'UPSTREAM_BUSY',
  'UPSTREAM_UNAVAILABLE',
  'SHUTTING_DOWN',
  'STORE_UNAVAILABLE',
  'UPSTREAM_TIMEOUT',
  'DEADLINE_EXCEEDED',
];

const count = { type: 'integer', minimum: 0 };
/** What is always the same, under names that no type of GraphQL has. */
const COMPONENTS: Readonly<Record<string, JsonSchema>> = {
  'skein.Prompt': {
    ...objectSchema({ version: { type: 'string' }, hash: { type: 'string' } }, ['version', 'hash']),
    description: 'The version of the prompt that asked: its name, and what it is by its content.',
  },
  'skein.Usage': {
    type: 'object',
    description: 'Tokens as the provider counted them, and what they cost. What is not known is not there.',
    properties: {
      inputTokens: count,
      outputTokens: count,
      totalTokens: count,
      cachedInputTokens: count,
      reasoningTokens: count,
      costUsd: { type: 'number', minimum: 0 },
    },
  },
  'skein.Error': {
    type: 'object',
    required: ['error'],
    properties: {
      error: {
        type: 'object',
        required: ['code', 'message', 'requestId'],
        properties: {
          code: { type: 'string' },
          message: { type: 'string' },
          requestId: { type: 'string' },
          retryAfterMs: { type: 'number' },
          problems: {
            type: 'array',
            description: 'Each mistake of the input, with its place.',
            items: {
              type: 'object',
              required: ['path', 'message'],
              properties: {
                path: { type: 'array', items: { type: ['string', 'integer'] } },
                message: { type: 'string' },
              },
            },
          },
        },
      },
    },
  },
};

/** OpenAPI 3.1 of prompts (https://spec.openapis.org/oas/v3.1.1.html). */
export function openapiOf(prompts: readonly RestPrompt[], feedback: RestFeedback | undefined): JsonSchema {
  const schemas = new JsonSchemas();
  const paths = Object.fromEntries(
    prompts.map((prompt) => [`/rest/prompts/${prompt.name}`, { post: operationOf(prompt, schemas) }]),
  );
  return {
    openapi: '3.1.0',
    info: { title: 'Prompts', version: '1', description: 'Prompts as operations, with typed input and output.' },
    servers: [{ url: '/' }],
    security: [{ key: [] }],
    paths: { ...paths, ...(feedback && { [FEEDBACK]: { post: feedbackOperation(feedback, schemas) } }) },
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key, or a token.' } },
      schemas: { ...schemas.components, ...COMPONENTS },
    },
  };
}

function operationOf({ name, args, field, subscription, examples }: RestPrompt, schemas: JsonSchemas): JsonSchema {
  const output = schemas.of(field.type);
  const input = inputOf(args, schemas);
  const shown = examples.slice(0, MAX_EXAMPLES);
  const inputs = Object.fromEntries(shown.map(({ input: value }, index) => [`example${index + 1}`, { value }]));
  const description = field.description ?? undefined;
  return {
    operationId: name,
    ...(description !== undefined && { summary: description.split('\n')[0], description }),
    requestBody: {
      required: args.some(isRequiredArgument),
      content: { 'application/json': { schema: input, ...(shown.length > 0 && { examples: inputs }) } },
    },
    responses: {
      '200': {
        description: 'The answer of the model.',
        content: {
          'application/json': { schema: answerOf(output) },
          'text/event-stream': { schema: { type: 'string', description: streamText(subscription !== undefined) } },
        },
      },
      ...failures(),
    },
  };
}

function feedbackOperation({ args, field }: RestFeedback, schemas: JsonSchemas): JsonSchema {
  return {
    operationId: field.name,
    summary: 'Say how good an answer was.',
    description: field.description ?? '',
    requestBody: { required: true, content: { 'application/json': { schema: inputOf(args, schemas) } } },
    responses: {
      '200': {
        description: 'What is kept of it.',
        content: { 'application/json': { schema: schemas.of(field.type) } },
      },
      ...failures(),
    },
  };
}

function inputOf(args: RestPrompt['args'], schemas: JsonSchemas): JsonSchema {
  return objectSchema(
    Object.fromEntries(
      args.map((argument) => [argument.name, described(schemas.of(argument.type), argument.description)]),
    ),
    args.filter(isRequiredArgument).map((argument) => argument.name),
  );
}

function answerOf(output: JsonSchema): JsonSchema {
  const properties = {
    output,
    prompt: { $ref: '#/components/schemas/skein.Prompt' },
    model: { type: 'string', description: 'Name of the model that answered.' },
    provider: { type: 'string' },
    call: { type: 'string', description: `Id of the call, to say at ${FEEDBACK} how good the answer was.` },
    cached: { type: 'boolean', description: 'The answer was kept, and no model was asked.' },
    usage: { $ref: '#/components/schemas/skein.Usage' },
    finishReason: { type: 'string' },
    requestId: { type: 'string' },
  };
  return { type: 'object', properties, required: ['output', 'requestId'] };
}

function streamText(isText: boolean): string {
  const delta = 'Events `delta` with `{ "text": … }` for each piece, then ';
  return `${isText ? delta : 'Then '}\`output\` with the answer as in JSON, or \`error\`.`.replace(/^Then `/, '`');
}

function failures(): JsonSchema {
  const codes = new Map<number, ErrorCode[]>();
  for (const code of FAILURES) {
    const { status } = ERROR_TABLE[code];
    codes.set(status, [...(codes.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...codes].map(([status, names]) => [
      String(status),
      {
        description: names.map((name) => `${name}: ${ERROR_TABLE[name].message}`).join(' '),
        content: { 'application/json': { schema: { $ref: '#/components/schemas/skein.Error' } } },
      },
    ]),
  );
}
