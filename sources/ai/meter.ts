import type { FeedbackKeeper } from '../prompt/feedback.ts';
import type { CallContext } from '../source.ts';
import type { Price } from './cost.ts';
import type { Attempt, Usage } from './model.ts';

/** What one call of a model used. */
export interface ModelCallRecord {
  readonly kind: 'chat' | 'embed';
  /** The name that was asked for: of a route or a model. */
  readonly asked: string;
  /** Our names of what answered, or was asked last. */
  readonly model: string;
  readonly provider: string;
  /** The provider's own id of the model. */
  readonly modelId: string;
  /** Tokens by class. `undefined`: nobody knows of any. */
  readonly usage: Usage | undefined;
  /** The provider has not told the tokens, or not all of them: they are reckoned from the characters. */
  readonly isEstimated: boolean;
  /** Integer nano-USD by the price of the moment; `undefined` where tokens or price are not known. */
  readonly costNanoUsd: bigint | undefined;
  /** What it is reckoned by; `undefined` where it is not known. */
  readonly price: Price | undefined;
  /** From the call to its end, all attempts together. */
  readonly latencyMs: number;
  /** From the call to the first token; of streams alone. */
  readonly firstTokenMs: number | undefined;
  /** What an answer that was given again had cost when it was made; `undefined` for all others, and where it is not known. */
  readonly savedNanoUsd?: bigint | undefined;
  /**
   * `aborted`: the client went away. `cached`: the answer was kept, and nobody was asked. `schemaFailed`: it was answered
   * with what does not fit the output type.
   */
  readonly outcome: 'ok' | 'failed' | 'schemaFailed' | 'aborted' | 'cached';
  /** Code of the error of a call that is not `ok`. */
  readonly errorCode: string | undefined;
  /** Who was asked, one after the other; the last is the one above. */
  readonly attempts: readonly Attempt[];
  /**
   * It is what was paid for an attempt that another one followed: `failed`, of that attempt alone, and no call of its own. The
   * call has another record, with all attempts and what its last one used.
   */
  readonly isFollowed?: boolean | undefined;
}

/**
 * Told of every call of a model, exactly once, however it ends, and before that of each attempt that was paid and came to
 * nothing. A call that was never sent is none.
 */
export interface Meter {
  record(record: ModelCallRecord, context: CallContext): void;
  /** Takes what callers say of answers, where calls can be found again. */
  readonly feedback?: FeedbackKeeper | undefined;
}

export const noMeter: Meter = { record() {} };
