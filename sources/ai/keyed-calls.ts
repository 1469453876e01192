import { SkeinError } from '../../kernel/errors.ts';
import type { Clock } from '../../kernel/ports.ts';
import type { CallContext } from '../source.ts';
import { KeyRing } from './key-ring.ts';
import { locate } from './provider-errors.ts';

/** What calls of one provider have in common, whatever it speaks. */
export interface KeyedCalls {
  /** Asks with one key after the other, as long as another may do better. */
  withKey<T>(context: CallContext, ask: (apiKey: string | undefined) => Promise<T>): Promise<T>;
  /** The public face of a failure; what the provider said of it goes to the log. */
  failure(error: unknown, target: { readonly name: string }, context: CallContext, answered?: number): SkeinError;
}

export interface KeyedCallsOptions {
  /** Of the provider. */
  readonly name: string;
  readonly apiKeys: readonly string[];
  readonly redact: (text: string) => string;
  readonly clock: Clock;
}

export function createKeyedCalls({ name, apiKeys, redact, clock }: KeyedCallsOptions): KeyedCalls {
  const ring = new KeyRing(apiKeys);
  return {
    async withKey(context, ask) {
      for (let left = ring.size; ; left -= 1) {
        const apiKey = ring.take(clock.now());
        try {
          return await ask(apiKey);
        } catch (error) {
          const mayGoOn = error instanceof SkeinError && ring.judge(apiKey, error, clock.now());
          if (!mayGoOn || left <= 1 || context.cancellation.reason !== undefined) throw error;
        }
      }
    },
    failure(error, target, context, answered) {
      // What the upstream throws is located and logged already.
      if (error instanceof SkeinError && error.extensions.source !== undefined) return error;
      const status = answered === undefined ? {} : { upstreamStatus: answered };
      const located = locate(error, { source: 'ai', operation: target.name, ...status }, redact);
      if (located.status >= 500) {
        const { code, upstreamStatus } = located.extensions;
        const reason = located.cause instanceof Error ? located.cause.message : undefined;
        const fields = {
          provider: name,
          model: target.name,
          requestId: context.requestId,
          code,
          upstreamStatus,
          reason,
        };
        context.log.warn(fields, 'A model call failed.');
      }
      return located;
    },
  };
}
