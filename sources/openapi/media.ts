import { isJsonObject, type JsonObject, member, type OpenapiDocument, UnusableError } from './document.ts';
import { isJson } from './read-answer.ts';

/** What a successful answer holds. */
export type Content = { readonly kind: 'none' | 'undocumented' } | { readonly kind: 'json'; readonly schema: unknown };

/** The first 2xx answer with JSON. @throws UnusableError when there are answers, but none in JSON */
export function successContent(document: OpenapiDocument, operation: JsonObject): Content {
  const responses = member(operation, 'responses');
  if (!isJsonObject(responses)) return { kind: 'undocumented' };
  const statuses = Object.keys(responses).filter((status) => /^2(?:\d\d|XX)$/i.test(status));
  if (statuses.length === 0) return { kind: 'undocumented' };
  const contents = statuses.sort().map((status) => contentOf(document, responses[status]));
  for (const content of contents) {
    const media = jsonMedia(content);
    if (media !== undefined) return { kind: 'json', schema: member(media.value, 'schema') };
  }
  const types = contents.flatMap((content) => Object.keys(content));
  if (types.length === 0) return { kind: 'none' };
  throw new UnusableError(`it answers with ${types.join(', ')}, not with JSON`);
}

export interface Body {
  readonly required: boolean;
  /** Undefined where the body cannot be JSON. */
  readonly json: { readonly mediaType: string; readonly schema: unknown } | undefined;
  readonly mediaTypes: readonly string[];
  readonly description: unknown;
}

export function requestBody(document: OpenapiDocument, operation: JsonObject): Body | undefined {
  const raw = member(operation, 'requestBody');
  if (raw === undefined) return undefined;
  const { value } = document.resolve(raw);
  const content = contentOf(document, raw);
  const media = jsonMedia(content);
  return {
    required: member(value, 'required') === true,
    json: media && {
      mediaType: media.type.includes('*') ? 'application/json' : media.type,
      schema: member(media.value, 'schema'),
    },
    mediaTypes: Object.keys(content),
    description: member(value, 'description'),
  };
}

function contentOf(document: OpenapiDocument, raw: unknown): JsonObject {
  const content = member(document.resolve(raw).value, 'content');
  return isJsonObject(content) ? content : {};
}

function jsonMedia(content: JsonObject): { type: string; value: unknown } | undefined {
  const types = Object.keys(content);
  const type = types.find((name) => isJson(name)) ?? types.find((name) => name === '*/*' || name === 'application/*');
  return type === undefined ? undefined : { type, value: content[type] };
}
