import { hash } from 'node:crypto';

const PERCENT = /^percent\((\d{1,3}(?:\.\d{1,8})?)\)$/;

/**
 * Whether the label of a progressive override holds for a request: `percent(20)` for a fifth of all requests, the same
 * fifth for every label. Any other label is for whoever sets it: it holds for no request by itself.
 */
export function isActiveFor(label: string, requestId: string): boolean {
  const percent = PERCENT.exec(label)?.[1];
  if (percent === undefined) return false;
  const share = Number.parseInt(hash('sha1', requestId).slice(0, 8), 16) / 0x1_0000_0000;
  return share * 100 < Number(percent);
}
