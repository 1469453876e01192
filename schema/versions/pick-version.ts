import { SkeinError } from '../../kernel/errors.ts';
import type { CallContext } from '../../sources/source.ts';

/** A version that is there. */
export interface Share {
  readonly source: string;
  readonly weight: number;
}

export interface Picking {
  /** Name of the versions together. */
  readonly name: string;
  readonly shares: readonly Share[];
  /** Versions that are configured and not there now. */
  readonly missing: readonly string[];
  /** In lower case. */
  readonly header: string | undefined;
}

/**
 * The index of the version that gets a call: the one that the client names, else by weight and the request's id, so that
 * all calls of a request go to one version as far as it can answer them.
 * @throws SkeinError BAD_USER_INPUT when the client names one that is none, or that lacks what is asked for
 */
export function pickVersion(
  { name, shares, missing, header }: Picking,
  { headers, requestId }: Pick<CallContext, 'headers' | 'requestId'>,
  can: (index: number) => boolean,
  label: string,
): number {
  const named = header === undefined ? undefined : headers[header];
  if (named !== undefined && named !== '') {
    const index = shares.findIndex(({ source }) => source === named);
    if (index === -1 && missing.includes(named))
      throw new SkeinError('UPSTREAM_UNREACHABLE', undefined, { details: { source: named } });
    if (index === -1) {
      const values = shares.map(({ source }) => `"${source}"`).join(', ');
      throw new SkeinError(
        'BAD_USER_INPUT',
        `The header "${header}" names a version of ${name}: it must be one of ${values}.`,
      );
    }
    if (can(index)) return index;
    throw new SkeinError(
      'BAD_USER_INPUT',
      `The version that the header "${header}" names does not have all that is asked of ${label}.`,
      { details: { source: named } },
    );
  }
  const place = hash(requestId);
  const first = indexAt(shares, place, () => true);
  if (first !== undefined && can(first)) return first;
  const other = indexAt(shares, place, can) ?? shares.findIndex((_, index) => can(index));
  if (other === -1) throw new SkeinError('BAD_USER_INPUT', `No version of ${name} has all that is asked of ${label}.`);
  return other;
}

/** Where a place from 0 to 1 is, in the weights of the versions that can; undefined where they have none. */
function indexAt(shares: readonly Share[], place: number, can: (index: number) => boolean): number | undefined {
  let sum = 0;
  for (const [index, { weight }] of shares.entries()) if (weight > 0 && can(index)) sum += weight;
  let left = place * sum;
  for (const [index, { weight }] of shares.entries()) {
    if (weight === 0 || !can(index)) continue;
    left -= weight;
    if (left < 0) return index;
  }
  return undefined;
}

/** An even spread of texts over [0, 1): FNV-1a, with its bits mixed at the end. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return ((value ^ (value >>> 16)) >>> 0) / 2 ** 32;
}
