import type {
  LanguageModelV3CallOptions,
  LanguageModelV3FunctionTool,
  SharedV3ProviderOptions,
} from '@ai-sdk/provider';
import { extrasOf, requestExtras } from '../dialects/content.ts';
import { refuse } from '../dialects/dialect.ts';
import { AI_SDK } from '../dialects/index.ts';
import { isObject } from '../dialects/read.ts';
import type { JsonObject, ModelRequest, ToolDefinition } from '../model.ts';
import { type PromptTarget, promptOf } from './prompt.ts';
import { wordsOf } from './provider-options.ts';

export interface OptionsTarget extends PromptTarget {
  readonly packageName: string;
  readonly modelId: string;
  /** What the configuration gives with every call. */
  readonly providerOptions: JsonObject;
}

/** Fields of the specification that have no canonical name. */
const EXTRAS: ReadonlySet<string> = new Set([
  'topK',
  'presencePenalty',
  'frequencyPenalty',
  'responseFormat',
  'providerOptions',
]);

/** @throws SkeinError BAD_USER_INPUT for a parameter that has no place in the specification. */
export function callOptionsOf(call: ModelRequest, target: OptionsTarget): LanguageModelV3CallOptions {
  if (call.logprobs !== undefined) throw refuse('logprobs', 'is not taken by this model');
  if (call.output !== undefined && call.tools?.length)
    throw refuse('tools', 'cannot be given to this model together with an output schema');
  const { providerOptions: extra, ...extras } = requestExtras(AI_SDK, call);
  const unknown = Object.keys(extras).find((name) => !EXTRAS.has(name));
  if (unknown !== undefined) throw refuse(`extras.${AI_SDK}.${unknown}`, 'cannot be set');
  const prompt = promptOf(call, target);
  if (prompt.every(({ role }) => role === 'system'))
    throw refuse('messages', 'must have a message that is not a system message');
  const said = wordsOf(target.packageName, target.modelId, call);
  const providerOptions = merge([target.providerOptions, ...said, ...(isObject(extra) ? [extra] : [])]);
  return {
    prompt,
    ...defined({
      maxOutputTokens: call.maxTokens,
      temperature: call.temperature,
      topP: call.topP,
      stopSequences: call.stop && [...call.stop],
      seed: call.seed,
      tools: call.tools?.map(toTool),
      toolChoice: toChoice(call.toolChoice),
      responseFormat: call.output && { type: 'json', name: call.output.name, schema: call.output.schema },
    }),
    ...extras,
    ...(Object.keys(providerOptions).length > 0 && { providerOptions }),
  };
}

/** Packages ask whether a field is there. */
function defined(fields: JsonObject): Partial<LanguageModelV3CallOptions> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function toTool(tool: ToolDefinition): LanguageModelV3FunctionTool {
  const { name, description, parameters, strict } = tool;
  const providerOptions = extrasOf(AI_SDK, tool) as SharedV3ProviderOptions;
  return {
    type: 'function',
    name,
    ...(description !== undefined && { description }),
    inputSchema: parameters,
    ...(strict !== undefined && { strict }),
    ...(Object.keys(providerOptions).length > 0 && { providerOptions }),
  };
}

function toChoice(choice: ModelRequest['toolChoice']): LanguageModelV3CallOptions['toolChoice'] {
  if (choice === undefined) return undefined;
  return typeof choice === 'object' ? { type: 'tool', toolName: choice.tool } : { type: choice };
}

/** By namespace, field by field; the later wins. */
function merge(all: readonly JsonObject[]): SharedV3ProviderOptions {
  const merged: Record<string, JsonObject> = {};
  for (const options of all)
    for (const [namespace, fields] of Object.entries(options))
      if (isObject(fields)) merged[namespace] = { ...merged[namespace], ...fields };
  return merged as SharedV3ProviderOptions;
}
