import { isObject } from '../../../sources/ai/dialects/read.ts';
import type { JsonObject, ModelRequest, OutputShape, ToolChoice, ToolDefinition } from '../../../sources/ai/model.ts';
import { FieldReader, wrong } from '../field-reader.ts';
import type { ChatCall } from '../format.ts';
import { Translation } from '../translation.ts';
import { readEffort, readFunction, readMetadata, readShape } from './chat-request.ts';
import { readInput, withoutForeign } from './responses-input.ts';

/** Answers repeat the question's parameters, as the client said them. */
const REPEATED = [
  'instructions',
  'max_output_tokens',
  'metadata',
  'parallel_tool_calls',
  'reasoning',
  'temperature',
  'text',
  'tool_choice',
  'tools',
  'top_p',
] as const;

/** `POST /v1/responses`: https://platform.openai.com/docs/api-reference/responses/create */
export function readResponsesRequest(json: JsonObject): ChatCall {
  const body = new FieldReader(json);
  const translation = new Translation('openai-responses', json);
  const model = body.needText('model');
  const stream = body.boolean('stream') ?? false;
  const options = body.object('stream_options');
  if (options?.any('include_obfuscation') !== undefined) translation.hint('stream_options.include_obfuscation');
  if (options !== undefined) translation.onlyRest(options);
  const wantsLogprobs = readInclude(body, translation);
  const topLogprobs = body.integer('top_logprobs', 0, 20);
  const logprobs = topLogprobs ?? (wantsLogprobs ? 0 : undefined);
  if (logprobs !== undefined) translation.only(topLogprobs === undefined ? 'include' : 'top_logprobs', 'openai');
  readExtras(body, translation);
  const read: ModelRequest = {
    system: body.text('instructions'),
    messages: readInput(body, translation),
    maxTokens: body.integer('max_output_tokens', 1),
    temperature: body.number('temperature', 0, 2),
    topP: body.number('top_p', 0, 1),
    logprobs,
    reasoning: readReasoning(body, translation),
    tools: body.someObjects('tools')?.flatMap((tool) => readTool(tool, translation)),
    toolChoice: readToolChoice(body, translation),
    parallelToolCalls: body.boolean('parallel_tool_calls'),
    output: readText(body, translation),
    metadata: readMetadata(body, translation),
    native: translation,
  };
  translation.onlyRest(body);
  if (translation.hasForeign) translation.body = withoutForeign(json);
  const request = { ...read, extras: translation.extras };
  const echo = Object.fromEntries(REPEATED.flatMap((name) => (json[name] == null ? [] : [[name, json[name]]])));
  return { model, stream, request, translation, echo };
}

/** Whether it asks for probabilities. Thoughts go to the client in any case. */
function readInclude(body: FieldReader, translation: Translation): boolean {
  const include = body.list('include') ?? [];
  for (const name of include) {
    if (name !== 'message.output_text.logprobs' && name !== 'reasoning.encrypted_content') translation.only('include');
  }
  return include.includes('message.output_text.logprobs');
}

function readExtras(body: FieldReader, translation: Translation): void {
  for (const name of ['user', 'safety_identifier', 'prompt_cache_key', 'prompt_cache_retention'] as const) {
    const value = body.text(name);
    if (value === undefined) continue;
    translation.extra('openai', { [name]: value });
    if (name === 'user') translation.extra('anthropic', { metadata: { user_id: value } });
    translation.hint(name, 'openai', ...(name === 'user' ? (['anthropic'] as const) : []));
  }
  const tier = body.text('service_tier');
  if (tier !== undefined && tier !== 'auto' && tier !== 'default') translation.only('service_tier');
  if (body.boolean('store') === true) translation.only('store');
  if (body.boolean('background') === true)
    throw wrong('background', 'is not taken here: nobody could ask for the answer, nor know what it cost');
  const truncation = body.text('truncation');
  if (truncation !== undefined && truncation !== 'disabled') translation.only('truncation');
}

function readReasoning(body: FieldReader, translation: Translation): ModelRequest['reasoning'] {
  const reasoning = body.object('reasoning');
  if (reasoning === undefined) return undefined;
  const effort = readEffort(reasoning.text('effort'), 'reasoning.effort', translation);
  // Whoever reasons here shows it.
  if (reasoning.any('summary') !== undefined || reasoning.any('generate_summary') !== undefined)
    translation.hint('reasoning.summary');
  translation.onlyRest(reasoning);
  return effort;
}

function readTool(tool: FieldReader, translation: Translation): ToolDefinition[] {
  if (tool.needText('type') !== 'function') {
    translation.only(tool.path('type'));
    return [];
  }
  const read = readFunction(tool);
  translation.onlyRest(tool);
  return [read];
}

function readToolChoice(body: FieldReader, translation: Translation): ToolChoice | undefined {
  const choice = body.any('tool_choice');
  if (choice === undefined || choice === 'auto' || choice === 'none' || choice === 'required') return choice;
  if (isObject(choice) && choice.type === 'function')
    return { tool: new FieldReader(choice, 'tool_choice').needText('name') };
  translation.only('tool_choice');
  return undefined;
}

function readText(body: FieldReader, translation: Translation): OutputShape | undefined {
  const text = body.object('text');
  if (text === undefined) return undefined;
  const format = text.object('format');
  const verbosity = text.text('verbosity');
  if (verbosity !== undefined) {
    translation.only('text.verbosity', 'openai');
    translation.extra('openai', { verbosity });
  }
  translation.onlyRest(text);
  switch (format?.needText('type')) {
    case undefined:
    case 'text':
      return undefined;
    case 'json_object':
      translation.only('text.format', 'gemini', 'openai', 'ai-sdk');
      translation.extra('ai-sdk', { responseFormat: { type: 'json' } });
      translation.extra('gemini', { generationConfig: { responseMimeType: 'application/json' } });
      translation.extra('openai', { response_format: { type: 'json_object' } });
      return undefined;
    case 'json_schema':
      return format && readShape(format, translation);
    default:
      translation.only('text.format');
      return undefined;
  }
}
