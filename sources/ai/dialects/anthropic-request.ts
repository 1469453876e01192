import type {
  ContentPart,
  JsonObject,
  MediaSource,
  ModelMessage,
  ModelRequest,
  ReasoningEffort,
  ToolResultPart,
} from '../model.ts';
import { claudeTraits } from './claude-models.ts';
import { argumentsObject, extrasOf, misplaced, partPath, partsOf, requestExtras, systemParts } from './content.ts';
import { authHeaders, type DialectQuirks, type DialectRequest, type DialectTarget, refuse } from './dialect.ts';
import { fitId, type IdForm } from './tool-call-ids.ts';

const DIALECT = 'anthropic';
const MIN_THINKING_TOKENS = 1_024;
/** This format counts thoughts in tokens. */
const EFFORT_TOKENS: Readonly<Record<Exclude<ReasoningEffort, 'none'>, number>> = {
  minimal: MIN_THINKING_TOKENS,
  low: 2_048,
  medium: 8_192,
  high: 24_576,
};

export function anthropicRequest(call: ModelRequest, target: DialectTarget, quirks: DialectQuirks): DialectRequest {
  checkParameters(call);
  const messages = toMessages(call, idsOf(target));
  if (messages.length === 0) throw refuse('messages', 'must have a message that is not a system message');
  const thinking = thinkingOf(call, target);
  const body = {
    model: target.model,
    max_tokens: thinking.maxTokens,
    system: systemOf(call),
    messages,
    temperature: call.temperature,
    top_p: call.topP,
    stop_sequences: call.stop,
    thinking: thinking.thinking,
    output_config: thinking.effort && { effort: thinking.effort },
    ...toolsOf(call),
    ...requestExtras(DIALECT, call),
    ...(target.stream && { stream: true }),
  };
  return {
    path: '/messages',
    headers: {
      'content-type': 'application/json',
      accept: target.stream ? 'text/event-stream' : 'application/json',
      'anthropic-version': '2023-06-01',
      ...authHeaders(quirks.auth ?? 'x-api-key', target.apiKey),
    },
    body: JSON.stringify(body),
  };
}

/** Other makers speak this format, and read the ids of their own calls. */
export function idsOf({ model }: DialectTarget): IdForm | undefined {
  return model.includes('claude') ? 'anthropic' : undefined;
}

function checkParameters(call: ModelRequest): void {
  if (call.seed !== undefined) throw refuse('seed', 'is not taken by this model');
  if (call.logprobs !== undefined) throw refuse('logprobs', 'is not taken by this model');
  if (call.temperature !== undefined && call.temperature > 1)
    throw refuse('temperature', 'is taken up to 1 by this model');
  if (call.output === undefined) return;
  if (call.tools?.length) throw refuse('tools', 'cannot be given to this model together with an output schema');
  if (call.reasoning !== undefined && call.reasoning.effort !== 'none')
    throw refuse('reasoning', 'cannot be asked of this model together with an output schema');
}

/** Text, unless a part has something to say of itself. */
function systemOf(call: ModelRequest): string | JsonObject[] | undefined {
  const parts = systemParts(call);
  if (parts.some((part) => part.extras?.[DIALECT] !== undefined))
    return parts.map((part) => ({ type: 'text', text: part.text, ...extrasOf(DIALECT, part) }));
  const text = parts.map((part) => part.text).join('\n\n');
  return text === '' ? undefined : text;
}

interface Turn {
  readonly role: 'user' | 'assistant';
  content: string | JsonObject[];
}

/**
 * Results of tools are the beginning of the user's turn in this format, and all of one answer belong into one turn. An
 * answer without content is none: thoughts of another model may have been all of it.
 */
function toMessages(call: ModelRequest, ids: IdForm | undefined): Turn[] {
  const turns: Turn[] = [];
  let previous: ModelMessage | undefined;
  for (const [index, message] of call.messages.entries()) {
    if (message.role === 'system') continue;
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const content = toContent(message, index, ids);
    if (role === 'assistant' && content.length === 0) continue;
    const last = turns.at(-1);
    if (last !== undefined && role === 'user' && previous?.role === 'tool') {
      last.content = [...blocksOf(last.content), ...blocksOf(content)];
    } else turns.push({ role, content });
    previous = message;
  }
  return turns;
}

function blocksOf(content: string | JsonObject[]): JsonObject[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}

function toContent(message: ModelMessage, index: number, ids: IdForm | undefined): string | JsonObject[] {
  const { role, content } = message;
  if (typeof content === 'string' && role !== 'tool') return content;
  return partsOf(message).flatMap((part, place) => {
    const block = toBlock(part, role, partPath(index, place, content), ids);
    return block === undefined ? [] : [{ ...block, ...extrasOf(DIALECT, part) }];
  });
}

/** Undefined for what has no meaning here: a thought of another model, a text without a word. */
function toBlock(
  part: ContentPart,
  role: ModelMessage['role'],
  path: string,
  ids: IdForm | undefined,
): JsonObject | undefined {
  const isAssistant = role === 'assistant';
  if (part.type === 'text' && role !== 'tool') return part.text === '' ? undefined : { type: 'text', text: part.text };
  if (part.type === 'image' && role === 'user') return { type: 'image', source: sourceOf(part.source) };
  if (part.type === 'file' && role === 'user')
    return {
      type: 'document',
      source: documentOf(part.source, path),
      ...(part.name !== undefined && { title: part.name }),
    };
  if (part.type === 'tool-result' && role === 'tool') return resultBlock(part, ids);
  if (part.type === 'tool-call' && isAssistant)
    return { type: 'tool_use', id: fitId(part.id, ids), name: part.name, input: argumentsObject(part.arguments, path) };
  if (part.type === 'reasoning' && isAssistant) {
    if (part.signature?.dialect !== DIALECT) return undefined;
    const { value, isRedacted } = part.signature;
    return isRedacted
      ? { type: 'redacted_thinking', data: value }
      : { type: 'thinking', thinking: part.text, signature: value };
  }
  throw misplaced(part, path, role);
}

function resultBlock({ id, content, isError }: ToolResultPart, ids: IdForm | undefined): JsonObject {
  return {
    type: 'tool_result',
    tool_use_id: fitId(id, ids),
    content:
      typeof content === 'string'
        ? content
        : content
            .filter((part) => part.type !== 'text' || part.text !== '')
            .map((part) =>
              part.type === 'text'
                ? { type: 'text', text: part.text }
                : { type: 'image', source: sourceOf(part.source) },
            ),
    ...(isError && { is_error: true }),
  };
}

function sourceOf(source: MediaSource): JsonObject {
  return source.type === 'url'
    ? { type: 'url', url: source.url }
    : { type: 'base64', media_type: source.mediaType, data: source.data };
}

function documentOf(source: MediaSource, path: string): JsonObject {
  if (source.type === 'url' || source.mediaType === 'application/pdf') return sourceOf(source);
  if (source.mediaType.startsWith('text/'))
    return { type: 'text', media_type: 'text/plain', data: Buffer.from(source.data, 'base64').toString('utf8') };
  throw refuse(path, 'is a file that this model cannot read: it takes PDF and text');
}

/** A schema of the output is a tool that must be used. */
function toolsOf(call: ModelRequest): JsonObject {
  if (call.output !== undefined) {
    const { name, schema } = call.output;
    return {
      tools: [{ name, description: 'Gives the answer.', input_schema: schema }],
      tool_choice: { type: 'tool', name, disable_parallel_tool_use: true },
    };
  }
  const tools = call.tools?.map((tool) => ({
    name: tool.name,
    description: tool.description,
    input_schema: tool.parameters,
    ...(tool.strict !== undefined && { strict: tool.strict }),
    ...extrasOf(DIALECT, tool),
  }));
  return tools === undefined ? {} : { tools, tool_choice: choiceOf(call) };
}

function choiceOf({ toolChoice, parallelToolCalls }: ModelRequest): JsonObject | undefined {
  const single = parallelToolCalls === undefined ? {} : { disable_parallel_tool_use: !parallelToolCalls };
  if (toolChoice === undefined) return parallelToolCalls === undefined ? undefined : { type: 'auto', ...single };
  if (toolChoice === 'none') return { type: 'none' };
  if (toolChoice === 'auto') return { type: 'auto', ...single };
  return toolChoice === 'required' ? { type: 'any', ...single } : { type: 'tool', name: toolChoice.tool, ...single };
}

interface Thinking {
  readonly maxTokens: number;
  readonly thinking?: JsonObject;
  readonly effort?: string;
}

/** Thoughts count among `max_tokens`, so that a caller who names no limit gets the model's own for the answer alone. */
function thinkingOf(call: ModelRequest, target: DialectTarget): Thinking {
  const { effort, budgetTokens } = call.reasoning ?? {};
  const maxTokens = call.maxTokens ?? target.maxTokens;
  const traits = claudeTraits(target.model);
  // Thinking is off where nobody asks for it, and the newest models refuse the word for it.
  if (effort === 'none') return traits.isAdaptive ? { maxTokens } : { maxTokens, thinking: { type: 'disabled' } };
  const wanted = budgetTokens ?? (effort === undefined ? undefined : EFFORT_TOKENS[effort]);
  if (wanted === undefined) return { maxTokens };
  if (call.temperature !== undefined && call.temperature !== 1)
    throw refuse('temperature', 'cannot be set while this model reasons');
  if (call.toolChoice === 'required' || typeof call.toolChoice === 'object')
    throw refuse('toolChoice', 'cannot force a tool while this model reasons');
  const room = call.maxTokens === undefined ? maxTokens + wanted : maxTokens;
  if (effort !== undefined && traits.isAdaptive)
    return { maxTokens: room, thinking: { type: 'adaptive' }, effort: effort === 'minimal' ? 'low' : effort };
  if (!traits.takesBudget) throw refuse('reasoning.budgetTokens', 'is not taken by this model: say an effort');
  if (wanted < MIN_THINKING_TOKENS)
    throw refuse('reasoning.budgetTokens', `must be at least ${MIN_THINKING_TOKENS} for this model`);
  const budget = budgetTokens ?? Math.min(wanted, room - 1);
  if (budget >= room || budget < MIN_THINKING_TOKENS)
    throw refuse('maxTokens', 'leaves this model no room to answer behind its reasoning');
  return { maxTokens: room, thinking: { type: 'enabled', budget_tokens: budget } };
}
