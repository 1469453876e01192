import type {
  ContentPart,
  JsonObject,
  MediaSource,
  ModelMessage,
  ModelRequest,
  ReasoningEffort,
  ToolResultPart,
} from '../model.ts';
import {
  argumentsObject,
  extrasOf,
  joinText,
  misplaced,
  partPath,
  partsOf,
  requestExtras,
  systemParts,
} from './content.ts';
import { authHeaders, type DialectQuirks, type DialectRequest, type DialectTarget, refuse } from './dialect.ts';
import { objectOf } from './read.ts';

export const GEMINI = 'gemini';
/** Ids of calls that we have made up, as the format need not have any, begin with this and stay here. */
export const OWN_ID = 'skein-call-';

/** Models before the third generation count thoughts in tokens. */
const EFFORT_TOKENS: Readonly<Record<ReasoningEffort, number>> = {
  none: 0,
  minimal: 512,
  low: 2_048,
  medium: 8_192,
  high: 24_576,
};

export function geminiRequest(call: ModelRequest, target: DialectTarget, quirks: DialectQuirks): DialectRequest {
  if (call.parallelToolCalls === false) throw refuse('parallelToolCalls', 'cannot be turned off for this model');
  if (call.output !== undefined && call.tools?.length)
    throw refuse('tools', 'cannot be given to this model together with an output schema');
  const system = systemParts(call);
  const { generationConfig, ...extras } = requestExtras(GEMINI, call);
  const contents = toContents(call, hasLevels(target.model));
  if (contents.length === 0) throw refuse('messages', 'must have a message that is not a system message');
  const body = {
    systemInstruction: system.length === 0 ? undefined : { parts: system.map(({ text }) => ({ text })) },
    contents,
    generationConfig: { ...configOf(call, target.model), ...objectOf(generationConfig) },
    tools: call.tools && [{ functionDeclarations: call.tools.map(toDeclaration) }],
    toolConfig: call.toolChoice && { functionCallingConfig: choiceOf(call.toolChoice) },
    ...extras,
  };
  return {
    path: `${modelPath(target.model)}:${target.stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    headers: geminiHeaders(target, quirks),
    body: JSON.stringify(body),
  };
}

export function geminiHeaders(
  { stream, apiKey }: DialectTarget,
  quirks: DialectQuirks,
): Readonly<Record<string, string>> {
  return {
    'content-type': 'application/json',
    accept: stream ? 'text/event-stream' : 'application/json',
    ...authHeaders(quirks.auth ?? 'x-goog-api-key', apiKey),
  };
}

export function modelPath(model: string): string {
  return `/models/${encodeURIComponent(model.replace(/^models\//, ''))}`;
}

function configOf(call: ModelRequest, model: string): JsonObject {
  return {
    maxOutputTokens: call.maxTokens,
    temperature: call.temperature,
    topP: call.topP,
    stopSequences: call.stop,
    seed: call.seed,
    ...(call.logprobs !== undefined && {
      responseLogprobs: true,
      ...(call.logprobs > 0 && { logprobs: call.logprobs }),
    }),
    ...(call.output && { responseMimeType: 'application/json', responseJsonSchema: call.output.schema }),
    thinkingConfig: thinkingOf(call, model),
  };
}

/** From the third generation on. */
function hasLevels(model: string): boolean {
  return /gemini-(?!1|2)\d/.test(model);
}

function thinkingOf({ reasoning }: ModelRequest, model: string): JsonObject | undefined {
  if (reasoning === undefined) return undefined;
  const { effort, budgetTokens } = reasoning;
  if (budgetTokens !== undefined) return { thinkingBudget: budgetTokens, includeThoughts: true };
  if (effort === undefined) return undefined;
  if (!hasLevels(model)) return { thinkingBudget: EFFORT_TOKENS[effort], includeThoughts: effort !== 'none' };
  if (effort === 'none') throw refuse('reasoning.effort', 'cannot be none for this model, which always reasons');
  return { thinkingLevel: effort, includeThoughts: true };
}

function toDeclaration(tool: NonNullable<ModelRequest['tools']>[number]): JsonObject {
  const { name, description, parameters } = tool;
  return { name, description, parametersJsonSchema: parameters, ...extrasOf(GEMINI, tool) };
}

function choiceOf(choice: NonNullable<ModelRequest['toolChoice']>): JsonObject {
  if (typeof choice === 'object') return { mode: 'ANY', allowedFunctionNames: [choice.tool] };
  return { mode: { auto: 'AUTO', none: 'NONE', required: 'ANY' }[choice] };
}

interface Turn {
  readonly role: 'user' | 'model';
  readonly parts: JsonObject[];
}

/** In place of a signature that nobody has: https://ai.google.dev/gemini-api/docs/thought-signatures */
const UNSIGNED = { thoughtSignature: 'skip_thought_signature_validator' };

/**
 * Results name their function in this format, which only the calls before them tell. Who wants signatures wants one of the
 * first call of each answer since the user's last word.
 */
function toContents(call: ModelRequest, wantsSignatures: boolean): Turn[] {
  const names = new Map<string, string>();
  const turns: Turn[] = [];
  const lastWord = call.messages.findLastIndex(({ role }) => role === 'user');
  for (const [index, message] of call.messages.entries()) {
    if (message.role === 'system') continue;
    const role = message.role === 'assistant' ? 'model' : 'user';
    const parts = partsOf(message).flatMap((part, place) => {
      if (part.type === 'tool-call') names.set(part.id, part.name);
      const path = partPath(index, place, message.content);
      const piece = toPiece(part, message.role, path, names);
      return piece === undefined ? [] : [{ ...piece, ...extrasOf(GEMINI, part) }];
    });
    const first = parts.findIndex(({ functionCall }) => functionCall !== undefined);
    if (wantsSignatures && index > lastWord && first !== -1) parts[first] = { ...UNSIGNED, ...parts[first] };
    const last = turns.at(-1);
    // Neighbours of one role are one turn: results of calls must come all at once.
    if (last?.role === role) last.parts.push(...parts);
    else turns.push({ role, parts });
  }
  return turns.filter(({ parts }) => parts.length > 0);
}

function toPiece(
  part: ContentPart,
  role: ModelMessage['role'],
  path: string,
  names: ReadonlyMap<string, string>,
): JsonObject | undefined {
  const isAssistant = role === 'assistant';
  if (part.type === 'text' && role !== 'tool') return { text: part.text, ...signed(part) };
  if ((part.type === 'image' || part.type === 'file') && role === 'user') return mediaPiece(part.source, path);
  if (part.type === 'reasoning' && isAssistant)
    return part.signature?.dialect === GEMINI ? { text: part.text, thought: true, ...signed(part) } : undefined;
  if (part.type === 'tool-call' && isAssistant) {
    const args = argumentsObject(part.arguments, path);
    return { functionCall: { ...idOf(part.id), name: part.name, args }, ...signed(part) };
  }
  if (part.type === 'tool-result' && role === 'tool') {
    const name = names.get(part.id);
    if (name === undefined) throw refuse(path, 'answers a call of a tool that is not among the messages before it');
    return { functionResponse: { ...idOf(part.id), name, response: responseOf(part, path) } };
  }
  throw misplaced(part, path, role);
}

function signed({ signature }: { readonly signature?: { dialect: string; value: string } | undefined }): JsonObject {
  return signature?.dialect === GEMINI ? { thoughtSignature: signature.value } : {};
}

function idOf(id: string): JsonObject {
  return id.startsWith(OWN_ID) ? {} : { id };
}

function mediaPiece(source: MediaSource, path: string): JsonObject {
  if (source.type === 'base64') return { inlineData: { mimeType: source.mediaType, data: source.data } };
  if (!/^https?:|^gs:/.test(source.url)) throw refuse(path, 'has an address that this model cannot fetch');
  return { fileData: { fileUri: source.url, ...(source.mediaType !== undefined && { mimeType: source.mediaType }) } };
}

/** The format takes an object: text that is none is put into one. */
function responseOf({ content, isError }: ToolResultPart, path: string): JsonObject {
  if (typeof content !== 'string' && content.some(({ type }) => type !== 'text'))
    throw refuse(path, 'has an image, which this model cannot take from a tool');
  const text = typeof content === 'string' ? content : joinText(content);
  return { [isError ? 'error' : 'output']: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
