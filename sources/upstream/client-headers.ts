import { validateHeaderName, validateHeaderValue } from 'node:http';
import { SkeinError } from '../../kernel/errors.ts';
import type { Problem } from '../../kernel/problem.ts';
import type { CallContext } from '../source.ts';
import type { HttpHeaders } from './http.ts';

/** Headers that belong to the connection and the framing of a message, not to its meaning. */
export const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What a client shows the gateway of itself is for nobody behind it: its key, the token of its event stream. */
const CREDENTIALS: ReadonlySet<string> = new Set(['authorization', 'x-graphql-event-stream-token']);

/** A header of the client's that goes on, under its own or another name; as `forwardHeaders` has it. */
export type ForwardRule =
  | string
  | { readonly name: string; readonly as?: string | undefined; readonly default?: string | undefined };

export interface HeaderRules {
  readonly forwardHeaders?: readonly ForwardRule[] | undefined;
  readonly returnHeaders?: readonly string[] | undefined;
}

/** The client's headers that go on with a call, names in lower case. */
export type ForwardHeaders = (
  context: CallContext,
  details: { readonly source: string; readonly operation: string },
) => Record<string, string>;

/** Hands headers of an upstream's answer to the client's. */
export type ReturnHeaders = (headers: HttpHeaders, context: CallContext) => void;

/** What the gateway says of its answers itself. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  'allow',
  'cache-control',
  'date',
  'set-cookie',
  'vary',
  'www-authenticate',
  'x-request-id',
]);

/** Whether a header of one message may become one of another: it must not describe the message or its connection. */
function isOfMessage(name: string): boolean {
  return (
    CONNECTION_HEADERS.has(name) ||
    name === 'host' ||
    name === 'http2-settings' ||
    name.startsWith('content-') ||
    name.startsWith('sec-websocket-') ||
    name.startsWith('proxy-')
  );
}

/**
 * Whether a header of a client's request may go on to an upstream, `name` in lower case. `accept` and its kin speak of
 * the answer the gateway gives; `accept-language` speaks of the data.
 */
export function isForwardable(name: string): boolean {
  return !isOfMessage(name) && (!name.startsWith('accept') || name === 'accept-language');
}

/** Whether a header holds what a client shows the gateway of itself, `name` in lower case. It never goes on. */
export function isCredential(name: string): boolean {
  return CREDENTIALS.has(name);
}

/** Whether a header of an upstream's answer may stand in the client's, `name` in lower case. */
export function isReturnable(name: string): boolean {
  return !isOfMessage(name) && !OWN_HEADERS.has(name) && !name.startsWith('access-control-');
}

/** The client's headers that calls depend on, in lower case. */
export function forwardedNames(rules: readonly ForwardRule[] = []): readonly string[] {
  return [...new Set(rules.map((rule) => (typeof rule === 'string' ? rule : rule.name).toLowerCase()))];
}

/** Undefined for no rules: calls then pay nothing. */
export function compileForwardHeaders(rules: readonly ForwardRule[] = []): ForwardHeaders | undefined {
  if (rules.length === 0) return undefined;
  const compiled = rules.map((rule) => {
    const { name, as = name, default: fallback } = typeof rule === 'string' ? { name: rule } : rule;
    return { from: name.toLowerCase(), to: as.toLowerCase(), fallback };
  });
  return (context, details) => {
    const forwarded: Record<string, string> = {};
    for (const { from, to, fallback } of compiled) {
      const given = context.headers[from];
      const value = typeof given === 'string' ? given : fallback;
      if (value === undefined) continue;
      if (!isHeader(to, value)) {
        const message = `The header "${from}" has characters that cannot be sent on.`;
        throw new SkeinError('BAD_USER_INPUT', message, { details });
      }
      forwarded[to] = value;
    }
    return forwarded;
  };
}

/** Undefined for no names. Of a header that came several times the client gets the values joined. */
export function compileReturnHeaders(names: readonly string[] = []): ReturnHeaders | undefined {
  if (names.length === 0) return undefined;
  const wanted = [...new Set(names.map((name) => name.toLowerCase()))];
  return (headers, context) => {
    for (const name of wanted) {
      const value = headers[name];
      if (value !== undefined) context.returnHeader(name, typeof value === 'string' ? value : value.join(', '));
    }
  };
}

/** Mistakes in the rules, with paths below the source's options. */
export function headerRuleProblems({ forwardHeaders = [], returnHeaders = [] }: HeaderRules): Problem[] {
  const problems: Problem[] = [];
  const targets = new Set<string>();
  forwardHeaders.forEach((rule, index) => {
    const path = ['forwardHeaders', index];
    const { name, as = name, default: fallback } = typeof rule === 'string' ? { name: rule } : rule;
    if (isCredential(name.toLowerCase())) {
      problems.push({
        path,
        message: `The header "${name}" holds what callers show this gateway, and is never sent on.`,
        suggestion: `Let callers send what is for the service in a header of its own: { name: x-service-authorization, as: ${as} }.`,
      });
    }
    for (const one of new Set([name, as])) {
      if (isForwardable(one.toLowerCase())) continue;
      problems.push({
        path,
        message: `The header "${one}" belongs to one message or connection and cannot be sent on.`,
      });
    }
    if (fallback !== undefined && !isHeader(as, fallback)) {
      const message = `The default of the header "${name}" has characters that headers must not have.`;
      problems.push({ path: [...path, 'default'], message, suggestion: 'Look for line breaks at its ends.' });
    }
    if (targets.has(as.toLowerCase())) {
      problems.push({ path, message: `The header "${as}" is sent by two rules.`, suggestion: 'Keep one of them.' });
    }
    targets.add(as.toLowerCase());
  });
  returnHeaders.forEach((name, index) => {
    if (isReturnable(name.toLowerCase())) return;
    const message = `The header "${name}" cannot be returned: it is the gateway's own, or belongs to one message or connection.`;
    problems.push({ path: ['returnHeaders', index], message });
  });
  return problems;
}

/** Whether a name and value can be sent at all (RFC 9110, section 5). */
export function isHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}
