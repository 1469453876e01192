import { didYouMean } from '../../kernel/suggest.ts';
import type { OperationOptions } from '../options.ts';
import type { SourceDeps } from '../source.ts';
import { camelCase, NameRegistry, withoutReadingWord } from './names.ts';
import type { Operation } from './operations.ts';

/** An operation with its place in the graph. */
export interface NamedOperation {
  readonly operation: Operation;
  readonly parent: 'Query' | 'Mutation';
  readonly name: string;
  /** In camelCase with its reading word: what types without a name are named after. */
  readonly fullName: string;
}

interface Candidate {
  readonly operation: Operation;
  readonly parent: 'Query' | 'Mutation';
  readonly fullName: string;
  readonly shortName: string;
  readonly chosenName: string | undefined;
}

const MAX_LISTED = 10;
const MAX_NAME_LENGTH = 200;

/**
 * Names every offered operation that is not hidden. Chosen names come first; `getProduct` is `product`, and
 * `GET /api/v1/products` is `products`, where no other field of its root type wants that name. `all` are the
 * operations of the document, for which there may be options.
 */
export function nameOperations(
  all: readonly Operation[],
  operations: readonly Operation[],
  options: Readonly<Record<string, OperationOptions>>,
  report: SourceDeps['report'],
): NamedOperation[] {
  reportUnknown(all, options, report);
  const candidates = operations.flatMap((operation) => toCandidate(operation, options, report));
  return (['Query', 'Mutation'] as const).flatMap((parent) =>
    nameAll(
      candidates.filter((candidate) => candidate.parent === parent),
      report,
    ),
  );
}

function toCandidate(
  operation: Operation,
  options: Readonly<Record<string, OperationOptions>>,
  report: SourceDeps['report'],
): Candidate[] {
  // Several operations may have one operationId: method and path are meant for this one.
  const key = [operation.key, operation.operationId].find((name) => name !== undefined && Object.hasOwn(options, name));
  const own = key === undefined ? undefined : options[key];
  if (own?.hide === true) return [];
  if (own?.as === 'subscription' && key !== undefined) {
    report({
      path: ['operations', key, 'as'],
      message: `The operation "${key}" cannot be a subscription: REST answers once.`,
      suggestion: 'Use query or mutation.',
    });
  }
  const reads = operation.method === 'GET' || operation.method === 'HEAD';
  const isQuery = own?.as === 'query' || (own?.as !== 'mutation' && reads);
  const { operationId, path } = operation;
  const fullName = usable(camelCase(operationId ?? nameOfPath(operation, path)));
  const barePath = operationId === undefined ? withoutVersion(path) : path;
  const bareName = barePath === path ? fullName : usable(camelCase(nameOfPath(operation, barePath)));
  return [
    {
      operation,
      parent: isQuery ? 'Query' : 'Mutation',
      fullName,
      shortName: isQuery ? usable(withoutReadingWord(bareName)) : bareName,
      chosenName: own?.name,
    },
  ];
}

/** `GET /products/{sku}/reviews` → `get products by sku reviews`. */
function nameOfPath({ method }: Operation, path: string): string {
  const words = path.replaceAll(/\{([^{}]*)\}/g, ' by $1 ');
  return `${method.toLowerCase()} ${words.slice(0, MAX_NAME_LENGTH)}`;
}

/** `/api/v1/products` → `/products`: where nothing else is meant by it, the way there is no part of a name. */
function withoutVersion(path: string): string {
  const rest = path.replace(/^(?:\/(?:api|rest|v\d+(?:\.\d+)*))+(?=\/[^/])/i, '');
  return rest === '' ? path : rest;
}

/** What every object inherits would be found where there is no field. */
function usable(name: string): string {
  const bounded = name.slice(0, MAX_NAME_LENGTH);
  return bounded in Object.prototype ? `${bounded}_` : bounded;
}

function nameAll(candidates: readonly Candidate[], report: SourceDeps['report']): NamedOperation[] {
  const wanted = new Map<string, number>();
  for (const { chosenName, shortName, fullName } of candidates) {
    for (const name of chosenName === undefined ? new Set([shortName, fullName]) : [chosenName]) {
      wanted.set(name, (wanted.get(name) ?? 0) + 1);
    }
  }
  const registry = new NameRegistry();
  const names = new Map<Candidate, string>();
  for (const candidate of candidates) {
    const { chosenName, operation } = candidate;
    if (chosenName === undefined) continue;
    if (registry.has(chosenName)) {
      report({
        path: ['operations', operation.operationId ?? operation.key, 'name'],
        message: `Two operations are named "${chosenName}".`,
      });
    }
    names.set(candidate, registry.claim(chosenName));
  }
  for (const candidate of candidates) {
    if (names.has(candidate)) continue;
    const { shortName, fullName } = candidate;
    names.set(candidate, registry.claim(wanted.get(shortName) === 1 ? shortName : fullName));
  }
  return candidates.map((candidate) => ({
    operation: candidate.operation,
    parent: candidate.parent,
    name: names.get(candidate) ?? candidate.fullName,
    fullName: candidate.fullName,
  }));
}

function reportUnknown(
  operations: readonly Operation[],
  options: Readonly<Record<string, OperationOptions>>,
  report: SourceDeps['report'],
): void {
  const labels = operations.map((operation) => operation.label);
  const known = new Set(operations.flatMap((operation) => operation.names));
  for (const key of Object.keys(options)) {
    if (known.has(key)) continue;
    const more = labels.length > MAX_LISTED ? ', …' : '.';
    const listed = `The document has ${labels.slice(0, MAX_LISTED).join(', ')}${more}`;
    const guess = didYouMean(key, known).trim();
    report({
      path: ['operations', key],
      message: `The document has no operation "${key}".`,
      suggestion: guess === '' ? listed : guess,
    });
  }
}
