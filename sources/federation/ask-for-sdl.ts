import { randomUUID } from 'node:crypto';
import { CancellationSource } from '../../kernel/cancellation.ts';
import { ProblemsError } from '../../kernel/problem.ts';
import { NO_CLIENT } from '../call-context.ts';
import { isRecord } from '../graphql/answer.ts';
import { askService } from '../graphql/ask-service.ts';
import type { GraphqlService } from '../graphql/graphql-upstream.ts';
import type { CallContext, SourceDeps } from '../source.ts';

/** Names the text in problems, where there is no file. */
export const SERVICE_SDL = '_service { sdl }';

const REQUEST = { operation: '_service', query: 'query { _service { sdl } }', variables: {} };

/**
 * Asks a subgraph for its SDL.
 * @throws ProblemsError when the service is there and does not tell, SkeinError UPSTREAM_* when it is not there now
 */
export async function askForSdl(
  name: string,
  timeoutMs: number,
  service: GraphqlService,
  { log }: Pick<SourceDeps, 'log'>,
): Promise<string> {
  const context: CallContext = {
    cancellation: new CancellationSource(),
    deadlineAt: Date.now() + timeoutMs,
    ...NO_CLIENT,
    requestId: `load-${randomUUID()}`,
    log,
  };
  const { data, errors } = await askService(name, service, REQUEST, context);
  const told = isRecord(data?._service) ? data._service.sdl : undefined;
  if (typeof told === 'string' && told.trim() !== '') return told;
  const words = errors[0] === undefined ? '' : ` It says: "${errors[0].message}".`;
  throw new ProblemsError([
    {
      path: ['endpoint'],
      message: `The service does not tell its SDL by \`_service { sdl }\`, as federation subgraphs do.${words}`,
      suggestion:
        'Give its SDL as a file with `document`, beside skein.yaml. A GraphQL service that is no subgraph is a source of kind `graphql`.',
    },
  ]);
}
