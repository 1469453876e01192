import { Context, OpType } from 'mingo/core';
import { $and, $nor, $not, $or } from 'mingo/operators/query/logical';
import { Query } from 'mingo/query';
import { serverError, unsupported } from './errors.ts';
import { filterOperators } from './filter-operators.ts';
import { type BsonDocument, isPlainObject } from './values.ts';

/*
 * mingo compiles the filter and evaluates its logic; the comparisons are ours, as mingo does not know BSON's types nor
 * MongoDB's rules for null, missing fields and arrays on the way.
 */
const CONTEXT = Context.init({
  query: { $and, $or, $nor, $not, ...filterOperators((filter) => compileNormalized(filter)) },
});

const KNOWN_TOP_LEVEL = new Set(['$and', '$or', '$nor', '$comment']);

/** @throws MongoServerError for operators that are unknown or that the embedded store does not have. */
export function compileFilter(filter: BsonDocument): (document: BsonDocument) => boolean {
  return Object.keys(filter).length === 0 ? () => true : compileNormalized(filter);
}

function compileNormalized(filter: BsonDocument): (document: unknown) => boolean {
  checkOperators(filter);
  const { $comment: _, ...rest } = filter;
  try {
    const query = new Query(rest, { context: CONTEXT });
    return (document) => query.test(document as BsonDocument);
  } catch (error) {
    if (error instanceof Error && error.name === 'MongoServerError') throw error;
    throw serverError('BadValue', error instanceof Error ? error.message : String(error));
  }
}

function checkOperators(filter: BsonDocument): void {
  for (const [name, condition] of Object.entries(filter)) {
    if (name.startsWith('$')) {
      if (!KNOWN_TOP_LEVEL.has(name)) throw unsupported(`${name} in a filter`);
      if (name === '$comment') continue;
      if (!Array.isArray(condition) || condition.length === 0) {
        throw serverError('BadValue', `${name} needs a nonempty array`);
      }
      for (const branch of condition) {
        if (!isPlainObject(branch)) throw serverError('BadValue', `${name} needs filters`);
        checkOperators(branch);
      }
    } else if (isPlainObject(condition)) {
      checkCondition(condition);
    }
  }
}

function checkCondition(condition: BsonDocument): void {
  const names = Object.keys(condition);
  if (!names.some((name) => name.startsWith('$'))) return;
  for (const name of names) {
    if (name === '$options') {
      if (!Object.hasOwn(condition, '$regex')) throw serverError('BadValue', '$options needs a $regex');
      if (!/^[ims]*$/.test(String(condition[name]))) throw unsupported(`$options ${String(condition[name])}`);
    } else if (name === '$not') {
      const inner = condition[name];
      if (isPlainObject(inner)) checkCondition(inner);
      else if (!(inner instanceof RegExp)) throw serverError('BadValue', '$not needs a regex or a document');
    } else if (CONTEXT.getOperator(OpType.QUERY, name) === null || KNOWN_TOP_LEVEL.has(name)) {
      if (!name.startsWith('$')) throw serverError('BadValue', `unknown operator: ${name}`);
      throw unsupported(`${name} in a filter`);
    }
  }
}
