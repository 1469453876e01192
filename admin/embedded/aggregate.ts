import mongoose from 'mongoose';
import { serverError, unsupported } from './errors.ts';
import { compileFilter } from './filter.ts';
import { encodeValue } from './keys.ts';
import { arithmetic, type BsonNumber, isBsonNumber, toDouble } from './numbers.ts';
import { ownValue, setOwn } from './paths.ts';
import { compileProjection } from './projection.ts';
import { parseSort, type SortSpec, sortDocuments } from './sort.ts';
import { type BsonDocument, compareValues, isPlainObject, normalize } from './values.ts';

type Stage = (documents: Iterable<BsonDocument>) => Iterable<BsonDocument>;

/** A pipeline, with what its beginning leaves to the query planner taken off. */
export interface CompiledPipeline {
  readonly filter: BsonDocument;
  readonly sort: SortSpec;
  readonly stages: readonly Stage[];
}

/** @throws MongoServerError 115 for stages, accumulators and expressions that the embedded store does not have */
export function compilePipeline(pipeline: readonly object[]): CompiledPipeline {
  const stages = pipeline.map(parseStage);
  let filter: BsonDocument = {};
  let sort: SortSpec = [];
  if (stages[0]?.name === '$match') filter = normalize(stages.shift()?.value as object);
  if (stages[0]?.name === '$sort') sort = parseSort(stages.shift()?.value);
  return { filter, sort, stages: stages.map(compileStage) };
}

function parseStage(stage: object): { name: string; value: unknown } {
  const entries = Object.entries(stage);
  const [first] = entries;
  if (first === undefined || entries.length !== 1) {
    throw serverError('FailedToParse', 'A stage of a pipeline has exactly one field.');
  }
  return { name: first[0], value: first[1] };
}

function compileStage({ name, value }: { name: string; value: unknown }): Stage {
  switch (name) {
    case '$match':
      return matchStage(normalize(value as object));
    case '$sort': {
      const sort = parseSort(value);
      return (documents) => sortDocuments([...documents], sort, (document) => document);
    }
    case '$skip':
      return limitStage(wholeNumber(name, value), undefined);
    case '$limit':
      return limitStage(0, wholeNumber(name, value));
    case '$project': {
      const project = compileProjection(value);
      return (documents) => mapped(documents, project);
    }
    case '$count':
      return countStage(String(value));
    case '$group':
      return groupStage(value as BsonDocument);
    default:
      throw unsupported(`stage ${name} in an aggregation`);
  }
}

function wholeNumber(name: string, value: unknown): number {
  if (!isBsonNumber(value) || !Number.isInteger(toDouble(value)) || toDouble(value) < 0) {
    throw serverError('BadValue', `${name} needs a whole number that is not negative`);
  }
  return toDouble(value);
}

function matchStage(filter: BsonDocument): Stage {
  const matches = compileFilter(filter);
  return function* (documents) {
    for (const document of documents) if (matches(document)) yield document;
  };
}

function limitStage(skip: number, limit: number | undefined): Stage {
  if (limit === 0) throw serverError('BadValue', '$limit has to be positive');
  return function* (documents) {
    let position = 0;
    for (const document of documents) {
      position += 1;
      if (position > skip) yield document;
      if (limit !== undefined && position >= limit) return;
    }
  };
}

function* mapped(documents: Iterable<BsonDocument>, map: (document: BsonDocument) => BsonDocument) {
  for (const document of documents) yield map(document);
}

function countStage(name: string): Stage {
  return function* (documents) {
    let count = 0;
    for (const _ of documents) count += 1;
    if (count > 0) yield { [name]: count };
  };
}

type Expression = (document: BsonDocument) => unknown;

/** A path, a constant, or a document of them. */
function compileExpression(expression: unknown): Expression {
  if (typeof expression === 'string' && expression.startsWith('$')) {
    if (expression.startsWith('$$')) throw unsupported(`variable ${expression} in an aggregation`);
    const parts = expression.slice(1).split('.');
    return (document) => expressionValue(document, parts);
  }
  if (!isPlainObject(expression)) return () => expression;
  const fields = Object.entries(expression).map(([name, value]) => {
    if (name.startsWith('$')) throw unsupported(`expression ${name} in an aggregation`);
    return [name, compileExpression(value)] as const;
  });
  return (document) => {
    const result: BsonDocument = {};
    for (const [name, evaluate] of fields) {
      const value = evaluate(document);
      if (value !== undefined) setOwn(result, name, value);
    }
    return result;
  };
}

/** In expressions, an array on the way becomes the array of its items' values. */
function expressionValue(value: unknown, parts: readonly string[]): unknown {
  const [part, ...rest] = parts;
  if (part === undefined) return value;
  if (Array.isArray(value)) {
    return value.map((item) => expressionValue(item, parts)).filter((item) => item !== undefined);
  }
  return isPlainObject(value) ? expressionValue(ownValue(value, part), rest) : undefined;
}

interface Accumulator {
  readonly start: () => unknown;
  readonly add: (total: unknown, value: unknown) => unknown;
}

const ACCUMULATORS: ReadonlyMap<string, Accumulator> = new Map<string, Accumulator>([
  ['$sum', { start: () => 0, add: sum }],
  ['$count', { start: () => 0, add: (total) => sum(total, 1) }],
  ['$min', { start: () => null, add: extreme(-1) }],
  ['$max', { start: () => null, add: extreme(1) }],
]);

function sum(total: unknown, value: unknown): unknown {
  if (!isBsonNumber(value)) return total;
  if (typeof total === 'number' && typeof value === 'number') {
    const result = total + value;
    if (Number.isSafeInteger(result) || !Number.isInteger(total) || !Number.isInteger(value)) return result;
    return mongoose.mongo.Long.fromBigInt(BigInt(total) + BigInt(value));
  }
  return arithmetic('+', total as BsonNumber, value) ?? toDouble(total as BsonNumber) + toDouble(value);
}

function extreme(direction: 1 | -1): Accumulator['add'] {
  return (best, value) => {
    if (value === undefined || value === null) return best;
    return best === null || compareValues(value, best) * direction > 0 ? value : best;
  };
}

function groupStage(specification: BsonDocument): Stage {
  if (!Object.hasOwn(specification, '_id')) throw serverError('FailedToParse', 'A $group needs an _id.');
  const { _id, ...fields } = specification;
  const idOf = compileExpression(_id);
  const accumulators = Object.entries(fields).map(([name, value]) => {
    const [operator, operand] = Object.entries((value ?? {}) as object)[0] ?? ['', undefined];
    const accumulator = ACCUMULATORS.get(operator);
    if (accumulator === undefined) throw unsupported(`accumulator ${operator} in a $group`);
    return { name, accumulator, evaluate: compileExpression(operator === '$count' ? null : operand) };
  });
  return function* (documents) {
    const groups = new Map<string, { id: unknown; totals: unknown[] }>();
    for (const document of documents) {
      const id = idOf(document) ?? null;
      const key = encodeValue(id).toString('latin1');
      let group = groups.get(key);
      if (group === undefined) {
        group = { id, totals: accumulators.map(({ accumulator }) => accumulator.start()) };
        groups.set(key, group);
      }
      for (const [position, { accumulator, evaluate }] of accumulators.entries()) {
        group.totals[position] = accumulator.add(group.totals[position], evaluate(document));
      }
    }
    for (const { id, totals } of groups.values()) {
      const result: BsonDocument = { _id: id };
      for (const [position, { name }] of accumulators.entries()) setOwn(result, name, promote(totals[position]));
      yield result;
    }
  };
}

/** As the driver gives numbers: JavaScript's, unless they do not fit. */
function promote(value: unknown): unknown {
  return isBsonNumber(value) ? normalize({ value }).value : value;
}
