import type { JsonObject, ModelPart, ModelRequest, ModelResponse } from '../../sources/ai/model.ts';
import type { RateStanding } from '../policy/rates/rates.ts';
import type { Failure } from './failure.ts';
import type { ModelListFormat } from './model-list.ts';
import type { Translation } from './translation.ts';

/** A question of a client, read. */
export interface ChatCall {
  /** What the client calls the model. */
  readonly model: string;
  readonly stream: boolean;
  readonly request: ModelRequest;
  readonly translation: Translation;
  /** Where the canonical messages stand in the client's own list. Default: at the same place. */
  readonly places?: readonly number[] | undefined;
  /** What the format repeats of the question in its answer. */
  readonly echo?: JsonObject | undefined;
}

/** What is known of an answer before it is there. */
export interface AnswerInfo {
  /** Our name of the model that answers. */
  readonly model: string;
  readonly requestId: string;
  /** Seconds since the epoch. */
  readonly createdAt: number;
}

/** What is common to all that a family of clients hears. */
export interface Family {
  /** What usage records call its doors. */
  readonly name: string;
  /** Headers that name the request. */
  headers(requestId: string): Readonly<Record<string, string>>;
  /** Headers that tell how the limit of requests stands. `now`: milliseconds since the epoch. */
  rateHeaders(standing: RateStanding, now: number): Readonly<Record<string, string>>;
  failure(failure: Failure, requestId: string): JsonObject;
  readonly models: ModelListFormat;
}

/** A format in which clients ask for chats. */
export interface ChatFormat {
  /** @throws SkeinError BAD_USER_INPUT naming the parameter that is wrong */
  read(body: JsonObject): ChatCall;
  answer(response: ModelResponse, call: ChatCall, info: AnswerInfo): JsonObject;
  stream(call: ChatCall, info: AnswerInfo): StreamEncoder;
  /** What a stream ends with that has failed, whatever was said before. */
  failedStream(failure: Failure, requestId: string): string;
  /** Headers of clients that belong to the format, beside the body. */
  readonly headers: readonly string[];
  /** Canonical names of parameters → the format's own. */
  readonly names: Readonly<Record<string, string>>;
  readonly family: Family;
}

/** Makes server-sent events of the parts of one answer; `finish` is the last. */
export interface StreamEncoder {
  part(part: Exclude<ModelPart, { readonly type: 'native' }>): string;
}
