import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { CONNECTION_HEADERS, type HeaderRules, headerRuleProblems, isHeader } from './client-headers.ts';
import type { HttpRequest } from './http.ts';
import { decodeUserInfo } from './redactor.ts';

/** An endpoint taken apart: where to connect, what stands before each path and what goes with each request. */
export interface Target {
  readonly origin: string;
  readonly host: string;
  readonly port: number;
  /** Path of the endpoint without a trailing slash; empty for none. */
  readonly pathPrefix: string;
  readonly headers: BaseHeaders;
}

/** Headers of every request, flat as undici takes them, with the lower-case names beside them. */
export interface BaseHeaders {
  readonly names: readonly string[];
  readonly flat: string[];
}

/** @throws ProblemsError when the endpoint, a header or a rule for headers cannot be used. */
export function readTarget(
  endpoint: string,
  headers: Readonly<Record<string, string>>,
  rules: HeaderRules = {},
): Target {
  const url = new URL(endpoint);
  const problems = [...headerProblems(headers), ...headerRuleProblems(rules)];
  if (url.search !== '' || url.hash !== '') {
    problems.push({
      path: ['endpoint'],
      message: 'The endpoint must not have a query or a fragment.',
      suggestion: 'Keep the address up to its path, and give keys as headers.',
    });
  }
  if (problems.length > 0) throw new ProblemsError(problems);

  const all: Record<string, string> = { 'accept-encoding': 'identity' };
  if (url.username !== '' || url.password !== '') {
    const credentials = `${decodeUserInfo(url.username)}:${decodeUserInfo(url.password)}`;
    all.authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  }
  for (const [name, value] of Object.entries(headers)) all[name.toLowerCase()] = value;
  return {
    origin: url.origin,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port),
    pathPrefix: url.pathname.replace(/\/+$/, ''),
    headers: { names: Object.keys(all), flat: Object.entries(all).flat() },
  };
}

function headerProblems(headers: Readonly<Record<string, string>>): Problem[] {
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(headers)) {
    const path = ['headers', name];
    if (CONNECTION_HEADERS.has(name.toLowerCase())) {
      problems.push({ path, message: `The header "${name}" belongs to the connection and cannot be set.` });
    } else if (!isHeader(name, value)) {
      problems.push({
        path,
        message: `The header "${name}" cannot be sent: its name or value has characters that headers must not have.`,
        suggestion: 'Look for line breaks at the ends of the value.',
      });
    }
  }
  return problems;
}

/** The headers of one request; its own win over those of every request. */
export function mergeHeaders(base: BaseHeaders, own: HttpRequest['headers']): string[] {
  if (own === undefined) return base.flat;
  const merged: string[] = [];
  const replaced = new Set<string>();
  for (const name in own) {
    const value = own[name];
    if (value === undefined) continue;
    merged.push(name, value);
    replaced.add(name.toLowerCase());
  }
  base.names.forEach((name, index) => {
    if (!replaced.has(name)) merged.push(name, base.flat[index * 2 + 1] ?? '');
  });
  return merged;
}

/** What is forwarded for the client, and over it what the request itself says. */
export function addHeaders(
  forwarded: Record<string, string>,
  own: HttpRequest['headers'] = {},
): Record<string, string> {
  for (const name in own) {
    const value = own[name];
    if (value !== undefined) forwarded[name.toLowerCase()] = value;
  }
  return forwarded;
}
