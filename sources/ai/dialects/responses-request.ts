import type { ContentPart, FilePart, JsonObject, ModelMessage, ModelRequest, ToolResultPart } from '../model.ts';
import {
  argumentsObject,
  extrasOf,
  mediaUrl,
  misplaced,
  partPath,
  partsOf,
  requestExtras,
  systemParts,
} from './content.ts';
import { authHeaders, type DialectQuirks, type DialectRequest, type DialectTarget, refuse } from './dialect.ts';
import { fitId } from './tool-call-ids.ts';

export const RESPONSES = 'openai-responses';

export function responsesRequest(call: ModelRequest, target: DialectTarget, quirks: DialectQuirks): DialectRequest {
  if (call.stop !== undefined) throw refuse('stop', 'is not taken by this model');
  if (call.seed !== undefined) throw refuse('seed', 'is not taken by this model');
  if (call.reasoning?.budgetTokens !== undefined)
    throw refuse('reasoning.budgetTokens', 'is not taken by this model: say an effort');
  const reasons = call.reasoning?.effort !== undefined && call.reasoning.effort !== 'none';
  const include = [
    // Nothing is kept at the provider, so that its thoughts must travel with the conversation.
    ...(reasons ? ['reasoning.encrypted_content'] : []),
    ...(call.logprobs === undefined ? [] : ['message.output_text.logprobs']),
  ];
  const firstOther = call.messages.findIndex(({ role }) => role !== 'system');
  const begins = firstOther === -1 ? call.messages.length : firstOther;
  const instructions = systemParts({ ...call, messages: call.messages.slice(0, begins) })
    .map(({ text }) => text)
    .join('\n\n');
  const body = {
    model: target.model,
    instructions: instructions === '' ? undefined : instructions,
    // What is told in the middle stays there.
    input: call.messages.flatMap((message, index) => (index < begins ? [] : toItems(message, index))),
    store: false,
    include: include.length > 0 ? include : undefined,
    max_output_tokens: call.maxTokens,
    temperature: call.temperature,
    top_p: call.topP,
    top_logprobs: call.logprobs,
    reasoning: call.reasoning && { effort: call.reasoning.effort, ...(reasons && { summary: 'auto' }) },
    tools: call.tools?.map((tool) => ({
      type: 'function',
      name: tool.name,
      description: tool.description,
      parameters: tool.parameters,
      // What is not said is strict in this format.
      strict: tool.strict ?? false,
      ...extrasOf(RESPONSES, tool),
    })),
    tool_choice:
      typeof call.toolChoice === 'object' ? { type: 'function', name: call.toolChoice.tool } : call.toolChoice,
    parallel_tool_calls: call.parallelToolCalls,
    text: call.output && {
      format: { type: 'json_schema', name: call.output.name, strict: true, schema: call.output.schema },
    },
    ...requestExtras(RESPONSES, call),
    ...(target.stream && { stream: true }),
  };
  return {
    path: '/responses',
    headers: {
      'content-type': 'application/json',
      accept: target.stream ? 'text/event-stream' : 'application/json',
      ...authHeaders(quirks.auth ?? 'bearer', target.apiKey),
    },
    body: JSON.stringify(body),
  };
}

/** Calls of tools, their results and thoughts are items beside the messages. */
function toItems(message: ModelMessage, index: number): JsonObject[] {
  const { role, content } = message;
  const items: JsonObject[] = [];
  let pieces: JsonObject[] = [];
  const close = () => {
    if (pieces.length > 0) items.push({ role, content: pieces });
    pieces = [];
  };
  for (const [place, part] of partsOf(message).entries()) {
    const path = partPath(index, place, content);
    const item = toItem(part, role, path);
    if (item !== undefined) {
      close();
      items.push({ ...item, ...extrasOf(RESPONSES, part) });
    } else if (part.type !== 'reasoning') pieces.push({ ...toPiece(part, role, path), ...extrasOf(RESPONSES, part) });
  }
  close();
  return items;
}

function toItem(part: ContentPart, role: ModelMessage['role'], path: string): JsonObject | undefined {
  if (role === 'tool') {
    if (part.type !== 'tool-result') throw misplaced(part, path, role);
    return { type: 'function_call_output', call_id: fitId(part.id, 'responses'), output: outputOf(part) };
  }
  if (role !== 'assistant') return undefined;
  if (part.type === 'tool-call') {
    argumentsObject(part.arguments, path);
    return {
      type: 'function_call',
      call_id: fitId(part.id, 'responses'),
      name: part.name,
      arguments: part.arguments || '{}',
    };
  }
  if (part.type !== 'reasoning' || part.signature?.dialect !== RESPONSES) return undefined;
  const { id, value } = part.signature;
  const summary = part.text === '' ? [] : [{ type: 'summary_text', text: part.text }];
  return { type: 'reasoning', ...(id !== undefined && { id }), summary, encrypted_content: value };
}

function toPiece(part: ContentPart, role: ModelMessage['role'], path: string): JsonObject {
  if (part.type === 'text') return { type: role === 'assistant' ? 'output_text' : 'input_text', text: part.text };
  if (role === 'user' && part.type === 'image') return { type: 'input_image', image_url: mediaUrl(part.source) };
  if (role === 'user' && part.type === 'file') return filePiece(part);
  throw misplaced(part, path, role);
}

function filePiece({ name, source }: FilePart): JsonObject {
  return source.type === 'url'
    ? { type: 'input_file', file_url: source.url }
    : { type: 'input_file', filename: name ?? 'file', file_data: mediaUrl(source) };
}

function outputOf({ content }: ToolResultPart): string | JsonObject[] {
  if (typeof content === 'string') return content;
  return content.map((part) =>
    part.type === 'text'
      ? { type: 'input_text', text: part.text }
      : { type: 'input_image', image_url: mediaUrl(part.source) },
  );
}
