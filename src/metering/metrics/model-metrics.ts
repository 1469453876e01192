import type { Durations } from '../../../kernel/durations.ts';
import { isErrorCode } from '../../../kernel/errors.ts';
import type { Meter, ModelCallRecord } from '../../../sources/ai/meter.ts';
import { DEFAULT_TENANT } from '../../identity/caller.ts';
import { type Cell, createCounter, createDurations, type Register } from './series.ts';

/** Models of the default tenant, and those of all others: so many are told apart, what comes later is `other`. */
const MOST_MODELS = 200;
const MOST_CHARACTERS = 100;
const OTHER = 'other';

interface ModelCells {
  readonly took: Durations;
  readonly firstToken: Durations;
  readonly inputTokens: Cell;
  readonly cachedInputTokens: Cell;
  readonly cacheWriteTokens: Cell;
  readonly outputTokens: Cell;
  readonly reasoningTokens: Cell;
  readonly costUsd: Cell;
  outcome(outcome: string): Cell;
}

/** Counts calls of models as they are metered. Names of models are configuration: they are bounded, and so is their length. */
export function createModelMetrics(registry: Register): (next: Meter) => Meter {
  const labelNames = ['model', 'provider'] as const;
  const define = (name: string, help: string, more: readonly string[] = []) => ({
    name,
    help,
    labelNames: [...labelNames, ...more],
  });
  const calls = createCounter(
    registry,
    define('skein_model_calls_total', 'Calls of models by the model that answered, or was asked last.', ['outcome']),
  );
  const attempts = createCounter(
    registry,
    define('skein_model_attempts_total', 'Questions that were sent to models; a call falls back by asking another.', [
      'outcome',
    ]),
  );
  const tokens = createCounter(
    registry,
    define(
      'skein_model_tokens_total',
      'Tokens. `cached_input` and `cache_write` are part of `input`, `reasoning` of `output`.',
      ['class'],
    ),
  );
  const cost = createCounter(
    registry,
    define('skein_model_cost_usd_total', 'What calls cost, as far as prices are known; the ledger has it exactly.'),
  );
  const took = createDurations(
    registry,
    define('skein_model_call_duration_seconds', 'Time of calls of models to their end, all attempts together.'),
  );
  const firstToken = createDurations(
    registry,
    define('skein_model_first_token_seconds', 'Time from the call to the first token of streams.'),
  );

  const names = { own: new Set<string>(), others: new Set<string>() };
  const cells = new Map<string, ModelCells>();
  /** Their names, if they are among those that are told apart. */
  const namesOf = (model: string, provider: string, isOwn: boolean): readonly [string, string] => {
    const known = isOwn ? names.own : names.others;
    const short = [model.slice(0, MOST_CHARACTERS), provider.slice(0, MOST_CHARACTERS)] as const;
    const key = short.join('\n');
    if (known.size >= MOST_MODELS && !known.has(key)) return [OTHER, OTHER];
    known.add(key);
    return short;
  };
  const cellsOf = (model: string, provider: string): ModelCells => {
    const key = `${model}\n${provider}`;
    let found = cells.get(key);
    if (found === undefined) {
      const of = (kind: string) => tokens(model, provider, kind);
      found = {
        took: took(model, provider),
        firstToken: firstToken(model, provider),
        inputTokens: of('input'),
        cachedInputTokens: of('cached_input'),
        cacheWriteTokens: of('cache_write'),
        outputTokens: of('output'),
        reasoningTokens: of('reasoning'),
        costUsd: cost(model, provider),
        outcome: (outcome) => calls(model, provider, outcome),
      };
      cells.set(key, found);
    }
    return found;
  };
  const count = (call: ModelCallRecord, isOwn: boolean) => {
    const own = cellsOf(...namesOf(call.model, call.provider, isOwn));
    if (call.costNanoUsd !== undefined) own.costUsd.value += Number(call.costNanoUsd) / 1e9;
    // Nothing was used for an answer that was kept.
    if (call.outcome !== 'cached') for (const kind of CLASSES) own[kind].value += tokensOf(call.usage?.[kind]);
    // The call itself is still to come, with this attempt among its own.
    if (call.isFollowed === true) return;
    own.outcome(OUTCOMES[call.outcome] ?? call.outcome).value += 1;
    own.took.observe(call.latencyMs);
    if (call.firstTokenMs !== undefined) own.firstToken.observe(call.firstTokenMs);
    for (const { model, provider, outcome } of call.attempts)
      attempts(
        ...namesOf(model, provider, isOwn),
        outcome === 'ok' || isErrorCode(outcome) ? outcome : 'INTERNAL_SERVER_ERROR',
      ).value += 1;
  };
  return (next) => ({
    ...next,
    record(call, context) {
      count(call, (context.account?.tenant ?? DEFAULT_TENANT) === DEFAULT_TENANT);
      next.record(call, context);
    },
  });
}

const OUTCOMES: Readonly<Record<string, string>> = { schemaFailed: 'schema_failed' };
const CLASSES = ['inputTokens', 'cachedInputTokens', 'cacheWriteTokens', 'outputTokens', 'reasoningTokens'] as const;

/** What a provider tells is counted if it can be. */
function tokensOf(tokens: number | undefined): number {
  return tokens !== undefined && Number.isFinite(tokens) && tokens > 0 ? tokens : 0;
}
