import type { CallContext } from '../source.ts';
import { BufferedCall } from './buffered-call.ts';
import type { HttpAnswer, HttpRequest, HttpStream } from './http.ts';
import type { CallSettings } from './http-call.ts';
import type { HttpEndpoint } from './http-endpoint.ts';
import { judgeAnswer, judgeFailure } from './http-judge.ts';
import { type KeptHeaders, keepHeaders } from './kept-headers.ts';
import type { CallRun, Endpoint, Judgement, PlannedCall } from './resilience/contracts.ts';
import { StreamedCall } from './streamed-call.ts';

/** The headers of a request as they go to an endpoint. @throws SkeinError before anything is sent */
export type PrepareHeaders = (endpoint: HttpEndpoint, request: HttpRequest, context: CallContext) => string[];

/** Sends to one endpoint, and resolves with the whole answer. */
export function exchangeOnce(
  settings: CallSettings,
  prepare: PrepareHeaders,
  endpoint: HttpEndpoint,
  request: HttpRequest,
  context: CallContext,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const headers = prepare(endpoint, request, context);
    endpoint.send(request, headers, new BufferedCall(settings, request, context, resolve, reject));
  });
}

/** Sends to one endpoint, and resolves when the answer begins. `onEnd` is called when it is over, or never begins. */
export function openOnce(
  settings: CallSettings,
  prepare: PrepareHeaders,
  endpoint: HttpEndpoint,
  request: HttpRequest,
  context: CallContext,
  onEnd?: () => void,
): Promise<HttpStream> {
  return new Promise((resolve, reject) => {
    const headers = prepare(endpoint, request, context);
    endpoint.send(request, headers, new StreamedCall(settings, request, context, resolve, reject, onEnd));
  });
}

export abstract class HttpRun<R> implements CallRun<HttpEndpoint, R> {
  readonly call: PlannedCall;
  readonly context: CallContext;
  abstract readonly holds: boolean;
  /** Undefined where none are returned: calls then pay nothing. */
  readonly kept: KeptHeaders | undefined;
  protected readonly settings: CallSettings;
  protected readonly prepare: PrepareHeaders;
  protected readonly request: HttpRequest;

  constructor(
    settings: CallSettings,
    prepare: PrepareHeaders,
    request: HttpRequest,
    context: CallContext,
    hashHeader: string | undefined,
  ) {
    this.settings = settings;
    this.prepare = prepare;
    this.request = request;
    this.kept = settings.returnHeaders === undefined ? undefined : keepHeaders(context);
    this.context = this.kept?.context ?? context;
    const { operation, repeatable = 'unsent' } = request;
    const hashKey = hashHeader === undefined ? undefined : context.headers[hashHeader];
    this.call = { operation, repeatable, hashKey };
  }

  abstract attempt(endpoint: Endpoint<HttpEndpoint>, context: CallContext, onEnd: () => void): Promise<R>;
  abstract judge(settled: { readonly answer: R } | { readonly error: unknown }): Judgement;
  abstract discard(answer: R): void;
}

export class ExchangeRun extends HttpRun<HttpAnswer> {
  readonly holds = false;

  attempt({ transport }: Endpoint<HttpEndpoint>, context: CallContext): Promise<HttpAnswer> {
    this.kept?.restart();
    return exchangeOnce(this.settings, this.prepare, transport, this.request, context);
  }

  judge(settled: { readonly answer: HttpAnswer } | { readonly error: unknown }): Judgement {
    if ('error' in settled) return judgeFailure(settled.error);
    return (this.request.judge ?? judgeAnswer)(settled.answer);
  }

  discard(): void {}
}

export class StreamRun extends HttpRun<HttpStream> {
  readonly holds = true;

  attempt({ transport }: Endpoint<HttpEndpoint>, context: CallContext, onEnd: () => void): Promise<HttpStream> {
    this.kept?.restart();
    return openOnce(this.settings, this.prepare, transport, this.request, context, onEnd);
  }

  judge(settled: { readonly answer: HttpStream } | { readonly error: unknown }): Judgement {
    return 'answer' in settled ? judgeAnswer(settled.answer) : judgeFailure(settled.error);
  }

  discard({ body }: HttpStream): void {
    void body.return();
  }
}
