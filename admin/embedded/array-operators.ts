import { serverError } from './errors.ts';
import { compileFilter } from './filter.ts';
import { elementTest } from './filter-operators.ts';
import { isBsonNumber, toDouble } from './numbers.ts';
import { parseSort, sortDocuments } from './sort.ts';
import { placeOf, typeName, updatePath } from './update-paths.ts';
import { type BsonDocument, compareValues, deserialize, equalValues, isPlainObject, serialize } from './values.ts';

function arrayOf(name: string, path: string, value: unknown): unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return [...value];
  throw serverError(
    'BadValue',
    `Cannot apply ${name} to '${path}': it must be an array but is of type ${typeName(value)}`,
  );
}

function eachOf(name: string, operand: BsonDocument): unknown[] {
  const each = operand.$each;
  if (Array.isArray(each)) return each;
  throw serverError('BadValue', `The argument to $each in ${name} must be an array`);
}

function isModified(operand: unknown): operand is BsonDocument {
  return isPlainObject(operand) && Object.hasOwn(operand, '$each');
}

function refuseOthers(name: string, operand: BsonDocument, known: readonly string[]): void {
  const other = Object.keys(operand).find((key) => !known.includes(key));
  if (other !== undefined) throw serverError('BadValue', `Unrecognized clause in ${name}: ${other}`);
}

function integer(name: string, value: unknown): number {
  if (isBsonNumber(value) && Number.isInteger(toDouble(value))) return toDouble(value);
  throw serverError('BadValue', `The value for ${name} must be a whole number`);
}

export function push(document: BsonDocument, path: string, operand: unknown): void {
  const place = placeOf(document, updatePath(path), true);
  const items = arrayOf('$push', path, place?.value);
  if (!isModified(operand)) {
    place?.set([...items, operand]);
    return;
  }
  refuseOthers('$push', operand, ['$each', '$position', '$sort', '$slice']);
  const position = Object.hasOwn(operand, '$position') ? integer('$position', operand.$position) : items.length;
  items.splice(position, 0, ...eachOf('$push', operand));
  const sorted = Object.hasOwn(operand, '$sort') ? sortItems(items, operand.$sort) : items;
  place?.set(Object.hasOwn(operand, '$slice') ? sliceItems(sorted, integer('$slice', operand.$slice)) : sorted);
}

function sortItems(items: unknown[], sort: unknown): unknown[] {
  if (isBsonNumber(sort)) return items.sort((a, b) => compareValues(a, b) * Math.sign(toDouble(sort)));
  const entries = Object.entries(sort as BsonDocument);
  const spec = parseSort(
    entries.map(([path, direction]) => [path, isBsonNumber(direction) ? toDouble(direction) : direction]),
  );
  return sortDocuments(items, spec, (item) => (isPlainObject(item) ? item : {}));
}

function sliceItems(items: readonly unknown[], count: number): unknown[] {
  return count < 0 ? items.slice(count) : items.slice(0, count);
}

export function addToSet(document: BsonDocument, path: string, operand: unknown): void {
  const place = placeOf(document, updatePath(path), true);
  const items = arrayOf('$addToSet', path, place?.value);
  if (isModified(operand)) refuseOthers('$addToSet', operand, ['$each']);
  const added = isModified(operand) ? eachOf('$addToSet', operand) : [operand];
  for (const item of added) if (!items.some((known) => equalValues(known, item))) items.push(item);
  place?.set(items);
}

/** A condition, or a value: fields of a document are a filter on the items, anything else is equality. */
export function pull(document: BsonDocument, path: string, operand: unknown): void {
  const place = placeOf(document, updatePath(path), false);
  if (place === undefined) return;
  const items = arrayOf('$pull', path, place.value);
  const condition = promoted(operand);
  const matches = pullTest(condition);
  place.set(items.filter((item) => !matches(promoted(item))));
}

function pullTest(condition: unknown): (item: unknown) => boolean {
  if (isPlainObject(condition)) return elementTest(condition, (filter) => documentTest(compileFilter(filter)));
  if (!(condition instanceof RegExp)) return (item) => equalValues(item, condition);
  const test = compileFilter({ value: condition });
  return (item) => test({ value: item });
}

function documentTest(test: (document: BsonDocument) => boolean): (document: unknown) => boolean {
  return (document) => test(document as BsonDocument);
}

/** Filters compare JavaScript's numbers, updates keep BSON's. */
function promoted(value: unknown): unknown {
  return deserialize(serialize({ value })).value;
}

export function pullAll(document: BsonDocument, path: string, operand: unknown): void {
  if (!Array.isArray(operand)) throw serverError('BadValue', '$pullAll requires an array argument');
  const place = placeOf(document, updatePath(path), false);
  if (place === undefined) return;
  const items = arrayOf('$pullAll', path, place.value);
  place.set(items.filter((item) => !operand.some((value) => equalValues(value, item))));
}

export function pop(document: BsonDocument, path: string, operand: unknown): void {
  const end = isBsonNumber(operand) ? toDouble(operand) : 0;
  if (end !== 1 && end !== -1) throw serverError('FailedToParse', '$pop expects 1 or -1');
  const place = placeOf(document, updatePath(path), false);
  if (place === undefined) return;
  if (!Array.isArray(place.value)) {
    throw serverError(
      'TypeMismatch',
      `Path '${path}' contains an element of non-array type '${typeName(place.value)}'`,
    );
  }
  place.set(end === 1 ? place.value.slice(0, -1) : place.value.slice(1));
}
