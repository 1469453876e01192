import { randomUUID } from 'node:crypto';
import { UserErrors } from '../../admin/errors.ts';
import type { AdminPorts } from '../../admin/stores/ports.ts';
import { CancellationSource } from '../../kernel/cancellation.ts';
import { SkeinError } from '../../kernel/errors.ts';
import type { Clock, Log } from '../../kernel/ports.ts';
import { ProblemsError } from '../../kernel/problem.ts';
import type { Models } from '../../sources/ai/model-client.ts';
import { NO_CLIENT } from '../../sources/call-context.ts';
import { promptOptions } from '../../sources/prompt/options.ts';
import { runPrompt } from '../../sources/prompt/run-prompt.ts';
import { versionHash } from '../../sources/prompt/version-hash.ts';

export interface PlaygroundDeps {
  modelsOf(tenant: string): Models | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

const TIMEOUT_MS = 120_000;

/** Runs drafts of prompts with the models of their tenant. */
export function createPlayground({
  modelsOf,
  clock,
  log,
}: PlaygroundDeps): Required<Pick<AdminPorts, 'playground' | 'promptHash'>> {
  return {
    async playground({ tenant, name, options, version, input, models, signal }) {
      const client = modelsOf(tenant._id);
      if (client === undefined)
        throw new UserErrors([
          {
            code: 'INVALID',
            path: ['models'],
            message: 'The tenant has no models: publish a provider and a model first.',
          },
        ]);
      const cancellation = new CancellationSource();
      const cancel = () => cancellation.cancel(new SkeinError('DEADLINE_EXCEEDED'));
      const timer = setTimeout(cancel, TIMEOUT_MS);
      signal?.addEventListener('abort', cancel, { once: true });
      const context = {
        ...NO_CLIENT,
        cancellation,
        deadlineAt: clock.now() + TIMEOUT_MS,
        requestId: `playground-${randomUUID()}`,
        log,
        account: { tenant: tenant._id, door: 'playground' },
      };
      try {
        const runs = await runPrompt({ name, options, version, input, models, client, context, clock });
        return runs.map(({ name: model, output, text, error, usage, latencyMs, firstTokenMs }) => ({
          ...{ model, output, text, latencyMs, firstTokenMs },
          error: error?.message,
          inputTokens: usage?.inputTokens,
          outputTokens: usage?.outputTokens,
        }));
      } catch (error) {
        if (!(error instanceof ProblemsError)) throw error;
        throw new UserErrors(
          error.problems.map(({ path = [], message }) => ({ code: 'INVALID', path: path.map(String), message })),
        );
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener('abort', cancel);
      }
    },
    promptHash(options, version) {
      const read = promptOptions.safeParse(options);
      return read.success ? versionHash(read.data, version) : undefined;
    },
  };
}
