import type { SkeinError } from '../../../kernel/errors.ts';
import type { Meter } from '../meter.ts';
import type { CachedQuestion } from './answer-store.ts';
import { type KeptModelAnswer, NOTHING_USED } from './kept-answer.ts';

/** How a call ended that asked nobody itself. */
export interface SharedEnd {
  readonly model: string;
  readonly provider: string;
  readonly modelId?: string | undefined;
  /** What the answer that it was given had cost. */
  readonly costUsd?: KeptModelAnswer['costUsd'];
  readonly latencyMs: number;
  readonly outcome: 'cached' | 'failed' | 'schemaFailed' | 'aborted';
  readonly error?: SkeinError | undefined;
}

const NANO = 1_000_000_000;

/** Records a call that was given an answer, or a failure, that others have paid for. */
export function meterShared({ route, context }: CachedQuestion, end: SharedEnd, meter: Meter): void {
  const { model, provider, costUsd, latencyMs, outcome, error } = end;
  const modelId = route.targets.find(({ deployment }) => deployment.target.name === model)?.deployment.target.modelId;
  meter.record(
    {
      kind: 'chat',
      asked: route.name,
      ...{ model, provider, modelId: modelId ?? end.modelId ?? model },
      ...{ usage: NOTHING_USED, isEstimated: false, costNanoUsd: 0n, price: undefined },
      savedNanoUsd: costUsd === undefined ? undefined : BigInt(Math.round(costUsd * NANO)),
      ...{ latencyMs, firstTokenMs: undefined, outcome, attempts: [] },
      errorCode: error?.code ?? (outcome === 'aborted' ? 'CLIENT_CLOSED_REQUEST' : undefined),
    },
    context,
  );
}
