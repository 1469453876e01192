import type { Log } from '../../kernel/ports.ts';
import { NO_CLIENT } from '../../sources/call-context.ts';
import type { CallContext } from '../../sources/source.ts';
import { cancellationOf } from './cancellation.ts';

export interface LogLine {
  readonly level: keyof Log;
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

/** A log that keeps its lines. */
export function createMemoryLog(): Log & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at = (level: keyof Log) => (fields: object, message: string) => {
    lines.push({ level, fields: { ...fields }, message });
  };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** The context of one call, with a controller in the place of the client. */
export function createCallContext(over: Partial<CallContext> = {}) {
  const controller = new AbortController();
  const log = createMemoryLog();
  const context: CallContext = {
    cancellation: cancellationOf(controller.signal),
    deadlineAt: Date.now() + 60_000,
    ...NO_CLIENT,
    requestId: 'request-1',
    log,
    ...over,
  };
  return { context, log, abort: () => controller.abort() };
}
