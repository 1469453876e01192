import { SkeinError } from '../../kernel/errors.ts';
import { ProblemsError } from '../../kernel/problem.ts';
import type { Compile } from '../compiling.ts';
import type { Arguments, Source, SourceCall, SourceDeps, TypeResolver, UnaryCall } from '../source.ts';
import type { HttpAnswer } from '../upstream/http.ts';
import { judgeAnswer } from '../upstream/http-judge.ts';
import { createHttpUpstream, type HttpUpstream } from '../upstream/http-upstream.ts';
import { createRedactor, type Redact } from '../upstream/redactor.ts';
import type { Judgement } from '../upstream/resilience/contracts.ts';
import { compileSoap } from './compile-soap.ts';
import { createDecoders, type Decoder } from './decode.ts';
import { createEncoders, type Encoders } from './encode.ts';
import { createEnvelopeWriter, requestHeaders, usernameToken } from './envelope.ts';
import { type LoadDocument, loadSoapDocuments } from './load-documents.ts';
import type { SoapOptions } from './options.ts';
import { type CompiledSoap, createTypeTable, type OperationPlan, type TypePlan } from './plan.ts';
import { createAnswerReader } from './read-answer.ts';
import { escapeText, InputError } from './xml-text.ts';

/**
 * A SOAP service by its WSDL 1.1, which `loadDocument` fetches with all that it imports. The service itself is not
 * needed yet. Rejects with ProblemsError when the document offers nothing, or the endpoint, a header or the credentials
 * cannot be used.
 */
export async function createSoapSource(
  name: string,
  options: SoapOptions,
  loadDocument: LoadDocument,
  deps: SourceDeps,
  compile: Compile<typeof compileSoap> = compileSoap,
): Promise<Source> {
  const { documents, problems } = await loadSoapDocuments(options.document, loadDocument);
  const compilation = await compile(name, options, documents);
  const all = [...problems, ...compilation.problems];
  if (compilation.compiled === undefined) throw new ProblemsError(all);
  for (const problem of all) deps.report(problem);
  return openSoapSource(name, compilation.compiled, options, deps);
}

/**
 * The source of a compiled document. Cheap: a call is compiled on its first use.
 * @throws ProblemsError when the endpoint, a header or the credentials cannot be used
 */
export function openSoapSource(
  name: string,
  compiled: CompiledSoap,
  options: SoapOptions,
  { log, tls }: SourceDeps,
): Source {
  const { sdl, version, operations, enumValues, abstractTypes, notices } = compiled;
  const security = securityHeader(options, compiled);
  const { origin, path } = splitEndpoint(options.endpoint);
  const upstream = createHttpUpstream({
    source: name,
    endpoint: origin,
    headers: { accept: version === '1.2' ? 'application/soap+xml, text/xml;q=0.9' : 'text/xml', ...options.headers },
    timeoutMs: options.timeoutMs,
    maxResponseBytes: options.maxResponseBytes,
    forwardHeaders: options.forwardHeaders,
    returnHeaders: options.returnHeaders,
    upstream: options.upstream,
    tls,
    log,
  });
  const types = createTypeTable(compiled.types);
  const operationDeps: OperationDeps = {
    source: name,
    path,
    version,
    security,
    options,
    upstream,
    encoders: createEncoders(types, version),
    decoderOf: createDecoders(types),
  };
  const calls = new Map<string, SourceCall>();
  for (const plan of operations) calls.set(`${plan.parent}.${plan.field}`, openOperation(plan, operationDeps));
  return {
    name,
    kind: 'soap',
    model: { sdl, calls, enumValues, typeOf: new Map(abstractTypes.map((type) => [type, nameOfType])), notices },
    probe: (signal) => upstream.probe(signal),
    upstream: () => upstream.state(),
    dispose: () => upstream.dispose(),
  };
}

interface OperationDeps {
  readonly source: string;
  readonly path: string;
  readonly version: CompiledSoap['version'];
  readonly security: string;
  readonly options: SoapOptions;
  readonly upstream: Pick<HttpUpstream, 'exchange'>;
  readonly encoders: Encoders;
  readonly decoderOf: (type: TypePlan) => Decoder;
}

/** Decoding has named it: the element says its type. */
const nameOfType: TypeResolver = (value) => {
  const name = (value as { readonly __typename?: unknown } | null | undefined)?.__typename;
  return typeof name === 'string' ? name : undefined;
};

/** Faults come with status 500 (SOAP 1.1, 6.2), also those that blame the caller: the service is well then. */
function judgeSoap(answer: HttpAnswer): Judgement {
  if (answer.status !== 500 || answer.body.length > MAX_FAULT_BYTES) return judgeAnswer(answer);
  return BLAMES_CALLER.test(answer.body.toString('latin1')) ? { outcome: 'ok' } : judgeAnswer(answer);
}

const MAX_FAULT_BYTES = 65_536;
const BLAMES_CALLER =
  /<(?:[\w.-]+:)?(?:faultcode|Value)\b[^<>]{0,500}>\s*(?:[\w.-]+:)?(?:Client|Sender|MustUnderstand|VersionMismatch|DataEncodingUnknown)\b/;

function openOperation(plan: OperationPlan, deps: OperationDeps): UnaryCall {
  const { operation } = plan;
  const details = { source: deps.source, operation };
  const repeatable = plan.parent === 'Query' ? 'always' : 'unsent';
  let compiled: ReturnType<typeof compileCall> | undefined;

  function write(args: Arguments, envelope: (args: Arguments) => string): string {
    try {
      return envelope(args);
    } catch (error) {
      if (error instanceof InputError) throw new SkeinError('BAD_USER_INPUT', messageOf(error), { details });
      throw error;
    }
  }

  return {
    type: 'unary',
    operation,
    invoke: async (args, context) => {
      compiled ??= compileCall(plan, deps);
      const { envelope, headers, read } = compiled;
      const body = write(args, envelope);
      const request = {
        operation,
        method: 'POST',
        path: deps.path,
        headers,
        body,
        repeatable,
        judge: judgeSoap,
      } as const;
      return read(await deps.upstream.exchange(request, context), context);
    },
  };
}

function compileCall(plan: OperationPlan, deps: OperationDeps) {
  const { version, security, options, encoders, source, decoderOf } = deps;
  const { output, operation, input } = plan;
  const decode = output.kind === 'done' ? () => true : decoderOf(output.type);
  return {
    envelope: createEnvelopeWriter(plan, version, security, encoders),
    headers: requestHeaders(plan.action, version),
    read: createAnswerReader(output, decode, {
      source,
      operation,
      errors: options.errors,
      isEncoded: input.encoded,
      redact: createRedaction(options),
    }),
  };
}

function messageOf(error: InputError): string {
  const place = error.path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
  return place === '' ? `The input ${error.message}.` : `The argument "${place.replace(/^\./, '')}" ${error.message}.`;
}

/** Services like to repeat what they were sent. */
function createRedaction(options: SoapOptions): Redact {
  const redact = createRedactor(options);
  const password = options.security?.password ?? '';
  if (password === '') return redact;
  const forms = new Set([password, escapeText(password), JSON.stringify(password).slice(1, -1)]);
  return (text) => [...forms].reduce((result, form) => result.replaceAll(form, '***'), redact(text));
}

/** @throws ProblemsError for characters that XML cannot carry; which they are, is not told */
function securityHeader({ security }: SoapOptions, { version }: CompiledSoap): string {
  if (security === undefined) return '';
  const problems = (['username', 'password'] as const).flatMap((key) => {
    try {
      escapeText(security[key]);
      return [];
    } catch {
      return [{ path: ['security', key], message: `The ${key} has a character that XML cannot carry.` }];
    }
  });
  if (problems.length > 0) throw new ProblemsError(problems);
  return usernameToken(security, version);
}

/** SOAP has one address, which is called as it is: some have a query. */
function splitEndpoint(endpoint: string): { readonly origin: string; readonly path: string } {
  const url = new URL(endpoint);
  const path = url.pathname + url.search;
  url.pathname = '';
  url.search = '';
  return { origin: url.href, path };
}
