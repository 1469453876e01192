import type {
  AnswerPart,
  FinishReason,
  JsonObject,
  ModelResponse,
  ReasoningPart,
  Signature,
  Usage,
} from '../../../sources/ai/model.ts';
import type { AnswerInfo, ChatCall } from '../format.ts';

export function idOf(prefix: string, requestId: string, index?: number): string {
  return `${prefix}_${requestId.replaceAll('-', '')}${index === undefined ? '' : `_${index}`}`;
}

/** https://platform.openai.com/docs/api-reference/responses/object */
export function responsesAnswer(response: ModelResponse, call: ChatCall, info: AnswerInfo): JsonObject {
  const content: readonly AnswerPart[] = response.content ?? [{ type: 'text', text: response.text }];
  const output: JsonObject[] = [];
  let text: JsonObject[] = [];
  const closeText = () => {
    if (text.length > 0) output.push(messageItem(idOf('msg', info.requestId, output.length), text));
    text = [];
  };
  for (const part of content) {
    if (part.type === 'text') {
      if (part.text !== '') text.push(textPiece(part.text, response.logprobs));
      continue;
    }
    closeText();
    const index = output.length;
    if (part.type === 'reasoning') output.push(reasoningItem(idOf('rs', info.requestId, index), part));
    else output.push({ ...callItem(idOf('fc', info.requestId, index), part), arguments: part.arguments });
  }
  closeText();
  return envelope({ call, info, output, reason: response.finishReason, usage: response.usage });
}

export interface Envelope {
  readonly call: ChatCall;
  readonly info: AnswerInfo;
  readonly output: readonly JsonObject[];
  /** Undefined while it is under way. */
  readonly reason: FinishReason | undefined;
  readonly usage: Usage | undefined;
}

export function envelope({ call, info, output, reason, usage }: Envelope): JsonObject {
  const cut = reason === 'length' ? 'max_output_tokens' : reason === 'content-filter' ? 'content_filter' : undefined;
  return {
    id: idOf('resp', info.requestId),
    object: 'response',
    created_at: info.createdAt,
    status: reason === undefined ? 'in_progress' : cut === undefined ? 'completed' : 'incomplete',
    error: null,
    incomplete_details: cut === undefined ? null : { reason: cut },
    instructions: null,
    max_output_tokens: null,
    metadata: {},
    model: info.model,
    output,
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: false,
    temperature: null,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: null,
    truncation: 'disabled',
    ...call.echo,
    usage: usage === undefined ? null : responsesUsage(usage),
  };
}

export function textPiece(text: string, logprobs: unknown = undefined): JsonObject {
  return { type: 'output_text', text, annotations: [], logprobs: logprobs ?? [] };
}

export function messageItem(id: string, content: readonly JsonObject[], status = 'completed'): JsonObject {
  return { id, type: 'message', status, role: 'assistant', content };
}

export function reasoningItem(id: string, { text, signature }: Pick<ReasoningPart, 'text' | 'signature'>): JsonObject {
  return {
    id: signature?.id ?? id,
    type: 'reasoning',
    summary: text === '' ? [] : [{ type: 'summary_text', text }],
    ...(signature !== undefined && { encrypted_content: writeEncrypted(signature) }),
  };
}

/** Without its arguments. */
export function callItem(
  id: string,
  call: { readonly id: string; readonly name: string; readonly signature?: Signature | undefined },
  status = 'completed',
): JsonObject {
  const signature = call.signature === undefined ? {} : { skein_signature: writeForeign(call.signature) };
  return { id, type: 'function_call', status, call_id: call.id, name: call.name, arguments: '', ...signature };
}

/** Another provider's signature says whose it is, so that it goes back to that alone. */
export function writeEncrypted(signature: Signature): string {
  return signature.dialect === 'openai-responses' ? signature.value : writeForeign(signature);
}

function writeForeign({ dialect, value, isRedacted }: Signature): string {
  return `skein:${dialect}:${isRedacted ? 'r' : ''}:${value}`;
}

function responsesUsage(usage: Usage): JsonObject {
  const { inputTokens = 0, outputTokens = 0 } = usage;
  return {
    input_tokens: inputTokens,
    input_tokens_details: {
      cached_tokens: usage.cachedInputTokens ?? 0,
      cache_write_tokens: usage.cacheWriteTokens ?? 0,
    },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens ?? 0 },
    total_tokens: usage.totalTokens ?? inputTokens + outputTokens,
  };
}
