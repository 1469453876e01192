import { arrayOf } from '../../../sources/ai/dialects/read.ts';
import type { EmbedRequest, EmbedResponse, JsonObject } from '../../../sources/ai/model.ts';
import { FieldReader, wrong } from '../field-reader.ts';

export interface EmbedCall {
  readonly model: string;
  readonly request: EmbedRequest;
  readonly isBase64: boolean;
}

/** Canonical names of parameters → OpenAI's. */
export const EMBEDDING_NAMES = { texts: 'input' };

/** `POST /v1/embeddings`: https://platform.openai.com/docs/api-reference/embeddings/create */
export function readEmbeddingsRequest(json: JsonObject): EmbedCall {
  const body = new FieldReader(json);
  const model = body.needText('model');
  const input = body.any('input');
  if (arrayOf(input).some((entry) => typeof entry !== 'string'))
    throw wrong('input', 'must be a text or a list of texts: tokens are of one model alone');
  const texts = body.texts('input');
  if (texts === undefined || texts.length === 0) throw wrong('input', 'must have at least one text');
  if (texts.includes('')) throw wrong('input', 'must not have an empty text');
  const format = body.text('encoding_format') ?? 'float';
  if (format !== 'float' && format !== 'base64') throw wrong('encoding_format', 'must be float or base64');
  const dimensions = body.integer('dimensions', 1);
  const user = body.text('user');
  const [unknown] = body.rest();
  if (unknown !== undefined) throw wrong(unknown, 'is not taken here');
  const request = { texts, dimensions, ...(user !== undefined && { extras: { openai: { user } } }) };
  return { model, request, isBase64: format === 'base64' };
}

export function embeddingsAnswer({ embeddings, usage }: EmbedResponse, call: EmbedCall, model: string): JsonObject {
  const tokens = usage?.inputTokens ?? usage?.totalTokens ?? 0;
  return {
    object: 'list',
    data: embeddings.map((embedding, index) => ({
      object: 'embedding',
      index,
      embedding: call.isBase64 ? base64Of(embedding) : embedding,
    })),
    model,
    usage: { prompt_tokens: tokens, total_tokens: usage?.totalTokens ?? tokens },
  };
}

/** 32-bit floats, little-endian. */
function base64Of(embedding: readonly number[]): string {
  const bytes = Buffer.allocUnsafe(embedding.length * 4);
  for (const [index, value] of embedding.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString('base64');
}
