import { LRUCache } from 'lru-cache';

/**
 * Bounds what compiled documents hold. Compiled code takes a kilobyte or two per field, far more than the text it was
 * made of, so it is bounded for itself: by fields, over all documents of a generation.
 */
export interface CompiledCache {
  /** Marks a compiled version as used; `evict` is called when it has to go. */
  touch(version: object, fields: number, evict: () => void): void;
}

export function createCompiledCache(maxFields: number): CompiledCache {
  const versions = new LRUCache<object, () => void>({
    maxSize: maxFields,
    dispose: (evict, _version, reason) => {
      if (reason === 'evict') evict();
    },
  });
  return {
    touch(version, fields, evict) {
      if (versions.get(version) === undefined) versions.set(version, evict, { size: Math.min(maxFields, fields + 1) });
    },
  };
}
