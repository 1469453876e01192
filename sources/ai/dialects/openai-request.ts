import type { ContentPart, FilePart, JsonObject, ModelMessage, ModelRequest, ToolResultPart } from '../model.ts';
import {
  argumentsObject,
  extrasOf,
  joinText,
  mediaUrl,
  misplaced,
  partPath,
  partsOf,
  requestExtras,
} from './content.ts';
import { authHeaders, type DialectQuirks, type DialectRequest, type DialectTarget, refuse } from './dialect.ts';
import { fitId } from './tool-call-ids.ts';

const DIALECT = 'openai';

export function openaiRequest(call: ModelRequest, target: DialectTarget, quirks: DialectQuirks): DialectRequest {
  if (call.reasoning?.budgetTokens !== undefined)
    throw refuse('reasoning.budgetTokens', 'is not taken by this model: say an effort');
  const system = call.system === undefined ? [] : [{ role: 'system', content: call.system }];
  const body = {
    model: target.model,
    messages: [...system, ...call.messages.flatMap((message, index) => toMessages(message, index, quirks))],
    [quirks.maxTokensField ?? 'max_tokens']: call.maxTokens,
    temperature: call.temperature,
    top_p: call.topP,
    stop: call.stop,
    [quirks.seedField ?? 'seed']: call.seed,
    ...(call.logprobs !== undefined && {
      logprobs: true,
      ...(call.logprobs > 0 && { top_logprobs: call.logprobs }),
    }),
    reasoning_effort: call.reasoning?.effort,
    tools: call.tools?.map((tool) => ({
      type: 'function',
      function: { name: tool.name, description: tool.description, parameters: tool.parameters, strict: tool.strict },
      ...extrasOf(DIALECT, tool),
    })),
    tool_choice:
      typeof call.toolChoice === 'object'
        ? { type: 'function', function: { name: call.toolChoice.tool } }
        : call.toolChoice,
    parallel_tool_calls: call.parallelToolCalls,
    response_format: call.output && {
      type: 'json_schema',
      json_schema: { name: call.output.name, strict: true, schema: call.output.schema },
    },
    ...requestExtras(DIALECT, call),
    ...(target.stream && {
      stream: true,
      ...(!quirks.hasNoStreamOptions && { stream_options: { include_usage: true } }),
    }),
  };
  return {
    path: '/chat/completions',
    headers: {
      'content-type': 'application/json',
      accept: target.stream ? 'text/event-stream' : 'application/json',
      ...authHeaders(quirks.auth ?? 'bearer', target.apiKey),
    },
    body: JSON.stringify(body),
  };
}

/** Results of tools are messages of their own in this format, one for each. */
function toMessages(message: ModelMessage, index: number, quirks: DialectQuirks): JsonObject[] {
  const { role, content } = message;
  if (typeof content === 'string' && role !== 'tool') return [{ role, content }];
  const pathOf = (place: number) => partPath(index, place, content);
  const parts = partsOf(message);
  switch (role) {
    case 'tool':
      return parts.map((part, place) => {
        if (part.type !== 'tool-result') throw misplaced(part, pathOf(place), role);
        const id = fitId(part.id, quirks.toolCallIds);
        return { role, tool_call_id: id, content: resultText(part, pathOf(place)), ...extrasOf(DIALECT, part) };
      });
    case 'assistant':
      // Thoughts of another are nothing here.
      return parts.every(({ type }) => type === 'reasoning') ? [] : [assistantMessage(parts, pathOf, quirks)];
    case 'system':
    case 'user':
      return [{ role, content: parts.map((part, place) => toPiece(part, pathOf(place), role)) }];
  }
}

function assistantMessage(
  parts: readonly ContentPart[],
  pathOf: (place: number) => string,
  quirks: DialectQuirks,
): JsonObject {
  const calls: JsonObject[] = [];
  for (const [place, part] of parts.entries()) {
    if (part.type === 'tool-call') {
      argumentsObject(part.arguments, pathOf(place));
      const { name, arguments: text } = part;
      const id = fitId(part.id, quirks.toolCallIds);
      calls.push({ id, type: 'function', function: { name, arguments: text || '{}' }, ...extrasOf(DIALECT, part) });
    } else if (part.type !== 'text' && part.type !== 'reasoning') throw misplaced(part, pathOf(place), 'assistant');
  }
  const text = joinText(parts);
  const thoughts = quirks.wantsThoughts ? thoughtsOf(parts) || (calls.length > 0 ? NO_THOUGHTS : '') : '';
  return {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    ...(thoughts !== '' && { reasoning_content: thoughts }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

/** Who thinks refuses calls without a thought before them, and takes an empty one for none. */
const NO_THOUGHTS = '.';

/** Those that nobody has signed: signatures are others'. */
function thoughtsOf(parts: readonly ContentPart[]): string {
  return parts.map((part) => (part.type === 'reasoning' && part.signature === undefined ? part.text : '')).join('');
}

function toPiece(part: ContentPart, path: string, role: string): JsonObject {
  const extras = extrasOf(DIALECT, part);
  if (part.type === 'text') return { type: 'text', text: part.text, ...extras };
  if (role === 'user' && part.type === 'image')
    return { type: 'image_url', image_url: { url: mediaUrl(part.source), ...extras } };
  if (role === 'user' && part.type === 'file') return { ...filePiece(part, path), ...extras };
  throw misplaced(part, path, role);
}

function filePiece({ name, source }: FilePart, path: string): JsonObject {
  if (source.type === 'url')
    throw refuse(path, 'is a file by its address, which this model cannot fetch: give its bytes');
  const audio = /^audio\/(?:x-)?(wav|mp3|mpeg)$/.exec(source.mediaType)?.[1];
  if (audio !== undefined)
    return { type: 'input_audio', input_audio: { data: source.data, format: audio === 'mpeg' ? 'mp3' : audio } };
  return { type: 'file', file: { filename: name ?? 'file', file_data: mediaUrl(source) } };
}

function resultText({ content }: ToolResultPart, path: string): string {
  if (typeof content === 'string') return content;
  if (content.some(({ type }) => type !== 'text'))
    throw refuse(path, 'has an image, which this model cannot take from a tool');
  return joinText(content);
}
