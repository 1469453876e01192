import type { OpenapiDocument } from './document.ts';
import { isJsonObject, type JsonObject, listMember, member, textMember, UnusableError } from './json-object.ts';

/** What else an object with a discriminator may be. */
export interface Subtypes {
  /** The discriminator's property. */
  readonly property: string;
  readonly types: readonly Subtype[];
}

export interface Subtype {
  /** A reference, for `read`. */
  readonly raw: JsonObject;
  /** What the property is for it. */
  readonly values: readonly string[];
}

/**
 * Finds the subtypes of an object with a discriminator: those of its mapping, else all schemas that have it in their
 * `allOf`, directly or not. https://spec.openapis.org/oas/v3.0.3#models-with-polymorphism-support
 */
export function createSubtypeFinder(document: OpenapiDocument): (raw: JsonObject) => Subtypes | undefined {
  let children: ReadonlyMap<unknown, readonly string[]> | undefined;

  function target(reference: string): unknown {
    try {
      return document.resolve({ $ref: reference }).value;
    } catch (error) {
      if (!(error instanceof UnusableError)) throw error;
      return undefined;
    }
  }

  /** Schema → names of the schemas that have it in their `allOf`. */
  function indexChildren(): ReadonlyMap<unknown, readonly string[]> {
    const found = new Map<unknown, string[]>();
    const schemas = member(member(document.root, 'components'), 'schemas');
    for (const [name, schema] of isJsonObject(schemas) ? Object.entries(schemas) : []) {
      for (const part of listMember(schema, 'allOf')) {
        const reference = textMember(part, '$ref');
        const parent = reference === undefined ? undefined : target(reference);
        if (parent === undefined) continue;
        const known = found.get(parent);
        if (known === undefined) found.set(parent, [name]);
        else known.push(name);
      }
    }
    return found;
  }

  function fromAllOf(raw: JsonObject): Map<string, string[]> {
    children ??= indexChildren();
    const found = new Map<string, string[]>();
    const waiting: unknown[] = [raw];
    for (let parent = waiting.pop(); parent !== undefined; parent = waiting.pop()) {
      for (const name of children.get(parent) ?? []) {
        const reference = referenceTo(name);
        if (found.has(reference)) continue;
        found.set(reference, [textMember(target(reference), 'x-ms-discriminator-value') ?? name]);
        waiting.push(target(reference));
      }
    }
    return found;
  }

  function fromMapping(mapping: JsonObject): Map<string, string[]> {
    const found = new Map<string, string[]>();
    for (const [value, name] of Object.entries(mapping)) {
      if (typeof name !== 'string') continue;
      const reference = /[#/]/.test(name) ? name : referenceTo(name);
      found.set(reference, [...(found.get(reference) ?? []), value]);
    }
    return found;
  }

  return (raw) => {
    const discriminator = member(raw, 'discriminator');
    const property = typeof discriminator === 'string' ? discriminator : textMember(discriminator, 'propertyName');
    if (property === undefined) return undefined;
    const mapping = member(discriminator, 'mapping');
    const hasMapping = isJsonObject(mapping) && Object.keys(mapping).length > 0;
    const found = hasMapping ? fromMapping(mapping) : fromAllOf(raw);
    const types = [...found].flatMap(([reference, values]): Subtype[] => {
      const schema = target(reference);
      return schema === undefined || schema === raw ? [] : [{ raw: { $ref: reference }, values }];
    });
    return types.length === 0 ? undefined : { property, types };
  };
}

function referenceTo(component: string): string {
  return `#/components/schemas/${encodeURIComponent(component.replaceAll('~', '~0').replaceAll('/', '~1'))}`;
}
