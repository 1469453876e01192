import type { Problem } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import { camelCase, NameRegistry, withoutReadingWord } from '../openapi/names.ts';
import { createOperationFilter } from '../operation-filter.ts';
import type { SoapOptions } from './options.ts';

export interface NamedOperation<T> {
  readonly operation: T;
  readonly parent: 'Query' | 'Mutation';
  /** Of the root field. */
  readonly field: string;
}

interface Nameless {
  /** In the WSDL. */
  readonly name: string;
}

interface Candidate<T> {
  readonly operation: T;
  readonly parent: 'Query' | 'Mutation';
  readonly fullName: string;
  readonly shortName: string;
  readonly chosenName: string | undefined;
}

const READS = /^(?:get|list|find|search|read|fetch|query|is|has|count|check|describe|lookup)(?=[A-Z0-9]|$)/;
const MAX_LISTED = 10;

/**
 * The operations that come into the graph, with their fields: queries where the name says that they only read.
 * `getPrice` is `price` where no other field of its root type wants that name.
 */
export function nameOperations<T extends Nameless>(
  operations: readonly T[],
  tags: readonly string[],
  options: Pick<SoapOptions, 'operations' | 'include' | 'exclude'>,
  report: (problem: Problem) => void,
): NamedOperation<T>[] {
  reportUnknown(operations, options.operations, report);
  const isIncluded = createOperationFilter(options);
  const candidates = operations.flatMap((operation): Candidate<T>[] => {
    const own = Object.hasOwn(options.operations, operation.name) ? options.operations[operation.name] : undefined;
    const fullName = camelCase(operation.name);
    const isQuery = own?.as === 'query' || (own?.as !== 'mutation' && READS.test(fullName));
    const shortName = isQuery ? withoutReadingWord(fullName) : fullName;
    const names = [operation.name, fullName, shortName, ...(own?.name === undefined ? [] : [own.name])];
    if (own?.hide === true || !isIncluded({ names, tags })) return [];
    if (own?.as === 'subscription') {
      report({
        path: ['operations', operation.name, 'as'],
        message: `The operation "${operation.name}" cannot be a subscription: SOAP answers once.`,
        suggestion: 'Use query or mutation.',
      });
    }
    return [{ operation, parent: isQuery ? 'Query' : 'Mutation', fullName, shortName, chosenName: own?.name }];
  });
  return (['Query', 'Mutation'] as const).flatMap((parent) =>
    nameAll(
      candidates.filter((candidate) => candidate.parent === parent),
      report,
    ),
  );
}

function nameAll<T extends Nameless>(
  candidates: readonly Candidate<T>[],
  report: (problem: Problem) => void,
): NamedOperation<T>[] {
  const wanted = new Map<string, number>();
  for (const { chosenName, shortName, fullName } of candidates) {
    for (const name of chosenName === undefined ? new Set([shortName, fullName]) : [chosenName]) {
      wanted.set(name, (wanted.get(name) ?? 0) + 1);
    }
  }
  const registry = new NameRegistry();
  const fields = new Map<Candidate<T>, string>();
  for (const candidate of candidates) {
    const { chosenName, operation } = candidate;
    if (chosenName === undefined) continue;
    if (registry.has(chosenName)) {
      const path = ['operations', operation.name, 'name'];
      report({ path, message: `Two operations are named "${chosenName}".` });
    }
    fields.set(candidate, registry.claim(chosenName));
  }
  return candidates.map((candidate) => {
    const { operation, parent, shortName, fullName } = candidate;
    const field = fields.get(candidate) ?? registry.claim(wanted.get(shortName) === 1 ? shortName : fullName);
    return { operation, parent, field };
  });
}

function reportUnknown(
  operations: readonly Nameless[],
  options: SoapOptions['operations'],
  report: (problem: Problem) => void,
): void {
  const known = operations.map((operation) => operation.name);
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const more = known.length > MAX_LISTED ? ', …' : '.';
    const guess = didYouMean(key, known).trim();
    report({
      path: ['operations', key],
      message: `The document has no operation "${key}".`,
      suggestion: guess === '' ? `It has ${known.slice(0, MAX_LISTED).join(', ')}${more}` : guess,
    });
  }
}
