import type { Clock } from '../../../kernel/ports.ts';
import { freezePlain } from '../../cache/plain-value.ts';
import { type CacheStore, NO_STAMP } from '../../cache/store.ts';
import type { CallContext } from '../../source.ts';
import type { Meter } from '../meter.ts';
import type { ModelRequest, ModelResponse } from '../model.ts';
import type { ModelRoute } from '../routes/route.ts';
import { type KeptModelAnswer, toKept } from './kept-answer.ts';
import type { AnswerCacheOptions } from './options.ts';

export interface AnswerStoreDeps {
  readonly store: Pick<CacheStore, 'get' | 'set'>;
  readonly clock: Clock;
  /** Told of every answer that is given again. */
  readonly meter: Meter;
}

/** A question that may have been answered already. */
export interface CachedQuestion {
  readonly route: ModelRoute;
  readonly request: ModelRequest;
  readonly context: CallContext;
  readonly options: AnswerCacheOptions;
}

/** What was found, and how an answer of this question is kept. */
export interface CachedLookup {
  readonly kept: KeptModelAnswer | undefined;
  /** Of what was found. */
  readonly ageMs: number;
  /** Resolves when it is kept, or nothing is; at once where it is possible. */
  keep(answer: ModelResponse): unknown;
}

const NOTHING: CachedLookup = { kept: undefined, ageMs: 0, keep() {} };
const OWNER = 'models';

/** Looks for the answer to a question. Never rejects. */
export async function lookUp(
  key: string | undefined,
  { context, options }: CachedQuestion,
  { store, clock }: Pick<AnswerStoreDeps, 'store' | 'clock'>,
): Promise<CachedLookup> {
  if (key === undefined) return NOTHING;
  const { answer, stamp } = await store.get(key);
  if (answer !== undefined && clock.now() < answer.freshUntil) {
    return { kept: answer.value as KeptModelAnswer, ageMs: clock.now() - answer.keptAt, keep() {} };
  }
  if (stamp === NO_STAMP) return NOTHING;
  return {
    kept: undefined,
    ageMs: 0,
    keep(given) {
      const value = context.prompt?.accepts?.(given) === false ? undefined : toKept(given);
      const measure = value && freezePlain(value);
      if (value === undefined || measure === undefined) return undefined;
      const now = clock.now();
      const ttlMs = options.ttlSeconds * 1_000;
      const until = now + ttlMs;
      const times = { keptAt: now, freshUntil: until, staleUntil: until, errorUntil: until };
      const tags = [`model:${value.model}`, ...(context.prompt === undefined ? [] : [`prompt:${context.prompt.name}`])];
      const entry = { value, ...measure, ...times, validators: undefined, tags };
      return store.set(key, entry, { owner: OWNER, ttlMs, stamp });
    },
  };
}
