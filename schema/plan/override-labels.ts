import { hash } from 'node:crypto';
import type { CallContext } from '../../sources/source.ts';
import type { OverrideOptions } from '../options.ts';

/** By label; those of the form `percent(…)` need none. */
export type OverrideRules = Readonly<Record<string, OverrideOptions>>;

const PERCENT = /^percent\((\d{1,3}(?:\.\d{1,8})?)\)$/;

/**
 * Whether the label of a progressive override holds for a request: `percent(20)` for a fifth of all requests, the same
 * fifth for every label. Any other label holds as its rule says, and never without one.
 */
export function isActiveFor(
  label: string,
  { requestId, headers }: Pick<CallContext, 'requestId' | 'headers'>,
  rules: OverrideRules = {},
): boolean {
  const rule = Object.hasOwn(rules, label) ? rules[label] : undefined;
  if (rule?.header !== undefined) {
    const sent = headers[rule.header.toLowerCase()];
    return sent !== undefined && (rule.value === undefined || sent === rule.value);
  }
  const percent = rule?.percent ?? PERCENT.exec(label)?.[1];
  if (percent === undefined) return false;
  const share = Number.parseInt(hash('sha1', requestId).slice(0, 8), 16) / 0x1_0000_0000;
  return share * 100 < Number(percent);
}
