import type { Problem } from '../../kernel/problem.ts';
import { nearest } from '../../kernel/suggest.ts';
import { createOperationFilter } from '../operation-filter.ts';
import type { OperationOptions } from '../options.ts';
import { type Candidate, nameOperations } from './operation-names.ts';
import type { GrpcOptions } from './options.ts';
import { type ProtoMethod, type ProtoService, shortName } from './proto-schema.ts';
import { camelCase } from './type-names.ts';

export type RootType = 'Query' | 'Mutation' | 'Subscription';

/** A method and the root field it becomes. */
export interface Operation {
  readonly method: ProtoMethod;
  readonly service: ProtoService;
  readonly root: RootType;
  readonly name: string;
}

export interface Operations {
  readonly operations: readonly Operation[];
  readonly notices: readonly Problem[];
  readonly problems: readonly Problem[];
}

const READING = /^(batchGet|get|list|search|find|query|check|count|describe|lookup|fetch|read)(?![a-z])/;
const ROOTS = { query: 'Query', mutation: 'Mutation', subscription: 'Subscription' } as const;

/** Chooses which methods come into the graph, and root type and name for each. */
export function chooseOperations(
  services: readonly ProtoService[],
  options: Pick<GrpcOptions, 'operations' | 'include' | 'exclude'>,
): Operations {
  const methods = services.flatMap((service) =>
    service.methods.map((method) => ({ service, method, keys: namesOf(service, method) })),
  );
  const problems = [...unknownMethods(options.operations, new Set(methods.flatMap(({ keys }) => keys)))];
  const candidates: Candidate[] = [];
  const isWanted = createOperationFilter(options);
  for (const { service, method, keys } of methods) {
    const key = keys.find((name) => Object.hasOwn(options.operations, name));
    const own = key === undefined ? {} : (options.operations[key] ?? {});
    const full = camelCase(method.name);
    if (own.hide === true || !isWanted({ names: [...keys, full], tags: [service.fullName] })) continue;
    const root = ROOTS[own.as ?? byProtocol(method, full)];
    if ((root === 'Subscription') !== method.responseStream) {
      problems.push({
        path: ['operations', key ?? method.name, 'as'],
        message: method.responseStream
          ? `The method ${method.name} answers with a stream and can only be a subscription.`
          : `The method ${method.name} answers once and cannot be a subscription.`,
      });
      continue;
    }
    const rest = root === 'Query' ? /^(?:get|list)_?([A-Z].*)$/.exec(full)?.[1] : undefined;
    candidates.push({ method, service, root, given: own.name, full, short: rest ? camelCase(rest) : full });
  }
  const { operations, notices, problems: collisions } = nameOperations(candidates);
  return { operations, notices, problems: [...problems, ...collisions] };
}

/** What a method goes by in the configuration, the most exact name first. */
function namesOf({ fullName }: ProtoService, { name }: ProtoMethod): readonly string[] {
  const names = [`${fullName}.${name}`, `${shortName(fullName)}.${name}`, name];
  return [...new Set(names)];
}

function byProtocol(method: ProtoMethod, name: string): keyof typeof ROOTS {
  if (method.responseStream) return 'subscription';
  return method.isReading || READING.test(name) ? 'query' : 'mutation';
}

function unknownMethods(
  options: Readonly<Record<string, OperationOptions>>,
  names: ReadonlySet<string>,
): readonly Problem[] {
  const unknown = Object.keys(options).filter((key) => !names.has(key));
  return unknown.map((key) => {
    // Full names are long enough to be near to anything.
    const near = nearest(key, key.includes('.') ? names : [...names].filter((name) => !name.includes('.')));
    return {
      path: ['operations', key],
      message: `The service has no method "${key}".`,
      ...(near === undefined ? {} : { suggestion: `Did you mean "${near}"?` }),
    };
  });
}
