import type protobuf from 'protobufjs';
import type { Problem } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import type { OperationOptions } from '../options.ts';
import { camelCase } from './type-names.ts';

export type RootType = 'Query' | 'Mutation' | 'Subscription';

/** A method and the root field it becomes. */
export interface Operation {
  readonly method: protobuf.Method;
  readonly service: protobuf.Service;
  readonly root: RootType;
  readonly name: string;
}

export interface Operations {
  readonly operations: readonly Operation[];
  readonly notices: readonly Problem[];
}

const READING = /^(batchGet|get|list|search|find|query|check|count|describe|lookup|fetch|read)(?![a-z])/;
const ROOTS = { query: 'Query', mutation: 'Mutation', subscription: 'Subscription' } as const;

interface Candidate {
  readonly method: protobuf.Method;
  readonly service: protobuf.Service;
  readonly root: RootType;
  /** From the options. */
  readonly given: string | undefined;
  readonly full: string;
  readonly short: string;
}

/** Chooses root type and name for each method. */
export function chooseOperations(
  services: readonly protobuf.Service[],
  options: Readonly<Record<string, OperationOptions>>,
  report: (problem: Problem) => void,
): Operations {
  const notices: Problem[] = [];
  const candidates: Candidate[] = [];
  const methods = services.flatMap((service) => service.methodsArray.map((method) => ({ service, method })));
  reportUnknown(
    methods.map(({ method }) => method),
    options,
    report,
  );
  for (const { service, method } of methods) {
    const key = [method.name, `${service.name}.${method.name}`].find((name) => Object.hasOwn(options, name));
    const own = key === undefined ? {} : (options[key] ?? {});
    if (own.hide === true) continue;
    if (method.requestStream) {
      notices.push({
        message: `The method ${service.name}.${method.name} takes a stream of requests, which GraphQL has no way to send. It is left out.`,
        ...(method.filename ? { file: method.filename } : {}),
      });
      continue;
    }
    const full = camelCase(method.name);
    const root = ROOTS[own.as ?? byProtocol(method, full)];
    if ((root === 'Subscription') !== (method.responseStream === true)) {
      report({
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
  return { operations: nameAll(candidates, services.length > 1, report), notices };
}

function byProtocol(method: protobuf.Method, name: string): keyof typeof ROOTS {
  if (method.responseStream) return 'subscription';
  return READING.test(name) ? 'query' : 'mutation';
}

/** The short name where it is free, else the method's own, else that with the service before it. */
function nameAll(
  candidates: readonly Candidate[],
  severalServices: boolean,
  report: (problem: Problem) => void,
): Operation[] {
  const wishes = new Map<string, number>();
  for (const { root, given, full, short } of candidates) {
    const names = given === undefined ? new Set([full, short]) : [given];
    for (const name of names) wishes.set(`${root}.${name}`, (wishes.get(`${root}.${name}`) ?? 0) + 1);
  }
  const operations = new Map<string, Operation>();
  for (const { method, service, root, given, full, short } of candidates) {
    const alone = [short, full].find((wish) => wishes.get(`${root}.${wish}`) === 1);
    const prefixed = severalServices ? camelCase(`${service.name}_${full}`) : full;
    const name = given ?? alone ?? prefixed;
    if (operations.has(`${root}.${name}`)) {
      report({
        path: ['operations', method.name],
        message: `The method ${service.name}.${method.name} would be a second field ${root}.${name}. It is left out.`,
        suggestion: `Give it another name: operations: { ${service.name}.${method.name}: { name: … } }.`,
      });
    } else {
      operations.set(`${root}.${name}`, { method, service, root, name });
    }
  }
  return [...operations.values()];
}

function reportUnknown(
  methods: readonly protobuf.Method[],
  options: Readonly<Record<string, OperationOptions>>,
  report: (problem: Problem) => void,
): void {
  const names = new Set(methods.flatMap(({ name, parent }) => [name, `${parent?.name}.${name}`]));
  for (const key of Object.keys(options)) {
    if (names.has(key)) continue;
    const suggestion = didYouMean(key, names).trim();
    report({
      path: ['operations', key],
      message: `The service has no method "${key}".`,
      ...(suggestion === '' ? {} : { suggestion }),
    });
  }
}
