import type { Dispatcher } from 'undici';
import type { Abortable } from '../../kernel/cancellation.ts';
import { describeError, type ErrorCode, SkeinError } from '../../kernel/errors.ts';
import type { CallContext } from '../source.ts';
import { abortError } from './abort.ts';
import type { ReturnHeaders } from './client-headers.ts';
import type { HttpHeaders } from './http.ts';
import { transportError } from './transport-error.ts';

type Controller = Dispatcher.DispatchController;

/** What a call knows beside its request. */
export interface CallSettings {
  readonly source: string;
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
  readonly returnHeaders: ReturnHeaders | undefined;
}

/**
 * One request on its way, as undici's dispatcher wants it: the part that is the same whether the answer is read whole
 * or as a stream. It ends exactly once, by `finish()` or `fail()`, and then listens to nothing any more.
 */
export abstract class HttpCall implements Dispatcher.DispatchHandler, Abortable {
  protected readonly settings: CallSettings;
  protected readonly context: CallContext;
  protected readonly operation: string;
  protected readonly startedAt = Date.now();
  protected controller: Controller | undefined;
  protected ended = false;
  protected status = 0;
  protected headers: HttpHeaders = {};

  constructor(settings: CallSettings, operation: string, context: CallContext) {
    this.settings = settings;
    this.operation = operation;
    this.context = context;
    context.cancellation.watch(this);
  }

  protected abstract onFailure(error: SkeinError): void;

  protected get details(): { source: string; operation: string } {
    return { source: this.settings.source, operation: this.operation };
  }

  onRequestStart(controller: Controller): void {
    this.controller = controller;
    // It ended while it waited for a connection.
    if (this.ended) controller.abort(new Error('The call was given up before it was sent.'));
  }

  onResponseStart(_controller: Controller, status: number, headers: HttpHeaders): void {
    // 103 and the like come before the answer: undici times the silence before each.
    if (status < 200) {
      const { timeoutMs } = this.settings;
      if (timeoutMs > 0 && Date.now() - this.startedAt > timeoutMs) {
        this.refuse('UPSTREAM_TIMEOUT', 'No answer had come when the time was up, only what goes before one.');
      }
      return;
    }
    this.status = status;
    this.headers = headers;
    if (!this.ended) this.settings.returnHeaders?.(headers, this.context);
  }

  onResponseError(_controller: Controller, error: Error): void {
    if (!this.ended) this.fail(transportError(error, this.status !== 0, this.details));
  }

  abort(): void {
    this.fail(abortError(this.context, this.details));
  }

  protected refuse(code: ErrorCode, reason: string): void {
    this.fail(new SkeinError(code, undefined, { details: this.details, cause: new Error(reason) }));
  }

  protected finish(): void {
    this.ended = true;
    this.context.cancellation.unwatch(this);
  }

  /** Ends the call and closes its socket. */
  protected fail(error: SkeinError): void {
    if (this.ended) return;
    this.finish();
    this.controller?.abort(error);
    logFailure(this.context, error);
    this.onFailure(error);
  }
}

export function logFailure(context: CallContext, error: SkeinError): void {
  const { source, operation } = error.extensions;
  const cause = error.cause === undefined ? undefined : describeError(error.cause);
  const fields = { requestId: context.requestId, source, operation, code: error.code, cause };
  if (error.code === 'CLIENT_CLOSED_REQUEST') context.log.debug(fields, 'A call to a source was given up.');
  else context.log.warn(fields, 'A call to a source failed.');
}
