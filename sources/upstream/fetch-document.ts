import { CancellationSource } from '../../kernel/cancellation.ts';
import { describeError, SkeinError } from '../../kernel/errors.ts';
import { silentLog } from '../../kernel/ports.ts';
import { NO_CLIENT } from '../call-context.ts';
import { createHttpUpstream } from './http-upstream.ts';

const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 30_000;

/** Fetches a source's document over HTTP, without following redirects. Rejects with an UPSTREAM_* error. */
export async function fetchDocument(source: string, url: string): Promise<string> {
  const { origin, pathname, search } = new URL(url);
  const upstream = createHttpUpstream({
    source,
    endpoint: origin,
    headers: {},
    timeoutMs: TIMEOUT_MS,
    maxResponseBytes: MAX_DOCUMENT_BYTES,
  });
  const cancellation = new CancellationSource();
  const timer = setTimeout(() => cancellation.cancel(new SkeinError('DEADLINE_EXCEEDED')), TIMEOUT_MS);
  try {
    const context = {
      cancellation,
      deadlineAt: Date.now() + TIMEOUT_MS,
      ...NO_CLIENT,
      requestId: 'document',
      log: silentLog,
    };
    const answer = await upstream.exchange({ operation: 'document', method: 'GET', path: pathname + search }, context);
    if (answer.status === 200) return answer.body.toString('utf8');
    throw new SkeinError('UPSTREAM_FAILED', undefined, {
      details: { source, operation: 'document', upstreamStatus: answer.status },
      cause: new Error(`The document was answered with status ${answer.status}.`),
    });
  } catch (error) {
    if (error instanceof SkeinError) throw error;
    throw new SkeinError('UPSTREAM_UNREACHABLE', describeError(error), { details: { source } });
  } finally {
    clearTimeout(timer);
    await upstream.dispose();
  }
}
