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
import { within } from './patience.ts';

export interface PlaygroundDeps {
  modelsOf(tenant: string): Models | undefined;
  /** What was published just now counts when it resolves, also what another instance has. */
  whenBuilt(tenant: string): Promise<void>;
  /** Why the graph of the tenant is not as its configuration says. */
  problemsOf(tenant: string): readonly string[];
  /** Default: 10 s. */
  readonly patienceMs?: number;
  readonly clock: Clock;
  readonly log: Log;
}

const TIMEOUT_MS = 120_000;
/** How long it waits for models that are being built. */
const PATIENCE_MS = 10_000;
const MOST_TOLD = 5;
const RETRY_AFTER_MS = 5_000;
const BUILDING = 'The models of the tenant are being built: try again in some seconds.';

/** Runs drafts of prompts with the models of their tenant. */
export function createPlayground({
  modelsOf,
  whenBuilt,
  problemsOf,
  patienceMs = PATIENCE_MS,
  clock,
  log,
}: PlaygroundDeps): Required<Pick<AdminPorts, 'playground' | 'promptHash'>> {
  /** @throws SkeinError GRAPH_NOT_READY when they are being built for longer; UserErrors when there are none */
  const readyModels = async (tenant: string, wanted: readonly string[]): Promise<Models> => {
    const isBuilt = await within(
      patienceMs,
      whenBuilt(tenant).then(() => true),
    );
    const client = modelsOf(tenant);
    const has = (name: string) => client?.names().includes(name) === true;
    if (isBuilt !== true && !wanted.every(has))
      throw new SkeinError('GRAPH_NOT_READY', BUILDING, { details: { retryAfterMs: RETRY_AFTER_MS } });
    if (client !== undefined) return client;
    const problems = problemsOf(tenant);
    const message =
      problems.length > 0
        ? `The graph of the tenant cannot be built, and so it has no models: ${problems.slice(0, MOST_TOLD).join(' ')}`
        : 'The tenant has no models: publish a provider and a model first.';
    throw new UserErrors([{ code: 'INVALID', path: ['models'], message }]);
  };
  return {
    async playground({ tenant, name, options, version, input, models, signal }) {
      const client = await readyModels(tenant._id, models);
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
