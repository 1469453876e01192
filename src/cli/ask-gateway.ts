import { randomUUID } from 'node:crypto';
import type { IntrospectionQuery } from 'graphql';
import { CancellationSource } from '../../kernel/cancellation.ts';
import { describeError, SkeinError } from '../../kernel/errors.ts';
import { silentLog } from '../../kernel/ports.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { NO_CLIENT } from '../../sources/call-context.ts';
import { createGraphqlUpstream } from '../../sources/graphql/graphql-upstream.ts';
import { introspect } from '../../sources/graphql/introspect.ts';
import { graphqlOptions } from '../../sources/graphql/options.ts';
import { documentName } from '../../sources/upstream/fetch-document.ts';

const TIMEOUT_MS = 30_000;
const MAX_BYTES = 64 * 1024 * 1024;

export interface GatewayAnswer {
  /** The address without what may be secret in it. */
  readonly name: string;
  readonly introspection: IntrospectionQuery | undefined;
  readonly problems: readonly Problem[];
}

/** Asks a running gateway for its schema, with the key if there is one. Redirects are not followed: the key stays there. */
export async function askGateway(url: string, apiKey: string | undefined): Promise<GatewayAnswer> {
  const name = documentName(url);
  const failed = (message: string, suggestion?: string): GatewayAnswer => ({
    name,
    introspection: undefined,
    problems: [{ message, ...(suggestion !== undefined && { suggestion }) }],
  });
  const hasKey = apiKey !== undefined && apiKey !== '';
  const options = graphqlOptions.safeParse({
    kind: 'graphql',
    endpoint: url,
    headers: hasKey ? { authorization: `Bearer ${apiKey}` } : {},
    timeoutMs: TIMEOUT_MS,
    maxResponseBytes: MAX_BYTES,
  });
  if (!options.success) return failed('The address must be an http:// or https:// URL.');
  const context = {
    cancellation: new CancellationSource(),
    deadlineAt: Date.now() + TIMEOUT_MS,
    ...NO_CLIENT,
    requestId: randomUUID(),
    log: silentLog,
  };
  let service: ReturnType<typeof createGraphqlUpstream> | undefined;
  try {
    service = createGraphqlUpstream(name, options.data);
    const { data } = JSON.parse(await introspect(name, service, context)) as { data: IntrospectionQuery };
    return { name, introspection: data, problems: [] };
  } catch (error) {
    if (error instanceof ProblemsError) {
      const isRefused = /status 40[13]/.test(error.message);
      return failed(error.message, isRefused ? 'Set SKEIN_API_KEY to a key of that gateway.' : undefined);
    }
    return failed(
      `It cannot be reached: ${describeError(error instanceof SkeinError ? (error.cause ?? error) : error)}.`,
    );
  } finally {
    await service?.dispose();
  }
}
