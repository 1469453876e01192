/** What a value takes, and whether JSON loses nothing of it. */
export interface Measure {
  readonly bytes: number;
  readonly isJson: boolean;
}

const VALUE_BYTES = 16;
const OBJECT_BYTES = 48;

/**
 * Freezes a value in depth, so that many may be given the same, and measures it. Undefined for what must not be kept:
 * an error in the place of a value, and what is neither plain data nor can be frozen. What was frozen before counts as
 * measured.
 */
export function freezePlain(value: unknown): Measure | undefined {
  let bytes = 0;
  let isJson = true;
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const item = waiting.pop();
    switch (typeof item) {
      case 'string':
        bytes += VALUE_BYTES + item.length;
        break;
      case 'number':
        bytes += VALUE_BYTES;
        if (!Number.isFinite(item) || Object.is(item, -0)) isJson = false;
        break;
      case 'bigint':
        bytes += VALUE_BYTES;
        isJson = false;
        break;
      case 'boolean':
      case 'undefined':
        bytes += VALUE_BYTES;
        break;
      case 'object': {
        bytes += OBJECT_BYTES;
        if (item === null || Object.isFrozen(item)) break;
        if (Array.isArray(item)) {
          for (const inner of item) {
            // JSON makes it null, which reads otherwise.
            if (inner === undefined) isJson = false;
            waiting.push(inner);
          }
        } else {
          const prototype: unknown = Object.getPrototypeOf(item);
          if (prototype !== Object.prototype && prototype !== null) return undefined;
          for (const key of Object.keys(item)) {
            bytes += VALUE_BYTES + key.length;
            waiting.push((item as Readonly<Record<string, unknown>>)[key]);
          }
        }
        // At once: a value may hold itself.
        Object.freeze(item);
        break;
      }
      default:
        return undefined;
    }
  }
  return { bytes, isJson };
}
