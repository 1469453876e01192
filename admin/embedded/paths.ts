import { type BsonDocument, isPlainObject } from './values.ts';

const INDEX = /^(?:0|[1-9]\d{0,8})$/;

export function splitPath(path: string): string[] {
  return path.split('.');
}

export function isArrayIndex(part: string): boolean {
  return INDEX.test(part);
}

export function ownValue(object: BsonDocument, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/**
 * Visits what a filter's path means in a document, until `visit` says true: arrays on the way stand for each of their
 * documents, and a number may be a place in an array. A field that is not there is visited as `undefined`; an array
 * without documents has nothing to visit.
 */
export function someAtPath(
  value: unknown,
  path: readonly string[],
  visit: (value: unknown) => boolean,
  position = 0,
): boolean {
  const part = path[position];
  if (part === undefined) return visit(value);
  if (isPlainObject(value)) return someAtPath(ownValue(value, part), path, visit, position + 1);
  if (!Array.isArray(value)) return visit(undefined);
  const items: readonly unknown[] = value;
  if (isArrayIndex(part) && Number(part) < items.length) {
    if (someAtPath(items[Number(part)], path, visit, position + 1)) return true;
  }
  return items.some((item) => isPlainObject(item) && someAtPath(item, path, visit, position));
}

/** As `someAtPath`, with an array at the end standing for each of its items and for itself. */
export function someValue(document: unknown, path: readonly string[], test: (value: unknown) => boolean): boolean {
  return someAtPath(document, path, (value) => (Array.isArray(value) && value.some(test)) || test(value));
}

/** The value at a path that goes through documents only. */
export function plainValue(document: unknown, path: readonly string[]): unknown {
  let value = document;
  for (const part of path) {
    if (!isPlainObject(value)) return undefined;
    value = ownValue(value, part);
  }
  return value;
}

/** Sets without running into `__proto__`, which a field may be called. */
export function setOwn(object: BsonDocument, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    object[name] = value;
  }
}
