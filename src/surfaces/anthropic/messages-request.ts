import { textOf } from '../../../sources/ai/dialects/read.ts';
import type {
  JsonObject,
  ModelMessage,
  ModelRequest,
  OutputShape,
  ReasoningEffort,
  TextPart,
  ToolChoice,
  ToolDefinition,
} from '../../../sources/ai/model.ts';
import { SYSTEM_PLACE } from '../failure.ts';
import { FieldReader, wrong } from '../field-reader.ts';
import type { ChatCall } from '../format.ts';
import { Translation } from '../translation.ts';
import { readBlocks, readMessages } from './messages.ts';
import { withoutForeign } from './signatures.ts';

const EFFORTS: ReadonlySet<string> = new Set<ReasoningEffort>(['low', 'medium', 'high']);

/** `POST /v1/messages`: https://docs.anthropic.com/en/api/messages */
export function readMessagesRequest(json: JsonObject): ChatCall {
  const maxTokens = new FieldReader(json).integer('max_tokens', 0);
  if (maxTokens === undefined) throw wrong('max_tokens', 'is required');
  const call = readQuestion(json);
  // It asks for nothing but to be kept ready.
  if (maxTokens === 0) call.translation.only('max_tokens');
  return call;
}

/** Also of questions whose tokens are counted, which set no limit to an answer. */
export function readQuestion(json: JsonObject): ChatCall {
  const body = new FieldReader(json);
  const translation = new Translation('anthropic', json);
  const model = body.needText('model');
  const stream = body.boolean('stream') ?? false;
  const system = readSystem(body, translation);
  const { messages, places } = readMessages(body, translation);
  const topK = body.integer('top_k', 0);
  if (topK !== undefined) {
    translation.only('top_k', 'gemini', 'ai-sdk');
    translation.extra('ai-sdk', { topK });
    translation.extra('gemini', { generationConfig: { topK } });
  }
  readMetadata(body, translation);
  const tier = body.text('service_tier');
  if (tier !== undefined && tier !== 'auto' && tier !== 'standard_only') translation.only('service_tier');
  if (body.json('cache_control') !== undefined) translation.hint('cache_control');
  const { reasoning, output } = readOutputConfig(body, translation);
  const thinking = readThinking(body, translation, output);
  // Other formats have one word for how much is thought.
  if (thinking !== undefined && reasoning !== undefined) translation.only('output_config.effort');
  const read: ModelRequest = {
    messages: [...system, ...messages],
    maxTokens: body.integer('max_tokens', 0),
    temperature: body.number('temperature', 0, 1),
    topP: body.number('top_p', 0, 1),
    stop: body.someTexts('stop_sequences'),
    tools: body.someObjects('tools')?.flatMap((tool) => readTool(tool, translation)),
    ...readChoice(body, translation),
    reasoning: thinking ?? reasoning,
    output,
    native: translation,
  };
  translation.onlyRest(body);
  if (translation.hasForeign) translation.body = withoutForeign(json);
  const request = { ...read, extras: translation.extras };
  return { model, stream, request, translation, places: [...system.map(() => SYSTEM_PLACE), ...places] };
}

function readSystem(body: FieldReader, translation: Translation): ModelMessage[] {
  const system = body.any('system');
  if (system === undefined || system === '') return [];
  if (typeof system === 'string') return [{ role: 'system', content: system }];
  const parts = readBlocks(body, 'system', translation);
  if (parts.some(({ type }) => type !== 'text')) throw wrong('system', 'must be text');
  return parts.length === 0 ? [] : [{ role: 'system', content: parts as TextPart[] }];
}

function readMetadata(body: FieldReader, translation: Translation): void {
  const metadata = body.object('metadata');
  const user = metadata?.text('user_id');
  if (user !== undefined) {
    translation.hint('metadata.user_id', 'openai', 'openai-responses');
    translation.extra('openai', { user });
    translation.extra('openai-responses', { user });
  }
  if (metadata !== undefined) translation.onlyRest(metadata);
}

function readTool(tool: FieldReader, translation: Translation): ToolDefinition[] {
  const type = tool.text('type') ?? 'custom';
  const cache = tool.json('cache_control');
  if (cache !== undefined) translation.hint('cache_control');
  if (type !== 'custom') {
    translation.only(tool.path('type'));
    return [];
  }
  const read: ToolDefinition = {
    name: tool.needText('name'),
    description: tool.text('description'),
    parameters: tool.json('input_schema') ?? { type: 'object' },
    strict: tool.boolean('strict'),
    ...(cache !== undefined && { extras: { anthropic: { cache_control: cache } } }),
  };
  // How it streams arguments is its own affair.
  if (tool.any('eager_input_streaming') !== undefined) translation.hint(tool.path('eager_input_streaming'));
  translation.onlyRest(tool);
  return [read];
}

function readChoice(
  body: FieldReader,
  translation: Translation,
): Pick<ModelRequest, 'toolChoice' | 'parallelToolCalls'> {
  const choice = body.object('tool_choice');
  if (choice === undefined) return {};
  const single = choice.boolean('disable_parallel_tool_use');
  const toolChoice = choiceOf(choice, translation);
  translation.onlyRest(choice);
  return { toolChoice, ...(single === true && { parallelToolCalls: false }) };
}

function choiceOf(choice: FieldReader, translation: Translation): ToolChoice | undefined {
  switch (choice.needText('type')) {
    case 'auto':
      return 'auto';
    case 'any':
      return 'required';
    case 'none':
      return 'none';
    case 'tool':
      return { tool: choice.needText('name') };
    default:
      translation.only('tool_choice.type');
      return undefined;
  }
}

function readThinking(
  body: FieldReader,
  translation: Translation,
  output: OutputShape | undefined,
): ModelRequest['reasoning'] {
  const thinking = body.object('thinking');
  if (thinking === undefined) return undefined;
  if (thinking.text('display') !== undefined) translation.hint('thinking.display');
  const budgetTokens = thinking.integer('budget_tokens', 1);
  const type = thinking.needText('type');
  translation.onlyRest(thinking);
  switch (type) {
    case 'disabled':
      return { effort: 'none' };
    case 'adaptive':
      // As much as it likes, which is what others do unless they are told. Who must use a tool, as for an output, does not.
      if (output === undefined) translation.extra('anthropic', { thinking: body.json('thinking') });
      return undefined;
    case 'enabled':
      if (budgetTokens === undefined) throw wrong('thinking.budget_tokens', 'is required');
      return { budgetTokens };
    default:
      translation.only('thinking.type');
      return undefined;
  }
}

function readOutputConfig(
  body: FieldReader,
  translation: Translation,
): { readonly reasoning: ModelRequest['reasoning']; readonly output: OutputShape | undefined } {
  const config = body.object('output_config');
  const effort = config?.text('effort');
  const format = config?.object('format') ?? body.object('output_format');
  if (effort !== undefined && !EFFORTS.has(effort)) translation.only('output_config.effort');
  const output = format === undefined ? undefined : readFormat(format, translation);
  if (config !== undefined) translation.onlyRest(config);
  const known = effort !== undefined && EFFORTS.has(effort);
  return { reasoning: known ? { effort: effort as ReasoningEffort } : undefined, output };
}

function readFormat(format: FieldReader, translation: Translation): OutputShape | undefined {
  if (format.needText('type') !== 'json_schema') {
    translation.only(format.path('type'));
    return undefined;
  }
  const schema = format.json('schema') ?? { type: 'object' };
  translation.onlyRest(format);
  return { name: nameOf(schema.title), schema };
}

/** The format has no names for schemas; others want one. */
function nameOf(title: unknown): string {
  const name = (textOf(title) ?? '').replace(/[^\w-]+/g, '_').slice(0, 64);
  return name === '' ? 'answer' : name;
}
