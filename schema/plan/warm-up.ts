import type { Steps } from '../../kernel/steps.ts';
import type { Documents } from './documents.ts';

export interface WarmUpBounds {
  readonly maxDocuments: number;
  readonly maxMs: number;
}

/**
 * Prepares and compiles what clients ask again and again for, as the documents before know it: else the first requests
 * on a new graph would all wait for that at the same time. What is not valid any more, or fails, is told who asks for it.
 */
export function* warmUp(documents: Documents, before: Documents, { maxDocuments, maxMs }: WarmUpBounds): Steps<void> {
  const endsAt = performance.now() + maxMs;
  for (const { text, operationNames } of [...before.repeated()].slice(0, maxDocuments)) {
    if (performance.now() > endsAt) return;
    yield;
    try {
      const prepared = documents.prepare(text);
      if (prepared.errors !== undefined) continue;
      for (const name of operationNames) {
        yield;
        const plan = prepared.plan(name);
        yield;
        plan.warmUp();
      }
    } catch {}
  }
}
