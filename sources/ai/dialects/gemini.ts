import { SkeinError } from '../../../kernel/errors.ts';
import type { AnswerPart, EmbedResponse, FinishReason, ModelPart, ModelResponse, Signature, Usage } from '../model.ts';
import { joinText, requestExtras } from './content.ts';
import {
  type DialectQuirks,
  type EmbeddingDialect,
  errorInside,
  type ModelDialect,
  parseEventData,
  type StreamDecoder,
  type StreamEvent,
  unreadable,
} from './dialect.ts';
import { GEMINI, geminiHeaders, geminiRequest, modelPath, OWN_ID } from './gemini-request.ts';
import { geminiUsage } from './gemini-usage.ts';
import { complete, vectorOf } from './openai-embeddings.ts';
import { arrayOf, isObject, type JsonObject, objectOf, textOf } from './read.ts';
import { invalidCall, ToolCallAssembler } from './tool-calls.ts';

/** https://ai.google.dev/api/generate-content */
export function createGeminiDialect(quirks: DialectQuirks = {}): ModelDialect {
  return {
    name: GEMINI,
    request: (call, target) => geminiRequest(call, target, quirks),
    parse,
    usage: (body) => geminiUsage(objectOf(body)),
    stream: () => new GeminiDecoder(),
    embeddings: createEmbeddings(quirks),
  };
}

function parse(body: unknown): ModelResponse {
  const answer = objectOf(body);
  throwFailure(answer);
  const candidate = objectOf(arrayOf(answer.candidates)[0]);
  const blocked = blockReason(answer);
  if (candidate.finishReason === undefined && candidate.content === undefined && blocked === undefined)
    throw unreadable('The answer has no candidates[0].');
  const content = piecesOf(candidate).map((piece, index) => toPart(piece, ownId(answer.responseId, index)));
  const calls = content.some(({ type }) => type === 'tool-call');
  return {
    id: textOf(answer.responseId),
    text: joinText(content),
    finishReason: blocked ?? finishReason(candidate.finishReason, calls),
    usage: geminiUsage(answer),
    modelId: textOf(answer.modelVersion),
    content,
    logprobs: candidate.logprobsResult,
    raw: body,
  };
}

/** The pieces that mean something here, in their order. */
function piecesOf(candidate: JsonObject): JsonObject[] {
  return arrayOf(objectOf(candidate.content).parts)
    .map(objectOf)
    .filter((piece) => typeof piece.text === 'string' || isObject(piece.functionCall));
}

function signatureOf(piece: JsonObject): { signature?: Signature } {
  const value = textOf(piece.thoughtSignature);
  return value ? { signature: { dialect: GEMINI, value } } : {};
}

function toPart(piece: JsonObject, id: string): AnswerPart {
  const signature = signatureOf(piece);
  if (isObject(piece.functionCall)) return { type: 'tool-call', ...calledBy(piece.functionCall, id), ...signature };
  return { type: piece.thought === true ? 'reasoning' : 'text', text: textOf(piece.text) ?? '', ...signature };
}

/** Calls come whole, with arguments as an object, and need not have an id. */
function calledBy(call: JsonObject, id: string): { id: string; name: string; arguments: string } {
  const name = textOf(call.name);
  if (!name) throw unreadable('A call of a tool has no name.');
  return { id: textOf(call.id) || id, name, arguments: JSON.stringify(objectOf(call.args)) };
}

/** Ids that we make up must differ in one conversation. */
function ownId(responseId: unknown, index: number): string {
  return typeof responseId === 'string' ? `${OWN_ID}${responseId}-${index}` : `${OWN_ID}${index}`;
}

class GeminiDecoder implements StreamDecoder {
  readonly #calls = new ToolCallAssembler();
  #usage: unknown;
  /** What was looked up for the answer. */
  #grounding: unknown;
  #reason: unknown;
  #blocked: FinishReason | undefined;
  #id: string | undefined;
  #modelId: string | undefined;

  push({ data }: StreamEvent): ModelPart[] {
    const chunk = objectOf(parseEventData(data));
    // Every chunk has the counts until then.
    if (isObject(chunk.usageMetadata)) this.#usage = chunk.usageMetadata;
    throwFailure(chunk);
    this.#id ??= textOf(chunk.responseId);
    this.#modelId ??= textOf(chunk.modelVersion);
    this.#blocked ??= blockReason(chunk);
    const candidate = objectOf(arrayOf(chunk.candidates)[0]);
    this.#grounding = candidate.groundingMetadata ?? this.#grounding;
    if (candidate.finishReason !== undefined) this.#reason = candidate.finishReason;
    const parts = piecesOf(candidate).flatMap((piece) => this.#read(piece));
    return parts;
  }

  /** The format has no terminator: an answer that says why it ended is whole. */
  end(): ModelPart[] {
    if (this.#reason === undefined && this.#blocked === undefined) throw new SkeinError('MODEL_STREAM_TRUNCATED');
    const reason = this.#blocked ?? finishReason(this.#reason, this.#calls.size > 0);
    return [{ type: 'finish', reason, usage: this.usage(), id: this.#id, modelId: this.#modelId }];
  }

  usage(): Usage | undefined {
    return geminiUsage({
      usageMetadata: this.#usage,
      modelVersion: this.#modelId,
      candidates: [{ groundingMetadata: this.#grounding }],
    });
  }

  isCounted(): boolean {
    return isObject(this.#usage) && (this.#reason !== undefined || this.#blocked !== undefined);
  }

  #read(piece: JsonObject): ModelPart[] {
    const signature = signatureOf(piece);
    if (isObject(piece.functionCall)) {
      const key = this.#calls.size;
      return this.#calls.push({ key, ...calledBy(piece.functionCall, ownId(this.#id, key)), ...signature });
    }
    const text = textOf(piece.text) ?? '';
    if (text === '' && signature.signature === undefined) return [];
    return [{ type: piece.thought === true ? 'reasoning' : 'text', text, ...signature }];
  }
}

function throwFailure(answer: JsonObject): void {
  if (answer.error === undefined || answer.error === null) return;
  const { status, message } = objectOf(answer.error);
  throw errorInside({ error: { type: textOf(status)?.toLowerCase(), message } });
}

/** A question that is refused gets no candidates. */
function blockReason(answer: JsonObject): FinishReason | undefined {
  return objectOf(answer.promptFeedback).blockReason === undefined ? undefined : 'content-filter';
}

/** @throws SkeinError MODEL_OUTPUT_INVALID for an answer that came to nothing. */
function finishReason(reason: unknown, calls: boolean): FinishReason {
  switch (reason) {
    case 'STOP':
      return calls ? 'tool-calls' : 'stop';
    case 'MAX_TOKENS':
      return 'length';
    case 'SAFETY':
    case 'RECITATION':
    case 'BLOCKLIST':
    case 'PROHIBITED_CONTENT':
    case 'SPII':
    case 'LANGUAGE':
    case 'IMAGE_SAFETY':
    case 'IMAGE_PROHIBITED_CONTENT':
    case 'IMAGE_RECITATION':
    case 'MODEL_ARMOR':
      return 'content-filter';
    // What the model wrote as a call could not be read, and nobody was given it.
    case 'MALFORMED_FUNCTION_CALL':
    case 'UNEXPECTED_TOOL_CALL':
    case 'TOO_MANY_TOOL_CALLS':
    case 'MALFORMED_RESPONSE':
      throw invalidCall('was not one that the provider could read');
    default:
      return 'other';
  }
}

/** https://ai.google.dev/api/embeddings */
function createEmbeddings(quirks: DialectQuirks): EmbeddingDialect {
  return {
    request: (call, target) => ({
      path: `${modelPath(target.model)}:batchEmbedContents`,
      headers: geminiHeaders(target, quirks),
      body: JSON.stringify({
        requests: call.texts.map((text) => ({
          model: `models/${target.model.replace(/^models\//, '')}`,
          content: { parts: [{ text }] },
          outputDimensionality: call.dimensions,
          ...requestExtras(GEMINI, call),
        })),
      }),
    }),
    parse(body, call): EmbedResponse {
      const answer = objectOf(body);
      throwFailure(answer);
      const embeddings = arrayOf(answer.embeddings).map((entry) => vectorOf(objectOf(entry).values));
      return {
        embeddings: complete(embeddings, call.texts.length),
        usage: geminiUsage(answer),
        modelId: undefined,
      };
    },
  };
}
