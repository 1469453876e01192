import { serverError, unsupported } from './errors.ts';
import { isBsonNumber, toDouble } from './numbers.ts';
import { someAtPath, someValue, splitPath } from './paths.ts';
import { compareValues, equalValues, isPlainObject, RANKS, rankOf, toRegExp } from './values.ts';

type Predicate = (document: unknown) => boolean;
type Operator = (path: string, operand: unknown) => Predicate;
type Compile = (filter: Record<string, unknown>) => Predicate;

/** True for `null` and for what is not there. */
function isNullish(value: unknown): boolean {
  return value === null || value === undefined;
}

function valueEquals(operand: unknown): (value: unknown) => boolean {
  return isNullish(operand) ? isNullish : (value) => value !== undefined && equalValues(value, operand);
}

function equality(path: string, operand: unknown): Predicate {
  const parts = splitPath(path);
  const test = valueEquals(operand);
  return (document) => someValue(document, parts, test);
}

function isNotANumber(value: unknown): boolean {
  return isBsonNumber(value) && Number.isNaN(toDouble(value));
}

/** Comparison within the operand's type, as MongoDB brackets it; MinKey and MaxKey compare with everything. */
function comparison(accepts: (order: number) => boolean): Operator {
  return (path, operand) => {
    const parts = splitPath(path);
    const rank = rankOf(operand);
    const acceptsEqual = accepts(0);
    if (rank === RANKS.null) return (document) => acceptsEqual && someValue(document, parts, isNullish);
    if (rank === RANKS.regex) throw serverError('BadValue', 'A regular expression cannot be compared with.');
    if (isNotANumber(operand)) return (document) => acceptsEqual && someValue(document, parts, isNotANumber);
    const anyType = rank === RANKS.minKey || rank === RANKS.maxKey;
    const test = (value: unknown) =>
      value !== undefined &&
      (anyType || rankOf(value) === rank) &&
      !isNotANumber(value) &&
      accepts(compareValues(value, operand));
    return (document) => someValue(document, parts, test);
  };
}

function list(name: string, operand: unknown): readonly unknown[] {
  if (!Array.isArray(operand)) throw serverError('BadValue', `${name} needs an array`);
  return operand;
}

function membership(path: string, operand: unknown): Predicate {
  const parts = splitPath(path);
  const tests = list('$in', operand).map((item) =>
    rankOf(item) === RANKS.regex ? matchesPattern(item as RegExp) : valueEquals(item),
  );
  return (document) => someValue(document, parts, (value) => tests.some((test) => test(value)));
}

function matchesPattern(pattern: RegExp): (value: unknown) => boolean {
  const expression = toRegExp(pattern);
  return (value) =>
    typeof value === 'string'
      ? expression.test(value)
      : rankOf(value) === RANKS.regex && equalValues(value, expression);
}

function pattern(path: string, operand: unknown): Predicate {
  const parts = splitPath(path);
  if (!(operand instanceof RegExp)) throw serverError('BadValue', '$regex has to be a string or regular expression');
  const test = matchesPattern(operand);
  return (document) => someValue(document, parts, test);
}

const TYPE_RANKS: Readonly<Record<string, number>> = {
  number: RANKS.number,
  string: RANKS.string,
  object: RANKS.object,
  array: RANKS.array,
  binData: RANKS.binary,
  objectId: RANKS.objectId,
  bool: RANKS.boolean,
  date: RANKS.date,
  null: RANKS.null,
  regex: RANKS.regex,
  timestamp: RANKS.timestamp,
  minKey: RANKS.minKey,
  maxKey: RANKS.maxKey,
};

function typeTest(path: string, operand: unknown): Predicate {
  const parts = splitPath(path);
  const names: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  const ranks = new Set(
    names.map((name) => {
      const rank = typeof name === 'string' && Object.hasOwn(TYPE_RANKS, name) ? TYPE_RANKS[name] : undefined;
      if (rank === undefined) throw unsupported(`$type ${JSON.stringify(name)}`);
      return rank;
    }),
  );
  return (document) => someValue(document, parts, (value) => value !== undefined && ranks.has(rankOf(value)));
}

function exists(path: string, operand: unknown): Predicate {
  const parts = splitPath(path);
  const wanted = operand !== false && operand !== 0 && !isNullish(operand);
  return (document) => someAtPath(document, parts, (value) => value !== undefined) === wanted;
}

function size(path: string, operand: unknown): Predicate {
  const parts = splitPath(path);
  if (!isBsonNumber(operand) || !Number.isInteger(toDouble(operand)) || toDouble(operand) < 0) {
    throw serverError('BadValue', '$size needs a whole number that is not negative');
  }
  const length = toDouble(operand);
  return (document) => someAtPath(document, parts, (value) => Array.isArray(value) && value.length === length);
}

function modulo(path: string, operand: unknown): Predicate {
  const parts = splitPath(path);
  const numbers = list('$mod', operand).map((item) => (isBsonNumber(item) ? Math.trunc(toDouble(item)) : Number.NaN));
  const [divisor = 0, remainder = 0] = numbers;
  if (numbers.length !== 2 || !numbers.every(Number.isFinite) || divisor === 0) {
    throw serverError('BadValue', '$mod needs a divisor that is not 0 and a remainder');
  }
  return (document) =>
    someValue(document, parts, (value) => isBsonNumber(value) && Math.trunc(toDouble(value)) % divisor === remainder);
}

function elementMatch(compile: Compile): Operator {
  return (path, operand) => {
    const parts = splitPath(path);
    const test = elementTest(operand, compile);
    return (document) => someAtPath(document, parts, (value) => Array.isArray(value) && value.some(test));
  };
}

const LOGICAL = new Set(['$and', '$or', '$nor']);

/** `$elemMatch` takes a filter for documents, or bare operators for values. */
export function elementTest(operand: unknown, compile: Compile): (value: unknown) => boolean {
  if (!isPlainObject(operand)) throw serverError('BadValue', '$elemMatch needs an Object');
  const [first] = Object.keys(operand);
  if (first?.startsWith('$') && !LOGICAL.has(first)) {
    const test = compile({ value: operand });
    return (value) => test({ value });
  }
  const test = compile(operand);
  return (value) => (isPlainObject(value) || Array.isArray(value)) && test(value);
}

function all(compile: Compile): Operator {
  return (path, operand) => {
    const tests = list('$all', operand).map((item) => {
      if (isPlainObject(item) && Object.hasOwn(item, '$elemMatch')) {
        return elementMatch(compile)(path, item.$elemMatch);
      }
      return rankOf(item) === RANKS.regex ? pattern(path, item) : equality(path, item);
    });
    return (document) => tests.length > 0 && tests.every((test) => test(document));
  };
}

function negated(operator: Operator): Operator {
  return (path, operand) => {
    const predicate = operator(path, operand);
    return (document) => !predicate(document);
  };
}

/** The query operators with MongoDB's semantics over BSON values; `compile` is for filters within filters. */
export function filterOperators(compile: Compile): Record<string, Operator> {
  return {
    $eq: equality,
    $ne: negated(equality),
    $gt: comparison((order) => order > 0),
    $gte: comparison((order) => order >= 0),
    $lt: comparison((order) => order < 0),
    $lte: comparison((order) => order <= 0),
    $in: membership,
    $nin: negated(membership),
    $regex: pattern,
    $exists: exists,
    $type: typeTest,
    $size: size,
    $mod: modulo,
    $elemMatch: elementMatch(compile),
    $all: all(compile),
  };
}
