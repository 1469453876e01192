import { SkeinError } from '../../kernel/errors.ts';
import type { Arguments } from '../source.ts';
import type { HttpRequest } from '../upstream/http.ts';
import type { Repeatable } from '../upstream/resilience/contracts.ts';
import type { BodyPlan } from './body-plan.ts';
import type { InputEncoder } from './encode-input.ts';
import { UnusableError } from './json-object.ts';
import type { CredentialPlace } from './security.ts';
import { cookieWriter, encode, headerWriter, pathWriter, queryWriter, type StyledName } from './styles.ts';
import type { WireType } from './wire-types.ts';
import { type BodyWriter, bodyWriter } from './write-body.ts';

/** A parameter with the argument that gives its value. */
export interface BoundParameter extends StyledName {
  readonly argument: string;
  readonly type: WireType;
}

/** Plain data. */
export interface RequestPlan {
  readonly method: string;
  /** `/products/{sku}` as the document has it. */
  readonly path: string;
  readonly pathParameters: readonly BoundParameter[];
  readonly queryParameters: readonly BoundParameter[];
  readonly headerParameters: readonly BoundParameter[];
  readonly cookieParameters: readonly BoundParameter[];
  readonly credentials: readonly CredentialPlace[];
  /** Media types to ask for, where they are not the source's usual ones. */
  readonly accept: string | undefined;
  readonly body: BodyPlan | undefined;
}

export interface RequestDeps {
  readonly operation: string;
  /** How much it may harm to send it again. */
  readonly repeatable?: Repeatable | undefined;
  readonly encoderOf: (type: WireType) => InputEncoder;
  /** Cookies of the configuration, sent before those of arguments. */
  readonly configuredCookies: string | undefined;
  /** What is sent for a security scheme, without its prefix. */
  readonly credentialOf: (scheme: string) => string;
}

type Write = (args: Arguments) => string;

/** @throws UnusableError when `compileRequest` could not compile it */
export function checkRequest({ path, pathParameters }: Pick<RequestPlan, 'path' | 'pathParameters'>): void {
  compilePath(path, pathParameters, () => undefined);
}

/**
 * Compiles a request once, so that a call only fills in values. Values are encoded for the place they go to. What the
 * compiled function throws or rejects with is SkeinError BAD_USER_INPUT; it is asynchronous only where files are sent.
 */
export function compileRequest(
  plan: RequestPlan,
  deps: RequestDeps,
): (args: Arguments) => HttpRequest | Promise<HttpRequest> {
  const { method, body } = plan;
  const { operation, repeatable } = deps;
  const writePath = compilePath(plan.path, plan.pathParameters, deps.encoderOf);
  const writeQuery = compileQuery(plan, deps);
  const writeHeaders = compileHeaders(plan, deps);
  if (body === undefined) {
    return (args) => {
      const path = writePath(args) + writeQuery(args);
      return { operation, method, path, headers: writeHeaders(args), repeatable };
    };
  }
  const writeBody: BodyWriter = bodyWriter(body, deps.encoderOf(body.type));
  return (args) => {
    const path = writePath(args) + writeQuery(args);
    const headers = writeHeaders(args);
    const value = args[body.argument];
    if (value === undefined) return { operation, method, path, headers, repeatable };
    const written = writeBody(value);
    const finish = ({ contentType, content }: Awaited<typeof written>): HttpRequest => {
      const own = { ...headers, 'content-type': contentType };
      return { operation, method, path, headers: own, body: content, repeatable };
    };
    return written instanceof Promise ? written.then(finish) : finish(written);
  };
}

/**
 * Documents tell operations of one path apart by a query, which is sent, or by a fragment, which never is:
 * `/?action=list`, `/files/{id}#shared`.
 */
function partsOf(template: string): { path: string; query: string } {
  const [whole = ''] = template.split('#');
  const at = whole.indexOf('?');
  return at === -1 ? { path: whole, query: '' } : { path: whole.slice(0, at), query: whole.slice(at + 1) };
}

/** `/products/{sku}/reviews` → a string or function per segment. */
function compilePath(path: string, parameters: readonly BoundParameter[], encoderOf: RequestDeps['encoderOf']): Write {
  const writers = new Map(parameters.map((parameter) => [parameter.name, argumentWriter(parameter, encoderOf)]));
  const parts = partsOf(path);
  const segments = parts.path
    .split('/')
    .slice(1)
    .map((segment) => compileSegment(segment, writers));
  if (parts.query !== '') segments.push(concatenate(['?', ...compilePieces(parts.query, writers)]));
  return (args) => {
    let written = '';
    for (const segment of segments) written += typeof segment === 'string' ? segment : segment(args);
    return written;
  };
}

function argumentWriter(parameter: BoundParameter, encoderOf: RequestDeps['encoderOf']): Write {
  const { argument } = parameter;
  const write = pathWriter(parameter);
  const encodeInput = encoderOf(parameter.type);
  return ({ [argument]: value }) => write(encodeInput === undefined ? value : encodeInput(value));
}

function compileSegment(segment: string, byName: ReadonlyMap<string, Write>): string | Write {
  const pieces = concatenate(compilePieces(segment, byName));
  if (typeof pieces === 'string') {
    if (climbs(pieces)) throw new UnusableError('its path climbs');
    return `/${pieces}`;
  }
  return (args) => {
    const written = pieces(args);
    // An empty segment is another address.
    if (written === '' || climbs(written)) {
      throw new SkeinError(
        'BAD_USER_INPUT',
        `The value ${JSON.stringify(written)} cannot stand in the path of this call.`,
      );
    }
    return `/${written}`;
  };
}

/** `v{major}.{minor}` → its text and the writers of its parameters. */
function compilePieces(text: string, byName: ReadonlyMap<string, Write>): (string | Write)[] {
  const pieces = text.split(/(\{[^{}]*\})/).filter((piece) => piece !== '');
  return pieces.map((piece) => {
    if (!piece.startsWith('{')) return encodeLiteral(piece);
    const writer = byName.get(piece.slice(1, -1));
    if (writer === undefined) throw new UnusableError(`its path needs ${piece}, which is no usable parameter`);
    return writer;
  });
}

function concatenate(pieces: readonly (string | Write)[]): string | Write {
  if (pieces.every((piece) => typeof piece === 'string')) return pieces.join('');
  return (args) => {
    let written = '';
    for (const piece of pieces) written += typeof piece === 'string' ? piece : piece(args);
    return written;
  };
}

/** Encoding does not help: servers and proxies read `%2E%2E` as `..`, and some pass over what follows a `;`. */
function climbs(segment: string): boolean {
  return /^(?:\.|%2e){1,2}(?:;|$)/i.test(segment);
}

/** What follows the path, which may have begun a query itself. */
function compileQuery({ path, queryParameters, credentials }: RequestPlan, deps: RequestDeps): Write {
  const start = partsOf(path).query === '' ? '?' : '&';
  const begin = (pairs: string) => (pairs === '' ? '' : start + pairs.slice(1));
  const keys = credentials
    .filter(({ place }) => place === 'query')
    .map(({ scheme, name }) => `&${encode(name)}=${encode(deps.credentialOf(scheme))}`)
    .join('');
  const always = begin(keys);
  if (queryParameters.length === 0) return () => always;
  const compiled = queryParameters.map((parameter) => ({
    argument: parameter.argument,
    encodeInput: deps.encoderOf(parameter.type),
    write: queryWriter(parameter),
  }));
  return (args) => {
    let written = keys;
    for (const { argument, encodeInput, write } of compiled) {
      const value = args[argument];
      if (value === undefined || value === null) continue;
      written += write(encodeInput === undefined ? value : encodeInput(value));
    }
    return begin(written);
  };
}

function compileHeaders(plan: RequestPlan, deps: RequestDeps): (args: Arguments) => HttpRequest['headers'] {
  const { headerParameters, cookieParameters, credentials, accept } = plan;
  const fixed: Record<string, string> = {};
  if (accept !== undefined) fixed.accept = accept;
  for (const { scheme, place, name, prefix } of credentials) {
    if (place === 'header') fixed[name] = prefix + deps.credentialOf(scheme);
  }
  const fixedCookies = credentials
    .filter(({ place }) => place === 'cookie')
    .map(({ scheme, name }) => `${encode(name)}=${encode(deps.credentialOf(scheme))}`);
  if (deps.configuredCookies !== undefined) fixedCookies.unshift(deps.configuredCookies);
  // Those of the configuration go with every request of the source anyway.
  const hasOwnCookies = fixedCookies.length > (deps.configuredCookies === undefined ? 0 : 1);
  if (hasOwnCookies) fixed.cookie = fixedCookies.join('; ');

  const always = Object.keys(fixed).length === 0 ? undefined : fixed;
  if (headerParameters.length === 0 && cookieParameters.length === 0) return () => always;
  const headerWriters = headerParameters.map((parameter) => ({
    parameter,
    encodeInput: deps.encoderOf(parameter.type),
    write: headerWriter(parameter, parameter.argument),
  }));
  const cookieWriters = cookieParameters.map((parameter) => ({
    parameter,
    encodeInput: deps.encoderOf(parameter.type),
    write: cookieWriter(parameter),
  }));
  return (args) => {
    const headers = { ...fixed };
    for (const { parameter, encodeInput, write } of headerWriters) {
      const value = args[parameter.argument];
      if (value === undefined || value === null) continue;
      headers[parameter.name] = write(encodeInput === undefined ? value : encodeInput(value));
    }
    const cookies: string[] = [];
    for (const { parameter, encodeInput, write } of cookieWriters) {
      const value = args[parameter.argument];
      if (value === undefined || value === null) continue;
      cookies.push(...write(encodeInput === undefined ? value : encodeInput(value)));
    }
    if (cookies.length > 0) headers.cookie = [...fixedCookies, ...cookies].join('; ');
    return headers;
  };
}

/** The document's own text between parameters: encoded where it is not already. */
function encodeLiteral(text: string): string {
  return text.replace(/%(?![0-9A-Fa-f]{2})|[^\x21-\x7e]|["<>\\^`{|}]/gu, (character) =>
    encodeURIComponent(Buffer.from(character).toString()),
  );
}
