import { PROVIDER_DIALECTS } from '../../../sources/ai/dialects/index.ts';
import { arrayOf, isObject, objectOf, textOf } from '../../../sources/ai/dialects/read.ts';
import type { JsonObject, ReasoningPart, Signature } from '../../../sources/ai/model.ts';

/**
 * What a provider wants to see again goes to the client in fields that it sends back with the message, as it does with
 * all that it does not know.
 */

/** Of a call of a tool, in the place that Google has for it. */
export function extraContent(signature: Signature | undefined): JsonObject {
  if (signature === undefined) return {};
  const { dialect, value } = signature;
  if (dialect === 'gemini') return { extra_content: { google: { thought_signature: value } } };
  return { extra_content: { skein: { dialect, signature: value } } };
}

export function readExtraContent(value: unknown): Signature | undefined {
  const { google, skein } = objectOf(value);
  const thought = textOf(objectOf(google).thought_signature);
  if (thought !== undefined) return { dialect: 'gemini', value: thought };
  const { dialect, signature } = objectOf(skein);
  return typeof dialect === 'string' && typeof signature === 'string' ? { dialect, value: signature } : undefined;
}

/** Whether a detail is one that was made here, of a thought of a provider of another format. */
export function isOurs(detail: unknown): boolean {
  return DIALECTS.has(objectOf(detail).format);
}

const DIALECTS: ReadonlySet<unknown> = new Set(PROVIDER_DIALECTS);

/** The conversation without the thoughts of others, as providers of OpenAI's format take it. */
export function withoutForeign(body: JsonObject): JsonObject {
  const messages = arrayOf(body.messages).flatMap((message) => {
    const { reasoning_details: details, reasoning_content: text, tool_calls: calls, ...rest } = objectOf(message);
    if (!Array.isArray(details) && !Array.isArray(calls)) return [message];
    const own = arrayOf(details).filter((detail) => !isOurs(detail));
    const isOwn = own.length > 0 || !Array.isArray(details);
    // They may have been all of it.
    if (!isOwn && !rest.content && arrayOf(calls).length === 0) return [];
    return [
      {
        ...rest,
        ...(isOwn && text !== undefined && { reasoning_content: text }),
        ...(own.length > 0 && { reasoning_details: own }),
        ...(Array.isArray(calls) && { tool_calls: calls.map(withoutExtraContent) }),
      },
    ];
  });
  return { ...body, messages };
}

/** Google's own is for its own servers, which speak this format too. */
function withoutExtraContent(call: unknown): unknown {
  const { extra_content: extra, ...rest } = objectOf(call);
  return objectOf(extra).google === undefined ? rest : call;
}

/** A thought with its signature. */
export function reasoningDetail({ text, signature }: Pick<ReasoningPart, 'text' | 'signature'>): JsonObject {
  if (signature === undefined) return { type: 'reasoning.text', text };
  const { dialect: format, value, id, isRedacted } = signature;
  const own = { format, ...(id !== undefined && { id }) };
  if (isRedacted) return { type: 'reasoning.encrypted', data: value, ...own };
  return { type: 'reasoning.text', text, signature: value, ...own };
}

/** Undefined for what is nobody's here. */
export function readReasoningDetail(value: unknown): ReasoningPart | undefined {
  if (!isObject(value)) return undefined;
  const { type, format, signature, data, id } = value;
  const text = textOf(value.text) ?? '';
  if (typeof format !== 'string') return text === '' ? undefined : { type: 'reasoning', text };
  const own = { dialect: format, ...(typeof id === 'string' && { id }) };
  if (type === 'reasoning.encrypted' && typeof data === 'string')
    return { type: 'reasoning', text: '', signature: { ...own, value: data, isRedacted: true } };
  if (typeof signature !== 'string') return { type: 'reasoning', text };
  return { type: 'reasoning', text, signature: { ...own, value: signature } };
}
