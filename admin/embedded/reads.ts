import type { Engine } from './engine.ts';
import { compileFilter } from './filter.ts';
import { type FindRequest, type FoundDocument, findDocuments } from './find.ts';
import { encodeValue } from './keys.ts';
import type { OperationOptions } from './options.ts';
import { someAtPath, splitPath } from './paths.ts';
import { type BsonDocument, deserialize, type ReadOptions } from './values.ts';

/** Documents as a caller gets them: with the projection, and numbers as the options say. */
export function readDocuments(
  engine: Engine,
  name: string,
  request: FindRequest,
  project: (document: BsonDocument) => BsonDocument,
  options: OperationOptions,
): Promise<Iterator<BsonDocument>> {
  const isDefault =
    options.promoteLongs !== false &&
    options.promoteValues !== false &&
    options.promoteBuffers !== true &&
    options.useBigInt64 !== true;
  // Also for a collection that is not there yet: what is refused is refused from the first day.
  compileFilter(request.filter);
  return engine.read(name, (collection) => {
    if (collection === undefined) return [][Symbol.iterator]();
    return outgoing(findDocuments(engine, collection, request), project, isDefault ? undefined : options);
  });
}

function* outgoing(
  found: Iterable<FoundDocument>,
  project: (document: BsonDocument) => BsonDocument,
  options: ReadOptions | undefined,
): Generator<BsonDocument> {
  for (const { bytes, document } of found)
    yield project(options === undefined ? document : deserialize(bytes, options));
}

/** Each value of a path once, an array's items for themselves. */
export function distinctValues(path: string, found: Iterable<FoundDocument>): unknown[] {
  const values = new Map<string, unknown>();
  const add = (value: unknown) => {
    if (value === undefined) return;
    const key = encodeValue(value).toString('latin1');
    if (!values.has(key)) values.set(key, value);
  };
  const parts = splitPath(path);
  for (const { document } of found) {
    someAtPath(document, parts, (value) => {
      if (Array.isArray(value)) value.forEach(add);
      else add(value);
      return false;
    });
  }
  return [...values.values()];
}
