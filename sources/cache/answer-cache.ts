import { CancellationSource } from '../../kernel/cancellation.ts';
import { type ErrorCode, SkeinError } from '../../kernel/errors.ts';
import type { Clock } from '../../kernel/ports.ts';
import type { CallContext, CallDetails, Freshness } from '../source.ts';
import { NotModified } from '../upstream/not-modified.ts';
import type { ReadSharing } from '../upstream/resilience/share-reads.ts';
import { freezePlain } from './plain-value.ts';
import type { CacheStats } from './stats.ts';
import { type CacheStore, type KeptAnswer, type Lookup, NO_STAMP } from './store.ts';
import { type KeepRule, strictest, type Terms, termsOf } from './terms.ts';

/** What questions of one kind have in common. */
export interface QuestionPlan {
  readonly details: CallDetails;
  readonly rules: readonly KeepRule[];
  readonly scope: KeepRule['scope'];
  /** What of an answer is kept; undefined for nothing. */
  valueOf(answer: unknown): unknown;
  /** A failure that came as an answer. */
  failureOf?(answer: unknown): SkeinError | undefined;
  /** What others than the first are given of an answer that came for several. Default: the same. */
  ownOf?(answer: unknown): unknown;
  /** The answer, of what was kept. */
  answerOf(value: unknown): unknown;
}

/** One question of a client that may have an answer already. */
export interface Question {
  readonly plan: QuestionPlan;
  readonly context: CallContext;
  readonly key: string;
  /** For answers that are the caller's alone; undefined when nobody calls, or all answers are for everybody. */
  readonly callerKey: string | undefined;
  /** Asks the service. */
  ask(context: CallContext): Promise<unknown>;
  tagsOf(value: unknown): readonly string[];
}

/** What is kept of an answer, or nothing, and under which key it was found or looked for. */
interface Found extends Lookup {
  readonly key: string;
}

export interface AnswerCacheDeps {
  readonly source: string;
  readonly store: CacheStore;
  readonly sharing: ReadSharing;
  readonly clock: Clock;
  readonly stats: CacheStats;
}

/** The service is not there now: what it said before is better than nothing. */
const STALE_FOR: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'UPSTREAM_UNREACHABLE',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_FAILED',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_BUSY',
]);

/** How long an answer that is fresh no more is kept to ask the service whether it still holds. */
const VALIDATORS_FOR_MS = 3_600_000;
/** How long asking anew in the background may take. */
const RENEWAL_MS = 60_000;
const MOST_RENEWALS = 1_000;

/** Answers questions from a store, and asks the service for what is not there or not fresh. */
export class AnswerCache {
  readonly #deps: AnswerCacheDeps;
  readonly #renewing = new Set<string>();

  constructor(deps: AnswerCacheDeps) {
    this.#deps = deps;
  }

  answer(question: Question): Promise<unknown> {
    const { scope } = question.plan;
    const { key, callerKey } = question;
    const first = scope === 'caller' ? callerKey : key;
    if (first === undefined) return question.ask(question.context);
    const found = this.#deps.store.get(first);
    const next = scope === 'auto' ? callerKey : undefined;
    if (found instanceof Promise) return found.then((lookup) => this.#useOr(lookup, first, next, question));
    return this.#useOr(found, first, next, question);
  }

  /** What is kept for everybody, or else for the caller. */
  #useOr(lookup: Lookup, key: string, next: string | undefined, question: Question): Promise<unknown> {
    if (next === undefined || lookup.answer !== undefined || lookup.stamp === NO_STAMP) {
      return this.#use(lookup, key, question);
    }
    const found = this.#deps.store.get(next);
    if (found instanceof Promise) return found.then((own) => this.#use(own, next, question));
    return this.#use(found, next, question);
  }

  #use({ answer, stamp }: Lookup, key: string, question: Question): Promise<unknown> {
    const { clock, stats } = this.#deps;
    if (answer !== undefined) {
      const now = clock.now();
      if (now < answer.freshUntil) {
        stats.hits++;
        return Promise.resolve(question.plan.answerOf(answer.value));
      }
      if (now < answer.staleUntil) {
        stats.stale++;
        this.#renew({ answer, stamp, key }, question);
        return Promise.resolve(question.plan.answerOf(answer.value));
      }
    }
    stats.misses++;
    return this.#read({ answer, stamp, key }, question, question.context);
  }

  /** In the background, once at a time, whoever of those that are given it asked. They may be gone by then. */
  #renew(lookup: Found, question: Question): void {
    const { clock } = this.#deps;
    const key = `${lookup.stamp}|${lookup.key}`;
    if (this.#renewing.has(key) || this.#renewing.size >= MOST_RENEWALS) return;
    this.#renewing.add(key);
    const { requestId, log, headers, callerScope } = question.context;
    const cancellation = new CancellationSource();
    const context: CallContext = {
      cancellation,
      deadlineAt: clock.now() + RENEWAL_MS,
      requestId,
      log,
      headers,
      callerScope,
      returnHeader: () => {},
    };
    const timer = setTimeout(() => cancellation.cancel(new SkeinError('DEADLINE_EXCEEDED')), RENEWAL_MS);
    timer.unref();
    this.#read(lookup, question, context)
      // Calls log their failures themselves.
      .catch(() => {})
      .finally(() => {
        clearTimeout(timer);
        this.#renewing.delete(key);
      });
  }

  /** Asks, together with all who ask the same now. */
  #read(lookup: Found, question: Question, context: CallContext): Promise<unknown> {
    let isFirst = false;
    const read = (own: CallContext) => {
      isFirst = true;
      return this.#ask(lookup, question, own);
    };
    const key = flightKey(lookup, question);
    const { ownOf } = question.plan;
    const shared = this.#deps.sharing.share(key, question.plan.details, context, read);
    const answer = isFirst || ownOf === undefined ? shared : shared.then(ownOf);
    const { answer: kept } = lookup;
    if (kept === undefined) return answer;
    return answer.then(
      (given) => {
        const failure = question.plan.failureOf?.(given);
        return failure === undefined ? given : this.#inStead(kept, failure, question, () => given);
      },
      (error: unknown) =>
        this.#inStead(kept, error, question, () => {
          throw error;
        }),
    );
  }

  #inStead(kept: KeptAnswer, error: unknown, question: Question, otherwise: () => unknown): unknown {
    const { clock, stats } = this.#deps;
    if (!(error instanceof SkeinError) || !STALE_FOR.has(error.code) || clock.now() >= kept.errorUntil) {
      return otherwise();
    }
    stats.staleOnError++;
    return question.plan.answerOf(kept.value);
  }

  async #ask(found: Found, question: Question, context: CallContext): Promise<unknown> {
    const { answer: kept, stamp } = found;
    let freshness: Freshness | undefined;
    const onFreshness = (told: Freshness) => {
      freshness = told;
      context.onFreshness?.(told);
    };
    let hasErrors = false;
    const onErrors = () => {
      hasErrors = true;
    };
    try {
      const answer = await question.ask(watched(context, { validators: kept?.validators, onFreshness, onErrors }));
      if (!hasErrors && stamp !== NO_STAMP) this.#keep(question.plan.valueOf(answer), freshness, stamp, question);
      return answer;
    } catch (error) {
      if (!(error instanceof NotModified) || kept === undefined) throw error;
      this.#deps.stats.renewed++;
      this.#keepOn(kept, freshness, found, question);
      return question.plan.answerOf(kept.value);
    }
  }

  #keep(value: unknown, freshness: Freshness | undefined, stamp: number, question: Question): void {
    if (value === undefined) return;
    const terms = this.#termsOf(freshness, question);
    if (terms === undefined) return;
    const { scope } = question.plan;
    const isPrivate = scope === 'caller' || (scope === 'auto' && terms.isPrivate);
    const key = isPrivate ? question.callerKey : question.key;
    const measure = key === undefined ? undefined : freezePlain(value);
    if (key === undefined || measure === undefined) return;
    const tags = question.tagsOf(value);
    this.#store(key, { value, ...measure, tags, ...this.#times(terms), validators: freshness?.validators }, stamp);
  }

  /** The service says that the answer still holds; what it does not say anew stays as it was (RFC 9111, 4.3.4). */
  #keepOn(kept: KeptAnswer, said: Freshness | undefined, { key, stamp }: Found, question: Question): void {
    const validators = said?.validators ?? kept.validators;
    const isSilent = said === undefined || (said.cacheControl === undefined && said.expiresAt === undefined);
    if (isSilent && question.plan.rules.some(({ ttlMs }) => ttlMs === undefined)) {
      const by = this.#deps.clock.now() - kept.keptAt;
      const { keptAt, freshUntil, staleUntil, errorUntil } = kept;
      const times = { keptAt: keptAt + by, freshUntil: freshUntil + by };
      this.#store(key, { ...kept, ...times, staleUntil: staleUntil + by, errorUntil: errorUntil + by }, stamp);
      return;
    }
    const terms = this.#termsOf(said && { ...said, validators }, question);
    if (terms === undefined) return;
    const isPrivate = question.plan.scope === 'auto' && terms.isPrivate;
    const own = isPrivate ? question.callerKey : key;
    if (own !== undefined) this.#store(own, { ...kept, ...this.#times(terms), validators }, stamp);
  }

  #termsOf(freshness: Freshness | undefined, { plan }: Question): Terms | undefined {
    const now = this.#deps.clock.now();
    const [only] = plan.rules;
    if (only !== undefined && plan.rules.length === 1) return termsOf(only, freshness, now);
    return strictest(plan.rules.map((rule) => termsOf(rule, freshness, now)));
  }

  #times({ freshMs, staleMs, errorMs }: Terms) {
    const keptAt = this.#deps.clock.now();
    const freshUntil = keptAt + freshMs;
    return { keptAt, freshUntil, staleUntil: freshUntil + staleMs, errorUntil: freshUntil + errorMs };
  }

  #store(key: string, answer: KeptAnswer, stamp: number): void {
    const { store, source, stats, clock } = this.#deps;
    const { validators, staleUntil, errorUntil } = answer;
    const until = Math.max(staleUntil, errorUntil) + (validators === undefined ? 0 : VALIDATORS_FOR_MS);
    const kept = store.set(key, answer, { owner: source, ttlMs: until - clock.now(), stamp });
    const count = (isKept: boolean) => {
      if (isKept) stats.kept++;
    };
    if (kept instanceof Promise) void kept.then(count);
    else count(kept);
  }
}

/** After something was dropped, nobody joins what was asked before. */
function flightKey({ stamp }: Lookup, { key, callerKey, context, plan }: Question): string {
  if (plan.scope === 'shared') return `${stamp}|${key}`;
  // Nobody calls: an answer that is private is for this request alone.
  return `${stamp}|${callerKey ?? `${key}|${context.requestId}`}`;
}

function watched(
  context: CallContext,
  watching: Pick<CallContext, 'validators' | 'onFreshness' | 'onErrors'>,
): CallContext {
  const { cancellation, deadlineAt, requestId, log, headers, callerScope, onCall } = context;
  return {
    cancellation,
    deadlineAt,
    requestId,
    log,
    headers,
    callerScope,
    returnHeader: (name, value) => context.returnHeader(name, value),
    ...watching,
    onCall,
  };
}
