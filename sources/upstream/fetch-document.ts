import { CancellationSource } from '../../kernel/cancellation.ts';
import { describeError, SkeinError } from '../../kernel/errors.ts';
import { silentLog } from '../../kernel/ports.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { isSecretSegment } from '../../kernel/secret-shapes.ts';
import { NO_CLIENT } from '../call-context.ts';
import type { HttpAnswer } from './http.ts';
import { createHttpUpstream } from './http-upstream.ts';
import { redirectTarget } from './redirect.ts';
import { upstreamOptions } from './resilience/options.ts';
import type { Tls } from './tls-files.ts';

const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 30_000;
const ACCEPT = 'application/yaml, application/json, text/yaml;q=0.9, text/xml;q=0.8, */*;q=0.5';

/** Statuses that another try may mend, beside all from 500. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);

export interface FetchOptions {
  /** Sent with the request, e.g. an Authorization; they win over user info. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: 30 seconds. */
  readonly timeoutMs?: number;
  readonly tls?: Tls | undefined;
  /** As the source's `upstream.network`. */
  readonly network?: 'any' | 'public' | undefined;
}

/** Documents are asked for once, and nothing is known of their host from before. */
const PUBLIC = upstreamOptions.parse({ network: 'public', retries: false, breaker: false, shareReads: false });

/**
 * Fetches a source's document over HTTP, without following redirects. User info in the URL travels as Basic
 * authorization, and is nowhere shown.
 *
 * @throws ProblemsError with the path `document` where the address is wrong: a redirect, a status from 400 on that
 *   another try does not mend
 * @throws SkeinError UPSTREAM_* when it cannot be had now
 */
export async function fetchDocument(source: string, url: string, options?: FetchOptions): Promise<string> {
  return (await fetchDocumentBytes(source, url, options)).toString('utf8');
}

/** The same, of which another process reads the text. */
export async function fetchDocumentBytes(
  source: string,
  url: string,
  { headers = {}, timeoutMs = TIMEOUT_MS, tls, network }: FetchOptions = {},
): Promise<Buffer> {
  const { origin, pathname, search, username, password } = new URL(url);
  const endpoint = new URL(origin);
  endpoint.username = username;
  endpoint.password = password;
  const upstream = createHttpUpstream({
    source,
    endpoint: endpoint.href,
    headers: { accept: ACCEPT, 'accept-encoding': 'gzip', ...lowerCase(headers) },
    timeoutMs,
    maxResponseBytes: MAX_DOCUMENT_BYTES,
    tls,
    ...(network === 'public' ? { upstream: PUBLIC } : {}),
  });
  const cancellation = new CancellationSource();
  const timer = setTimeout(() => cancellation.cancel(new SkeinError('DEADLINE_EXCEEDED')), timeoutMs);
  try {
    const deadlineAt = Date.now() + timeoutMs;
    const context = { cancellation, deadlineAt, ...NO_CLIENT, requestId: 'document', log: silentLog };
    const answer = await upstream.exchange({ operation: 'document', method: 'GET', path: pathname + search }, context);
    if (answer.status === 200) return answer.body;
    const mistake = mistakeOf(answer);
    if (mistake !== undefined) throw new ProblemsError([{ ...mistake, path: ['document'], file: documentName(url) }]);
    throw new SkeinError('UPSTREAM_FAILED', undefined, {
      details: { source, operation: 'document', upstreamStatus: answer.status },
      cause: new Error(`The document was answered with status ${answer.status}.`),
    });
  } catch (error) {
    if (error instanceof SkeinError || error instanceof ProblemsError) throw error;
    throw new SkeinError('UPSTREAM_UNREACHABLE', describeError(error), { details: { source } });
  } finally {
    clearTimeout(timer);
    await upstream.dispose();
  }
}

/** What a document is called in problems: its address without user info, a query, and what looks like a key in its path. */
export function documentName(document: string): string {
  if (!/^https?:/i.test(document) || !URL.canParse(document)) return document;
  const { origin, pathname, search } = new URL(document);
  const path = pathname.split('/').map((segment) => (isSecretSegment(segment) ? '***' : segment));
  return `${origin}${path.join('/')}${search === '' ? '' : '?…'}`;
}

/** Undefined for what may pass. */
function mistakeOf({ status, headers }: HttpAnswer): Problem | undefined {
  if (status >= 500 || PASSING.has(status) || status < 300) return undefined;
  if (status < 400) {
    const target = redirectTarget(headers);
    return {
      message: `The address of the document redirects (status ${status})${target === undefined ? '' : ` to ${target}`}, and redirects are not followed.`,
      suggestion: 'Set `document` to the address it redirects to, if you trust it.',
    };
  }
  const suggestion =
    status === 401 || status === 403
      ? 'Give credentials in its address, https://user:password@…, or download it and set `document` to the file.'
      : 'Look for a mistake in the address, or download it and set `document` to the file.';
  return { message: `The document cannot be had: its address answers with status ${status}.`, suggestion };
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
