import { SkeinError } from '../../../kernel/errors.ts';
import type { CallContext } from '../../source.ts';
import type { Usage } from '../model.ts';
import { billOf } from '../provider-errors.ts';
import { AttemptContext, type Attempts } from './attempts.ts';
import type { ModelRoute, RouteTarget } from './route.ts';
import { type Asked, type CallWorld, Settlement } from './settlement.ts';

export interface CallPlan {
  readonly route: ModelRoute;
  readonly asked: Asked;
  readonly attempts: Attempts;
  readonly context: CallContext;
  readonly world: CallWorld;
}

/** Asks for a whole answer, of one model after the other until one gives it. */
export async function runCall<T extends { readonly usage: Usage | undefined }>(
  { route, asked, attempts, context, world }: CallPlan,
  ask: (target: RouteTarget, context: CallContext) => Promise<T>,
  charactersOf: (answer: T) => number,
  fits: (answer: T) => boolean = () => true,
): Promise<T> {
  const settlement = new Settlement(route, asked, attempts, context, world);
  for (;;) {
    const { target } = attempts;
    const attempt = new AttemptContext(context, target.timeoutMs);
    settlement.begin();
    try {
      const answer = await ask(target, attempt.context);
      return { ...answer, ...settlement.succeed(answer.usage, charactersOf(answer), fits(answer)) };
    } catch (caught) {
      const error = toSkeinError(caught);
      const told = { usage: billOf(error), isCounted: true };
      if (settlement.failed(error, true, told)) continue;
      const verdict = attempts.verdict(error);
      settlement.end(verdict, told, 0);
      throw verdict;
    } finally {
      attempt.end();
    }
  }
}

export function toSkeinError(error: unknown): SkeinError {
  return error instanceof SkeinError ? error : new SkeinError('INTERNAL_SERVER_ERROR', undefined, { cause: error });
}
