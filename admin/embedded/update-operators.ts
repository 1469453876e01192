import { addToSet, pop, pull, pullAll, push } from './array-operators.ts';
import { serverError, unsupported } from './errors.ts';
import { arithmetic, isBsonNumber } from './numbers.ts';
import { placeOf, typeName, updatePath } from './update-paths.ts';
import { type BsonDocument, compareValues, isPlainObject } from './values.ts';

export interface UpdateContext {
  readonly now: Date;
  /** The document is being made: `$setOnInsert` counts. */
  readonly isInsert: boolean;
}

/** Changes one field of an exact document in place. */
export type FieldUpdate = (document: BsonDocument, path: string, operand: unknown, context: UpdateContext) => void;

function set(document: BsonDocument, path: string, operand: unknown): void {
  placeOf(document, updatePath(path), true)?.set(operand);
}

function unset(document: BsonDocument, path: string): void {
  placeOf(document, updatePath(path), false)?.remove();
}

function calculation(name: '$inc' | '$mul'): FieldUpdate {
  return (document, path, operand) => {
    if (!isBsonNumber(operand)) {
      throw serverError(
        'TypeMismatch',
        `Cannot ${name} with a value that is not a number: {${path}: ${typeName(operand)}}`,
      );
    }
    const place = placeOf(document, updatePath(path), true);
    const value = place?.value;
    if (value === undefined) {
      place?.set(name === '$inc' ? operand : arithmetic('*', operand, 0));
      return;
    }
    if (!isBsonNumber(value)) {
      throw serverError('TypeMismatch', `Cannot apply ${name} to '${path}', a value of type ${typeName(value)}`);
    }
    const result = arithmetic(name === '$inc' ? '+' : '*', value, operand);
    if (result === undefined) throw serverError('BadValue', `${name} of '${path}' exceeds 64 bits`);
    place?.set(result);
  };
}

function extreme(direction: 1 | -1): FieldUpdate {
  return (document, path, operand) => {
    const place = placeOf(document, updatePath(path), true);
    if (place?.value === undefined || compareValues(operand, place.value) * direction > 0) place?.set(operand);
  };
}

function rename(document: BsonDocument, path: string, operand: unknown): void {
  if (typeof operand !== 'string') throw serverError('BadValue', `The new name of '${path}' has to be a string.`);
  const from = placeOf(document, updatePath(path), false);
  if (from === undefined) return;
  from.remove();
  set(document, operand, from.value);
}

const currentDate: FieldUpdate = (document, path, operand, { now }) => {
  const isDate = operand === true || (isPlainObject(operand) && operand.$type === 'date');
  if (!isDate) throw unsupported('$currentDate other than a date');
  set(document, path, now);
};

const setOnInsert: FieldUpdate = (document, path, operand, { isInsert }) => {
  updatePath(path);
  if (isInsert) set(document, path, operand);
};

export const FIELD_UPDATES: ReadonlyMap<string, FieldUpdate> = new Map<string, FieldUpdate>([
  ['$set', set],
  ['$setOnInsert', setOnInsert],
  ['$unset', unset],
  ['$inc', calculation('$inc')],
  ['$mul', calculation('$mul')],
  ['$min', extreme(-1)],
  ['$max', extreme(1)],
  ['$rename', rename],
  ['$currentDate', currentDate],
  ['$push', push],
  ['$addToSet', addToSet],
  ['$pull', pull],
  ['$pullAll', pullAll],
  ['$pop', pop],
]);
