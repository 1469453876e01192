import { isObject } from '../../../sources/ai/dialects/read.ts';
import type {
  JsonObject,
  ModelRequest,
  OutputShape,
  ReasoningEffort,
  ToolChoice,
  ToolDefinition,
} from '../../../sources/ai/model.ts';
import { FieldReader } from '../field-reader.ts';
import type { ChatCall } from '../format.ts';
import { Translation } from '../translation.ts';
import { NO_PARAMETERS, readMessages } from './chat-messages.ts';
import { withoutForeign } from './extra-content.ts';

const EFFORTS: ReadonlySet<string> = new Set<ReasoningEffort>(['none', 'minimal', 'low', 'medium', 'high']);

/** `POST /v1/chat/completions`: https://platform.openai.com/docs/api-reference/chat/create */
export function readChatRequest(json: JsonObject): ChatCall {
  const body = new FieldReader(json);
  const options = body.object('stream_options');
  const wantsUsage = options?.boolean('include_usage') ?? false;
  const translation = new Translation('openai', json, wantsUsage);
  const model = body.needText('model');
  const stream = body.boolean('stream') ?? false;
  if (options?.any('include_obfuscation') !== undefined) translation.hint('stream_options.include_obfuscation');
  if (options !== undefined) translation.onlyRest(options);
  const read: ModelRequest = {
    messages: readMessages(body, translation),
    maxTokens: body.integer('max_completion_tokens', 1) ?? body.integer('max_tokens', 1),
    temperature: body.number('temperature', 0, 2),
    topP: body.number('top_p', 0, 1),
    stop: body.someTexts('stop'),
    seed: body.integer('seed'),
    logprobs: readLogprobs(body, translation),
    reasoning: readEffort(body.text('reasoning_effort'), 'reasoning_effort', translation),
    tools: body.someObjects('tools')?.flatMap((tool) => readTool(tool, translation)),
    toolChoice: readToolChoice(body, translation),
    parallelToolCalls: body.boolean('parallel_tool_calls'),
    output: readOutput(body, translation),
    metadata: readMetadata(body, translation),
    native: translation,
  };
  body.any('max_tokens');
  readExtras(body, translation);
  translation.onlyRest(body);
  if (translation.hasForeign) translation.body = withoutForeign(json);
  return { model, stream, request: { ...read, extras: translation.extras }, translation };
}

function readLogprobs(body: FieldReader, translation: Translation): number | undefined {
  const top = body.integer('top_logprobs', 0, 20);
  if (body.boolean('logprobs') !== true) {
    // Whether that is a mistake is for its own format to say.
    if (top) translation.only('top_logprobs');
    return undefined;
  }
  translation.only('logprobs', 'openai-responses');
  return top ?? 0;
}

/** Efforts that no other dialect knows are for the own ones alone. */
export function readEffort(
  effort: string | undefined,
  path: string,
  translation: Translation,
): ModelRequest['reasoning'] {
  if (effort === undefined) return undefined;
  if (EFFORTS.has(effort)) return { effort: effort as ReasoningEffort };
  translation.only(path);
  return undefined;
}

function readTool(tool: FieldReader, translation: Translation): ToolDefinition[] {
  if (tool.needText('type') !== 'function') {
    translation.only(tool.path('type'));
    return [];
  }
  const definition = new FieldReader(tool.any('function'), tool.path('function'));
  const read = readFunction(definition);
  translation.onlyRest(tool, definition);
  return [read];
}

export function readFunction(definition: FieldReader): ToolDefinition {
  return {
    name: definition.needText('name'),
    description: definition.text('description'),
    parameters: definition.json('parameters') ?? NO_PARAMETERS,
    strict: definition.boolean('strict'),
  };
}

function readToolChoice(body: FieldReader, translation: Translation): ToolChoice | undefined {
  const choice = body.any('tool_choice');
  if (choice === undefined || choice === 'auto' || choice === 'none' || choice === 'required') return choice;
  if (isObject(choice) && choice.type === 'function')
    return { tool: new FieldReader(choice.function, 'tool_choice.function').needText('name') };
  translation.only('tool_choice');
  return undefined;
}

function readOutput(body: FieldReader, translation: Translation): OutputShape | undefined {
  const format = body.object('response_format');
  switch (format?.needText('type')) {
    case undefined:
    case 'text':
      return undefined;
    case 'json_object':
      translation.only('response_format', 'gemini', 'openai-responses', 'ai-sdk');
      translation.extra('ai-sdk', { responseFormat: { type: 'json' } });
      translation.extra('gemini', { generationConfig: { responseMimeType: 'application/json' } });
      translation.extra('openai-responses', { text: { format: { type: 'json_object' } } });
      return undefined;
    case 'json_schema': {
      const shape = new FieldReader(format?.any('json_schema'), 'response_format.json_schema');
      return readShape(shape, translation);
    }
    default:
      translation.only('response_format');
      return undefined;
  }
}

export function readShape(shape: FieldReader, translation: Translation): OutputShape {
  const name = shape.needText('name');
  const schema = shape.json('schema') ?? { type: 'object' };
  if (shape.any('description') !== undefined) translation.hint(shape.path('description'));
  // The canonical form is held to its schema: whoever asks for less gets more.
  shape.boolean('strict');
  translation.onlyRest(shape);
  return { name, schema };
}

/** Routes may go by it; what a provider does with it changes no answer. */
export function readMetadata(body: FieldReader, translation: Translation): ModelRequest['metadata'] {
  const metadata = body.map('metadata');
  if (metadata === undefined || Object.keys(metadata).length === 0) return metadata;
  translation.hint('metadata', 'openai-responses');
  translation.extra('openai-responses', { metadata });
  return metadata;
}

/** What has another name, another meaning or none in other dialects. */
function readExtras(body: FieldReader, translation: Translation): void {
  if ((body.integer('n', 1) ?? 1) > 1) translation.only('n');
  for (const [name, own] of [
    ['presence_penalty', 'presencePenalty'],
    ['frequency_penalty', 'frequencyPenalty'],
  ] as const) {
    const penalty = body.number(name, -2, 2) ?? 0;
    if (penalty === 0) continue;
    translation.only(name, 'gemini', 'ai-sdk');
    translation.extra('ai-sdk', { [own]: penalty });
    translation.extra('gemini', { generationConfig: { [own]: penalty } });
  }
  const user = body.text('user');
  if (user !== undefined) {
    translation.hint('user', 'anthropic', 'openai-responses');
    translation.extra('anthropic', { metadata: { user_id: user } });
    translation.extra('openai-responses', { user });
  }
  for (const name of ['safety_identifier', 'prompt_cache_key', 'prompt_cache_retention'] as const) {
    const value = body.text(name);
    if (value === undefined) continue;
    translation.hint(name, 'openai-responses');
    translation.extra('openai-responses', { [name]: value });
  }
  const tier = body.text('service_tier');
  if (tier !== undefined && tier !== 'auto' && tier !== 'default') translation.only('service_tier');
  if (body.boolean('store') === true) translation.only('store');
  if (Object.keys(body.json('logit_bias') ?? {}).length > 0) translation.only('logit_bias');
  const modalities = body.list('modalities');
  if (modalities?.some((modality) => modality !== 'text')) translation.only('modalities');
}
