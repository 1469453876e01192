import type { Engine } from './engine.ts';
import { checkOptions, type OperationOptions } from './options.ts';
import { compileProjection } from './projection.ts';
import { parseSort } from './sort.ts';
import { type BsonDocument, deserialize } from './values.ts';
import { type Change, deleteFirst, updateFirst } from './writes.ts';

/** `findOneAndUpdate` and `findOneAndReplace`: the document before or after, or with the metadata around it. */
export async function findAndModify(
  engine: Engine,
  name: string,
  filter: object,
  change: Change,
  options: OperationOptions,
): Promise<unknown> {
  checkOptions(options);
  const project = compileProjection(options.projection);
  const target = { filter, sort: parseSort(options.sort), upsert: options.upsert === true };
  const { before, after, outcome } = await engine.writeTo(name, (collection) =>
    updateFirst(engine, collection, target, change),
  );
  const bytes = options.returnDocument === 'after' ? after : before?.bytes;
  const value = bytes === undefined ? null : project(deserialize(bytes, options));
  if (options.includeResultMetadata !== true) return value;
  const { upserted } = outcome;
  const lastErrorObject: BsonDocument = {
    n: outcome.matched + (upserted === undefined ? 0 : 1),
    updatedExisting: outcome.matched > 0,
    ...(upserted !== undefined && { upserted: upserted.id }),
  };
  return { lastErrorObject, value, ok: 1 };
}

export async function findAndDelete(
  engine: Engine,
  name: string,
  filter: object,
  options: OperationOptions,
): Promise<unknown> {
  const project = compileProjection(options.projection);
  const sort = parseSort(options.sort);
  const found = await engine.writeTo(name, (collection) => deleteFirst(engine, collection, filter, sort));
  const value = found === undefined ? null : project(deserialize(found.bytes, options));
  if (options.includeResultMetadata !== true) return value;
  return { lastErrorObject: { n: found === undefined ? 0 : 1 }, value, ok: 1 };
}
