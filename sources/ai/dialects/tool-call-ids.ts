import { createHash } from 'node:crypto';
import type { JsonObject } from '../model.ts';
import { isObject } from './read.ts';

/** What ids of calls must be like, by whom they go to. */
const FORMS = {
  mistral: /^[a-zA-Z0-9]{9}$/,
  openai: /^.{1,40}$/s,
  responses: /^.{1,64}$/s,
  anthropic: /^[a-zA-Z0-9_-]{1,64}$/,
} as const;
export type IdForm = keyof typeof FORMS;

const MISTRAL_CHARACTERS = 9;
const HASH_CHARACTERS = 32;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/**
 * The id of a call as the form has it. One that another provider has made may not fit: it becomes one that does, the same
 * for the call and its result, and in every question of the conversation.
 */
export function fitId(id: string, form: IdForm | undefined): string {
  if (form === undefined || FORMS[form].test(id)) return id;
  const hash = createHash('sha256').update(id).digest();
  if (form !== 'mistral') return `call_${hash.toString('base64url').slice(0, HASH_CHARACTERS)}`;
  return [...hash.subarray(0, MISTRAL_CHARACTERS)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

/** Where a format has ids of calls: in which list, and by which names in its objects or in those of a list below them. */
interface Place {
  readonly list: string;
  readonly ids: readonly string[];
  readonly below?: Place;
}

const PLACES: Readonly<Record<'openai' | 'openai-responses' | 'anthropic', Place>> = {
  openai: { list: 'messages', ids: ['tool_call_id'], below: { list: 'tool_calls', ids: ['id'] } },
  'openai-responses': { list: 'input', ids: ['call_id'] },
  anthropic: { list: 'messages', ids: [], below: { list: 'content', ids: ['id', 'tool_use_id'] } },
};

/** A question in a format's own words, with ids as the form has them; the same object where all are so already. */
export function withFitIds(body: JsonObject, format: keyof typeof PLACES, form: IdForm | undefined): JsonObject {
  return form === undefined ? body : fitList(body, PLACES[format], form);
}

function fitList(owner: JsonObject, place: Place, form: IdForm): JsonObject {
  const list = owner[place.list];
  if (!Array.isArray(list)) return owner;
  const own: unknown[] = list.map((item: unknown) => (isObject(item) ? fitItem(item, place, form) : item));
  return own.every((item, index) => item === list[index]) ? owner : { ...owner, [place.list]: own };
}

function fitItem(item: JsonObject, { ids, below }: Place, form: IdForm): JsonObject {
  const whole = below === undefined ? item : fitList(item, below, form);
  const changed: Record<string, string> = {};
  for (const name of ids) {
    const id = item[name];
    if (typeof id === 'string' && !FORMS[form].test(id)) changed[name] = fitId(id, form);
  }
  return Object.keys(changed).length === 0 ? whole : { ...whole, ...changed };
}
