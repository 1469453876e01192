import { serverError, unsupported } from './errors.ts';
import { isBsonNumber, toDouble } from './numbers.ts';
import { setOwn, splitPath } from './paths.ts';
import { type BsonDocument, isPlainObject } from './values.ts';

type Tree = Map<string, Tree | undefined>;

/** Makes a function that keeps, or leaves out, the fields of a projection. `_id` stays unless it is excluded. */
export function compileProjection(projection: unknown): (document: BsonDocument) => BsonDocument {
  const fields = new Map<string, boolean>();
  flatten(projectionObject(projection), '', fields);
  if (fields.size === 0) return (document) => document;
  const withoutId = [...fields].filter(([path]) => path !== '_id');
  const included = withoutId.length === 0 ? fields.get('_id') === true : withoutId[0]?.[1] === true;
  if (withoutId.some(([, include]) => include !== included)) {
    throw serverError('BadValue', 'A projection cannot both include and exclude fields.');
  }
  const tree: Tree = new Map();
  for (const [path, include] of fields) if (include === included) addPath(tree, splitPath(path));
  if (included && fields.get('_id') !== false) addPath(tree, ['_id']);
  if (!included) return (document) => exclude(document, tree);
  return (document) => include(document, tree);
}

function projectionObject(projection: unknown): BsonDocument {
  if (projection === undefined || projection === null) return {};
  if (Array.isArray(projection)) return Object.fromEntries(projection.map((path) => [String(path), 1]));
  return projection as BsonDocument;
}

function flatten(projection: BsonDocument, prefix: string, fields: Map<string, boolean>): void {
  for (const [name, value] of Object.entries(projection)) {
    if (name.includes('$')) throw unsupported(`${name} in a projection`);
    const path = `${prefix}${name}`;
    if (isBsonNumber(value)) fields.set(path, toDouble(value) !== 0);
    else if (typeof value === 'boolean') fields.set(path, value);
    else if (isPlainObject(value)) flatten(value, `${path}.`, fields);
    else throw unsupported(`expressions in a projection (${path})`);
  }
}

function addPath(tree: Tree, parts: readonly string[]): void {
  const [first, ...rest] = parts;
  if (first === undefined) return;
  if (rest.length === 0) {
    tree.set(first, undefined);
    return;
  }
  if (tree.has(first) && tree.get(first) === undefined) return;
  const below: Tree = tree.get(first) ?? new Map();
  tree.set(first, below);
  addPath(below, rest);
}

function include(document: BsonDocument, tree: Tree): BsonDocument {
  const result: BsonDocument = {};
  for (const [name, value] of Object.entries(document)) {
    if (!tree.has(name)) continue;
    const below = tree.get(name);
    const kept = below === undefined ? value : includeBelow(value, below);
    if (kept !== undefined) setOwn(result, name, kept);
  }
  return result;
}

/** A value that has no fields has nothing of what was asked for. */
function includeBelow(value: unknown, tree: Tree): unknown {
  if (Array.isArray(value)) return value.map((item) => includeBelow(item, tree)).filter((item) => item !== undefined);
  return isPlainObject(value) ? include(value, tree) : undefined;
}

function exclude(document: BsonDocument, tree: Tree): BsonDocument {
  const result: BsonDocument = {};
  for (const [name, value] of Object.entries(document)) {
    const below = tree.get(name);
    if (tree.has(name) && below === undefined) continue;
    setOwn(result, name, below === undefined ? value : excludeBelow(value, below));
  }
  return result;
}

function excludeBelow(value: unknown, tree: Tree): unknown {
  if (Array.isArray(value)) return value.map((item) => excludeBelow(item, tree));
  return isPlainObject(value) ? exclude(value, tree) : value;
}
