/** Media types of GraphQL over HTTP (https://graphql.github.io/graphql-over-http/draft/#sec-Media-Types). */
export const RESPONSE_JSON = 'application/graphql-response+json';
export const PLAIN_JSON = 'application/json';
export const EVENT_STREAM = 'text/event-stream';

export type ResultMediaType = typeof RESPONSE_JSON | typeof PLAIN_JSON | typeof EVENT_STREAM;

interface Range {
  readonly type: string;
  readonly quality: number;
}

const cache = new Map<string, readonly Range[]>();

/** Ranges of an Accept header, best first (RFC 9110, section 12.5.1). Clients send few different ones. */
function rangesOf(accept: string): readonly Range[] {
  const known = cache.get(accept);
  if (known !== undefined) return known;
  const ranges = accept
    .split(',')
    .slice(0, 32)
    .map((part) => {
      const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
      const quality = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1);
      return { type, quality: Number.isNaN(quality) ? 0 : quality };
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality);
  if (cache.size < 100 && accept.length < 500) cache.set(accept, ranges);
  return ranges;
}

/**
 * The first of `offered` that the client takes, by its preference; undefined when it takes none. Without an Accept
 * header, or with a wildcard, the first of `offered`.
 */
export function negotiate<T extends string>(accept: string | undefined, offered: readonly T[]): T | undefined {
  if (accept === undefined || accept === '' || accept === '*/*') return offered[0];
  for (const { type } of rangesOf(accept)) {
    const match = offered.find(
      (offer) => type === offer || type === '*/*' || (type.endsWith('/*') && offer.startsWith(type.slice(0, -1))),
    );
    if (match !== undefined) return match;
  }
  return undefined;
}

/** Whether a Content-Type is JSON in UTF-8, the one encoding JSON has. Other parameters than that mean nothing (RFC 8259, section 11). */
export function isJson(contentType: string | undefined): boolean {
  if (contentType === PLAIN_JSON) return true;
  const [type, ...parameters] = (contentType ?? '').split(';').map((piece) => piece.trim().toLowerCase());
  return (
    type === PLAIN_JSON &&
    parameters.every((parameter) => !parameter.startsWith('charset') || /^charset=("?)utf-?8\1$/.test(parameter))
  );
}
