import type { Clock } from '../../../kernel/ports.ts';
import { freezePlain } from '../../cache/plain-value.ts';
import { type CacheStore, NO_STAMP } from '../../cache/store.ts';
import type { CallContext } from '../../source.ts';
import type { Meter } from '../meter.ts';
import type { ModelRequest, ModelResponse } from '../model.ts';
import type { ModelRoute } from '../routes/route.ts';
import { answerKey } from './answer-key.ts';
import { type KeptModelAnswer, NOTHING_USED, toKept } from './kept-answer.ts';
import type { AnswerCacheOptions } from './options.ts';

export interface AnswerStoreDeps {
  readonly store: CacheStore;
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
  keep(answer: ModelResponse): void;
}

const NOTHING: CachedLookup = { kept: undefined, ageMs: 0, keep() {} };
const OWNER = 'models';
const NANO = 1_000_000_000;

/** Looks for the answer to a question; one that is found is metered as given again. Never rejects. */
export async function lookUp(question: CachedQuestion, deps: AnswerStoreDeps): Promise<CachedLookup> {
  const { route, request, context, options } = question;
  const { store, clock } = deps;
  const key = answerKey(route, request, context, options);
  if (key === undefined) return NOTHING;
  const startedAt = clock.now();
  const { answer, stamp } = await store.get(key);
  if (answer !== undefined && clock.now() < answer.freshUntil) {
    const kept = answer.value as KeptModelAnswer;
    meterHit(question, kept, clock.now() - startedAt, deps.meter);
    return { kept, ageMs: clock.now() - answer.keptAt, keep() {} };
  }
  if (stamp === NO_STAMP) return NOTHING;
  return {
    kept: undefined,
    ageMs: 0,
    keep(given) {
      const value = context.prompt?.accepts?.(given) === false ? undefined : toKept(given);
      const measure = value && freezePlain(value);
      if (value === undefined || measure === undefined) return;
      const now = clock.now();
      const ttlMs = options.ttlSeconds * 1_000;
      const until = now + ttlMs;
      const times = { keptAt: now, freshUntil: until, staleUntil: until, errorUntil: until };
      const tags = [`model:${value.model}`, ...(context.prompt === undefined ? [] : [`prompt:${context.prompt.name}`])];
      const entry = { value, ...measure, ...times, validators: undefined, tags };
      void store.set(key, entry, { owner: OWNER, ttlMs, stamp });
    },
  };
}

function meterHit({ route, context }: CachedQuestion, kept: KeptModelAnswer, latencyMs: number, meter: Meter): void {
  const { model, provider, costUsd } = kept;
  const modelId = route.targets.find(({ deployment }) => deployment.target.name === model)?.deployment.target.modelId;
  meter.record(
    {
      kind: 'chat',
      asked: route.name,
      ...{ model, provider, modelId: modelId ?? kept.modelId ?? model },
      ...{ usage: NOTHING_USED, isEstimated: false, costNanoUsd: 0n, price: undefined },
      savedNanoUsd: costUsd === undefined ? undefined : BigInt(Math.round(costUsd * NANO)),
      ...{ latencyMs, firstTokenMs: undefined, outcome: 'cached', errorCode: undefined, attempts: [] },
    },
    context,
  );
}
