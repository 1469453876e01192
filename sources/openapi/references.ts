import type { Resolved } from './document.ts';
import { isJsonObject, type JsonObject, member, textMember, UnusableError } from './json-object.ts';

const MAX_REFERENCE_HOPS = 32;
/** Where documents keep schemas that have a name: OpenAPI 3, Swagger 2, JSON Schema. */
const COMPONENT = /^#\/(?:components\/schemas|definitions|\$defs)\/([^/]+)$/;

interface Identified {
  /** `$anchor` → the schema. */
  readonly anchors: ReadonlyMap<string, unknown>;
  /** `$id` → the schema. */
  readonly ids: ReadonlyMap<string, unknown>;
}

/**
 * Follows `$ref`s within the document: JSON pointers to anything, `$anchor`s, and the document's own `$id`s. What
 * leads out of it is never fetched.
 */
export function createReferences(root: JsonObject): { resolve(node: unknown): Resolved } {
  const known = new Map<string, unknown>();
  let identified: Identified | undefined;

  function lookUp(reference: string): unknown {
    if (known.has(reference)) return known.get(reference);
    const value = find(reference);
    known.set(reference, value);
    return value;
  }

  function find(reference: string): unknown {
    const hash = reference.indexOf('#');
    const address = hash === -1 ? reference : reference.slice(0, hash);
    const fragment = hash === -1 ? '' : reference.slice(hash + 1);
    const base = address === '' ? root : schemaWithId(address, reference);
    if (fragment === '' || fragment.startsWith('/')) return walk(base, fragment, reference);
    identified ??= indexIdentified(root);
    const anchored = identified.anchors.get(decode(fragment));
    if (anchored === undefined) throw new UnusableError(`$ref "${short(reference)}" leads nowhere`);
    return anchored;
  }

  function schemaWithId(address: string, reference: string): unknown {
    identified ??= indexIdentified(root);
    const schema = identified.ids.get(address);
    if (schema !== undefined) return schema;
    throw new UnusableError(
      `$ref "${short(reference)}" leads out of the document, which is not followed: bundle it into one document`,
    );
  }

  return {
    resolve(node) {
      let value = node;
      let component: string | undefined;
      for (let hop = 0; hop < MAX_REFERENCE_HOPS; hop++) {
        const reference = textMember(value, '$ref');
        if (reference === undefined) return component === undefined ? { value } : { value, component };
        value = lookUp(reference);
        const name = COMPONENT.exec(reference)?.[1];
        component = name === undefined ? undefined : unescapePointer(name);
      }
      throw new UnusableError('a $ref leads in a circle');
    },
  };
}

function walk(base: unknown, pointer: string, reference: string): unknown {
  let value = base;
  for (const step of pointer.split('/').slice(1)) {
    const key = unescapePointer(step);
    value = Array.isArray(value) ? value[/^\d+$/.test(key) ? Number(key) : -1] : member(value, key);
    if (value === undefined) throw new UnusableError(`$ref "${short(reference)}" leads nowhere`);
  }
  return value;
}

/** One pass over the whole document, made only where a reference needs it. */
function indexIdentified(root: JsonObject): Identified {
  const anchors = new Map<string, unknown>();
  const ids = new Map<string, unknown>();
  const seen = new Set<object>();
  const waiting: unknown[] = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (typeof node !== 'object' || node === null || seen.has(node)) continue;
    seen.add(node);
    const anchor = textMember(node, '$anchor');
    if (anchor !== undefined && !anchors.has(anchor)) anchors.set(anchor, node);
    const id = textMember(node, '$id');
    if (id !== undefined && !ids.has(id)) ids.set(id.replace(/#$/, ''), node);
    for (const value of isJsonObject(node) ? Object.values(node) : (node as readonly unknown[])) {
      if (typeof value === 'object' && value !== null) waiting.push(value);
    }
  }
  return { anchors, ids };
}

export function unescapePointer(step: string): string {
  return decode(step).replaceAll('~1', '/').replaceAll('~0', '~');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function short(reference: string): string {
  return reference.length > 200 ? `${reference.slice(0, 200)}…` : reference;
}
