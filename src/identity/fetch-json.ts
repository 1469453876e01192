import { CancellationSource } from '../../kernel/cancellation.ts';
import { SkeinError } from '../../kernel/errors.ts';
import { silentLog } from '../../kernel/ports.ts';
import { NO_CLIENT } from '../../sources/call-context.ts';
import { documentName } from '../../sources/upstream/fetch-document.ts';
import { createHttpUpstream } from '../../sources/upstream/http-upstream.ts';

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 256 * 1_024;

/** A JSON object by its address. Redirects are not followed. Rejects with what is for the log alone. */
export async function fetchJson(url: string): Promise<Readonly<Record<string, unknown>>> {
  const { origin, pathname, search } = new URL(url);
  const upstream = createHttpUpstream({
    source: 'issuer',
    endpoint: origin,
    headers: { accept: 'application/json' },
    timeoutMs: TIMEOUT_MS,
    maxResponseBytes: MAX_BYTES,
  });
  const cancellation = new CancellationSource();
  const timer = setTimeout(() => cancellation.cancel(new SkeinError('DEADLINE_EXCEEDED')), TIMEOUT_MS);
  try {
    const context = {
      ...{ cancellation, deadlineAt: Date.now() + TIMEOUT_MS, requestId: 'keys', log: silentLog },
      ...NO_CLIENT,
    };
    const answer = await upstream.exchange({ operation: 'keys', method: 'GET', path: pathname + search }, context);
    if (answer.status !== 200) throw new Error(`${documentName(url)} answered with status ${answer.status}`);
    const value: unknown = JSON.parse(answer.body.toString('utf8'));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new Error(`${documentName(url)} answered with something else than a JSON object`);
    }
    return value as Readonly<Record<string, unknown>>;
  } finally {
    clearTimeout(timer);
    await upstream.dispose();
  }
}
