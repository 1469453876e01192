import { serverError, unsupported } from './errors.ts';
import { setOwn } from './paths.ts';
import { FIELD_UPDATES, type FieldUpdate, type UpdateContext } from './update-operators.ts';
import { placeOf, updatePath } from './update-paths.ts';
import { type BsonDocument, isPlainObject, normalizeExact } from './values.ts';

/** An update, checked: it can be applied to any number of documents. */
export interface CompiledUpdate {
  /** Changes an exact document (`deserializeExact`) in place. */
  apply(document: BsonDocument, isInsert: boolean): void;
}

/** @throws MongoServerError 9 for what is not an update, 40 for operators that touch the same path, 66 for `_id` */
export function compileUpdate(update: unknown, ignoreUndefined = false): CompiledUpdate {
  if (Array.isArray(update)) throw unsupported('pipeline in an update');
  const operators = normalizeExact(update as object, ignoreUndefined);
  const steps: { update: FieldUpdate; path: string; operand: unknown }[] = [];
  const touched: string[] = [];
  for (const [name, fields] of Object.entries(operators)) {
    const fieldUpdate = FIELD_UPDATES.get(name);
    if (fieldUpdate === undefined) {
      if (name === '$bit') throw unsupported('$bit in an update');
      throw serverError('FailedToParse', `Unknown modifier: ${name}. Expected a valid update modifier.`);
    }
    if (!isPlainObject(fields))
      throw serverError('FailedToParse', `Modifiers operate on fields; ${name} has no document.`);
    for (const [path, operand] of Object.entries(fields)) {
      updatePath(path);
      touch(touched, path);
      if (name === '$rename' && typeof operand === 'string') touch(touched, operand);
      steps.push({ update: fieldUpdate, path, operand });
    }
  }
  return {
    apply(document, isInsert) {
      const context: UpdateContext = { now: new Date(), isInsert };
      for (const { update: fieldUpdate, path, operand } of steps) {
        // What an operator puts into one document must not be shared with the next.
        fieldUpdate(document, path, typeof operand === 'object' ? structuredCopy(operand) : operand, context);
      }
    },
  };
}

function touch(touched: string[], path: string): void {
  const other = touched.find((known) => path === known || path.startsWith(`${known}.`) || known.startsWith(`${path}.`));
  if (other !== undefined) {
    throw serverError(
      'ConflictingUpdateOperators',
      `Updating the path '${path}' would create a conflict at '${other}'`,
    );
  }
  touched.push(path);
}

function structuredCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structuredCopy);
  if (!isPlainObject(value)) return value;
  const copy: BsonDocument = {};
  for (const [name, item] of Object.entries(value)) setOwn(copy, name, structuredCopy(item));
  return copy;
}

/** Whether the update is operators, or nothing that could be one. */
export function isOperatorUpdate(update: unknown): boolean {
  if (Array.isArray(update)) return true;
  const [first] = update instanceof Map ? update.keys() : Object.keys((update ?? {}) as object);
  return typeof first === 'string' && first.startsWith('$');
}

/** What an upsert begins with: the fields that the filter says are equal to something. */
export function upsertBase(filter: object): BsonDocument {
  const base: BsonDocument = {};
  addEqualities(base, normalizeExact(filter));
  return base;
}

function addEqualities(base: BsonDocument, filter: BsonDocument): void {
  for (const [name, condition] of Object.entries(filter)) {
    if (name === '$and' && Array.isArray(condition)) {
      for (const branch of condition) if (isPlainObject(branch)) addEqualities(base, branch);
    } else if (!name.startsWith('$')) {
      const equal = equalTo(condition);
      if (equal !== undefined) placeOf(base, updatePath(name), true)?.set(equal.value);
    }
  }
}

function equalTo(condition: unknown): { value: unknown } | undefined {
  if (isPlainObject(condition) && Object.keys(condition).some((name) => name.startsWith('$'))) {
    if (Object.hasOwn(condition, '$eq')) return { value: condition.$eq };
    const all = condition.$all;
    return Array.isArray(all) && all.length === 1 ? { value: all[0] } : undefined;
  }
  const isPattern = (condition as { _bsontype?: unknown } | null)?._bsontype === 'BSONRegExp';
  return isPattern ? undefined : { value: condition };
}
