import { connect, type LookupFunction } from 'node:net';
import { SkeinError } from '../../kernel/errors.ts';
import { transportError } from './transport-error.ts';

/**
 * Opens a TCP connection and closes it again. `lookup` is how names become addresses; default: the system's way.
 * @throws SkeinError UPSTREAM_UNREACHABLE or UPSTREAM_TIMEOUT, with the reason as its cause
 */
export function probeTcp(
  target: { readonly host: string; readonly port: number },
  source: string,
  timeoutMs: number,
  signal: AbortSignal,
  lookup?: LookupFunction,
): Promise<void> {
  const details = { source, operation: 'probe' };
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new SkeinError('CLIENT_CLOSED_REQUEST', undefined, { details, cause: signal.reason }));
      return;
    }
    const socket = connect({ host: target.host, port: target.port, ...(lookup === undefined ? {} : { lookup }) });
    const end = (error?: SkeinError) => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      if (error === undefined) resolve();
      else reject(error);
    };
    const onAbort = () => end(new SkeinError('CLIENT_CLOSED_REQUEST', undefined, { details, cause: signal.reason }));
    signal.addEventListener('abort', onAbort);
    socket.setTimeout(timeoutMs, () => end(new SkeinError('UPSTREAM_TIMEOUT', undefined, { details })));
    socket.on('error', (error) => end(transportError(error, false, details)));
    socket.on('connect', () => end());
  });
}
