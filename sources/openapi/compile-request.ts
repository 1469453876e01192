import { SkeinError } from '../../kernel/errors.ts';
import type { Arguments } from '../source.ts';
import type { HttpRequest } from '../upstream/http.ts';
import { UnusableError } from './document.ts';
import type { InputEncoder } from './encode-input.ts';
import type { WireType } from './wire-types.ts';
import { writeJson } from './write-json.ts';

/** A parameter with the argument that gives its value. */
export interface BoundParameter {
  readonly argument: string;
  readonly name: string;
  readonly explode: boolean;
}

export interface RequestPlan {
  readonly method: string;
  /** `/products/{sku}` as the document has it. */
  readonly path: string;
  readonly pathParameters: readonly BoundParameter[];
  readonly queryParameters: readonly BoundParameter[];
  readonly headerParameters: readonly BoundParameter[];
  readonly cookieParameters: readonly BoundParameter[];
  readonly body: { readonly argument: string; readonly mediaType: string; readonly type: WireType } | undefined;
}

export interface RequestDeps {
  readonly operation: string;
  readonly encoderOf: (type: WireType) => InputEncoder;
  readonly configuredCookies: string | undefined;
}

type Write = (args: Arguments) => string;

/** @throws UnusableError when `compileRequest` could not compile it */
export function checkRequest(plan: RequestPlan): void {
  compilePath(plan.path, plan.pathParameters);
}

/**
 * Compiles a request once, so that a call only fills in values. Values are encoded for the place they go to.
 * The compiled function throws SkeinError BAD_USER_INPUT.
 */
export function compileRequest(plan: RequestPlan, deps: RequestDeps): (args: Arguments) => HttpRequest {
  const { method, body } = plan;
  const { operation } = deps;
  const writePath = compilePath(plan.path, plan.pathParameters);
  const writeQuery = compileQuery(plan.queryParameters);
  const writeHeaders = compileHeaders(plan, deps);
  const encode = body === undefined ? undefined : deps.encoderOf(body.type);
  return (args) => {
    const content = body === undefined ? undefined : args[body.argument];
    const hasBody = body !== undefined && content !== undefined;
    return {
      operation,
      method,
      path: writePath(args) + writeQuery(args),
      headers: writeHeaders(args, hasBody),
      body: hasBody ? (encode === undefined ? JSON.stringify(content) : writeJson(encode(content))) : undefined,
    };
  };
}

/** `/products/{sku}/reviews` → a string or function per segment. */
function compilePath(path: string, parameters: readonly BoundParameter[]): Write {
  if (/[?#]/.test(path)) throw new UnusableError('its path has a query');
  const byName = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const segments = path
    .split('/')
    .slice(1)
    .map((segment) => compileSegment(segment, byName));
  return (args) => {
    let written = '';
    for (const segment of segments) written += typeof segment === 'string' ? segment : `/${segment(args)}`;
    return written;
  };
}

function compileSegment(segment: string, byName: ReadonlyMap<string, BoundParameter>): string | Write {
  const pieces = segment.split(/(\{[^{}]*\})/).filter((piece) => piece !== '');
  const writers = pieces.map((piece): string | Write => {
    if (!piece.startsWith('{')) return encodeLiteral(piece);
    const parameter = byName.get(piece.slice(1, -1));
    if (parameter === undefined) throw new UnusableError(`its path needs ${piece}, which is no usable parameter`);
    return ({ [parameter.argument]: value }) => encodeList(value);
  });
  if (writers.every((writer) => typeof writer === 'string')) {
    const literal = writers.join('');
    if (literal === '.' || literal === '..') throw new UnusableError('its path climbs');
    return `/${literal}`;
  }
  return (args) => {
    let written = '';
    for (const writer of writers) written += typeof writer === 'string' ? writer : writer(args);
    // Encoding does not help: servers and proxies read `%2E%2E` as `..`, and an empty segment as another address.
    if (written === '' || written === '.' || written === '..') {
      throw new SkeinError(
        'BAD_USER_INPUT',
        `The value ${JSON.stringify(written)} cannot stand in the path of this call.`,
      );
    }
    return written;
  };
}

function compileQuery(parameters: readonly BoundParameter[]): Write {
  if (parameters.length === 0) return () => '';
  const compiled = parameters.map(({ argument, name, explode }) => ({ argument, explode, key: `${encode(name)}=` }));
  return (args) => {
    let written = '';
    for (const { argument, key, explode } of compiled) {
      const value = args[argument];
      if (value === undefined || value === null) continue;
      if (!Array.isArray(value)) written += `&${key}${encode(value)}`;
      else if (!explode) written += value.length === 0 ? '' : `&${key}${encodeList(value)}`;
      else for (const item of value) written += `&${key}${encode(item)}`;
    }
    return written === '' ? '' : `?${written.slice(1)}`;
  };
}

function compileHeaders(
  plan: RequestPlan,
  { configuredCookies }: RequestDeps,
): (args: Arguments, hasBody: boolean) => HttpRequest['headers'] {
  const { headerParameters, cookieParameters, body } = plan;
  const withBody = body === undefined ? undefined : { 'content-type': body.mediaType };
  if (headerParameters.length === 0 && cookieParameters.length === 0) {
    return (_args, hasBody) => (hasBody ? withBody : undefined);
  }
  return (args, hasBody) => {
    const headers: Record<string, string> = hasBody ? { ...withBody } : {};
    for (const { argument, name } of headerParameters) {
      const value = args[argument];
      if (value !== undefined && value !== null) headers[name] = headerText(value, argument);
    }
    const cookies = configuredCookies === undefined ? [] : [configuredCookies];
    for (const { argument, name } of cookieParameters) {
      const value = args[argument];
      if (value !== undefined && value !== null) cookies.push(`${encode(name)}=${encode(value)}`);
    }
    if (cookies.length > 0) headers.cookie = cookies.join('; ');
    return headers;
  };
}

/** Printable ASCII without spaces at its ends: all that travels in a header unchanged. */
const HEADER_TEXT = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$|^$/;

function headerText(value: unknown, argument: string): string {
  const items = (Array.isArray(value) ? value : [value]).map(plainText);
  // Headers know no way to write a comma inside a list's item.
  const isSplit = Array.isArray(value) && items.some((item) => item.includes(','));
  if (!isSplit && items.every((item) => HEADER_TEXT.test(item))) return items.join(',');
  throw new SkeinError('BAD_USER_INPUT', `The argument "${argument}" has characters that a header cannot carry.`);
}

function encodeList(value: unknown): string {
  return Array.isArray(value) ? value.map(encode).join(',') : encode(value);
}

function encode(value: unknown): string {
  const text = plainText(value);
  try {
    return encodeURIComponent(text);
  } catch (cause) {
    throw new SkeinError('BAD_USER_INPUT', 'An argument has half of a character.', { cause });
  }
}

function plainText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null) {
    throw new SkeinError('BAD_USER_INPUT', 'An argument must be a plain value, not an object or a list of lists.');
  }
  return String(value);
}

/** The document's own text between parameters: encoded where it is not already. */
function encodeLiteral(text: string): string {
  return text.replace(/%(?![0-9A-Fa-f]{2})|[^\x21-\x7e]|["<>\\^`{|}]/gu, (character) =>
    encodeURIComponent(Buffer.from(character).toString()),
  );
}
