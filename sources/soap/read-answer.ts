import { describeError, type ErrorCode, SkeinError } from '../../kernel/errors.ts';
import type { ErrorExposure } from '../options.ts';
import type { CallContext } from '../source.ts';
import type { HttpAnswer } from '../upstream/http.ts';
import { retryAfterMs } from '../upstream/retry-after.ts';
import { upstreamWords, wordsOfBody } from '../upstream-words.ts';
import { decodeXml } from './charset.ts';
import { AnswerError, type Decoder, type Reading } from './decode.ts';
import { readFault, type SoapFault } from './fault.ts';
import { ENCODING_12, ENVELOPE_11, ENVELOPE_12 } from './namespaces.ts';
import type { OutputPlan } from './plan.ts';
import { attributeOf, parseXmlInSlices, type XmlElement, XmlError } from './xml.ts';

export interface AnswerDeps {
  readonly source: string;
  readonly operation: string;
  readonly errors: ErrorExposure;
  /** Of SOAP encoding, with references among its elements. */
  readonly isEncoded: boolean;
  /** Takes out what nobody may read. */
  redact(text: string): string;
}

const LIMITS = { maxDepth: 200, maxNodes: 500_000, lines: false };
const MAX_LOGGED_CHARACTERS = 1_000;
const MAX_DECODED = 500_000;

/** Compiles what makes the value of the root field of an answer. It rejects with SkeinError. */
export function createAnswerReader(
  output: OutputPlan,
  decode: Decoder,
  deps: AnswerDeps,
): (answer: HttpAnswer, context: CallContext) => Promise<unknown> {
  const { source, operation, errors, isEncoded, redact } = deps;

  function failure(
    code: ErrorCode,
    { status, headers, body }: HttpAnswer,
    context: CallContext,
    reason: string,
    words: object = {},
  ): SkeinError {
    const fields = { requestId: context.requestId, source, operation, code, status, reason: redact(reason) };
    context.log.warn(fields, 'A source gave an answer that is a failure.');
    const start = redact(body.toString('utf8', 0, MAX_LOGGED_CHARACTERS));
    context.log.debug({ ...fields, body: start }, 'The answer that is a failure.');
    const wait = status === 429 || status === 503 ? retryAfterMs(headers, Date.now()) : undefined;
    const details = { source, operation, upstreamStatus: status, ...words };
    return new SkeinError(code, undefined, {
      details: wait === undefined ? details : { ...details, retryAfterMs: wait },
      cause: new Error(redact(reason)),
    });
  }

  async function parse(answer: HttpAnswer): Promise<XmlElement> {
    const contentType = String(answer.headers['content-type'] ?? '');
    if (/^multipart\//i.test(contentType)) throw new AnswerError('The answer has attachments, which are not read.');
    const root = await parseXmlInSlices(decodeXml(answer.body, contentType), LIMITS);
    const isEnvelope = root.namespace === ENVELOPE_11 || root.namespace === ENVELOPE_12;
    const body = root.children.find((child) => child.local === 'Body' && child.namespace === root.namespace);
    if (!isEnvelope || root.local !== 'Envelope' || body === undefined) {
      throw new AnswerError('The answer is no SOAP envelope with a body.');
    }
    return body;
  }

  function faultError(fault: SoapFault, answer: HttpAnswer, context: CallContext): SkeinError {
    const isRefusal =
      fault.blames === 'sender' || (fault.blames === undefined && answer.status >= 400 && answer.status < 500);
    const code = isRefusal ? 'UPSTREAM_REJECTED' : 'UPSTREAM_FAILED';
    const reason = `The answer is a fault: ${fault.code}: ${fault.message}`.slice(0, MAX_LOGGED_CHARACTERS);
    return failure(code, answer, context, reason, upstreamWords(errors, fault.detail(redact), redact(fault.message)));
  }

  function readValue(body: XmlElement): unknown {
    if (output.kind === 'done') return true;
    const { element, unwrap } = output;
    const byId = isEncoded ? elementsById(body) : undefined;
    // The rest of what SOAP encoding puts there are the elements that are referred to.
    const first = body.children.find((child) => child.local === element?.local) ?? body.children[0];
    if (first === undefined) throw new AnswerError('The body of the answer is empty.');
    if (element !== undefined && first.local !== element.local) {
      throw new AnswerError(`The body of the answer has <${first.local}>, not <${element.local}>.`);
    }
    const reading: Reading = { byId, depth: 0, left: MAX_DECODED };
    const value = decode(first, reading);
    if (unwrap === undefined || value === null) return value;
    return (value as Readonly<Record<string, unknown>>)[unwrap] ?? null;
  }

  return async (answer, context) => {
    const { status } = answer;
    const isSuccess = status >= 200 && status < 300;
    if (isSuccess && answer.body.length === 0) {
      if (output.kind === 'done') return true;
      throw failure('UPSTREAM_BAD_RESPONSE', answer, context, 'The answer is empty.');
    }
    try {
      const body = await parse(answer);
      const fault = readFault(body);
      if (fault !== undefined) throw faultError(fault, answer, context);
      if (isSuccess) return readValue(body);
    } catch (error) {
      if (error instanceof SkeinError) throw error;
      // Nothing was to be answered, so it may be anything.
      if (isSuccess && output.kind === 'done' && output.oneWay) return true;
      if (isSuccess) {
        const isOurs = error instanceof XmlError || error instanceof AnswerError;
        const reason =
          error instanceof XmlError ? `The answer cannot be read: ${error.message}.` : describeError(error);
        throw failure(
          'UPSTREAM_BAD_RESPONSE',
          answer,
          context,
          isOurs ? reason : `The answer cannot be read: ${reason}`,
        );
      }
    }
    if (status < 400) {
      throw failure('UPSTREAM_BAD_RESPONSE', answer, context, 'The status is a redirect, which is not followed.');
    }
    const code = status < 500 ? 'UPSTREAM_REJECTED' : 'UPSTREAM_FAILED';
    throw failure(code, answer, context, 'The status is a failure.', wordsOfBody(errors, answer.body, redact));
  };
}

function elementsById(body: XmlElement): Map<string, XmlElement> {
  const found = new Map<string, XmlElement>();
  const waiting = [...body.children];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const id = attributeOf(node, 'id') ?? attributeOf(node, 'id', ENCODING_12);
    if (id !== undefined) found.set(id, node);
    for (const child of node.children) waiting.push(child);
  }
  return found;
}
