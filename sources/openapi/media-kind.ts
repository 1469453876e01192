/** What a media type is for the graph. */
export type MediaKind = 'json' | 'form' | 'multipart' | 'text' | 'xml' | 'binary';

/** `application/json`, `application/problem+json; charset=utf-8`, `text/json`. */
export function isJson(contentType: string | string[] | undefined): boolean {
  return (
    typeof contentType === 'string' &&
    /^(?:(?:application|text)\/json|[^;\s/]+\/[^;\s]+\+json)\s*(?:;|$)/i.test(contentType)
  );
}

/** Types that are text, though their names do not begin with it. */
const TEXT =
  /^(?:text\/.+|application\/(?:x-yaml|yaml|graphql|javascript|x-ndjson|jsonl|jsonlines|toml|sql|jwt)|.+\+(?:yaml|json-seq))$/;

/** Without a type that is named, JSON is meant: documents write a wildcard where they do not care. */
export function mediaKind(mediaType: string): MediaKind {
  const [type = ''] = mediaType.toLowerCase().split(';');
  const name = type.trim();
  if (isJson(name) || name === '*/*' || name === 'application/*') return 'json';
  if (name === 'application/x-www-form-urlencoded') return 'form';
  if (name.startsWith('multipart/')) return 'multipart';
  if (/^(?:application|text)\/(?:.+\+)?xml$/.test(name)) return 'xml';
  return TEXT.test(name) ? 'text' : 'binary';
}
