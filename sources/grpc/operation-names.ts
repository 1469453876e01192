import type { Problem } from '../../kernel/problem.ts';
import type { Operation, Operations } from './operations.ts';
import { type ProtoMethod, type ProtoService, shortName } from './proto-schema.ts';
import { camelCase, pascal } from './type-names.ts';

export interface Candidate extends Omit<Operation, 'name'> {
  readonly method: ProtoMethod;
  readonly service: ProtoService;
  /** From the options. */
  readonly given: string | undefined;
  readonly full: string;
  readonly short: string;
}

/**
 * The short name where it is free, else the method's own, else that with the service before it, else with as much of
 * the package as it takes. All that would share a name get a longer one, so that none depends on the order of files.
 */
export function nameOperations(candidates: readonly Candidate[]): Operations {
  const wishesOf = new Map(candidates.map((candidate) => [candidate, wishes(candidate)]));
  const counts = new Map<string, number>();
  for (const [{ root }, names] of wishesOf) {
    for (const name of names) counts.set(`${root}.${name}`, (counts.get(`${root}.${name}`) ?? 0) + 1);
  }
  const operations = new Map<string, Operation>();
  const notices: Problem[] = [];
  const problems: Problem[] = [];
  for (const [{ method, service, root, given, full, short }, names] of wishesOf) {
    const name = names.find((wish) => counts.get(`${root}.${wish}`) === 1) ?? names.at(-1) ?? full;
    const label = `${shortName(service.fullName)}.${method.name}`;
    const key = `${root}.${name}`;
    const first = operations.get(key);
    if (first !== undefined) {
      problems.push({
        path: ['operations', method.name],
        message: `The method ${label} would be a second field ${key}. It is left out.`,
        suggestion: `Give it another name: operations: { ${label}: { name: … } }.`,
      });
      continue;
    }
    operations.set(key, { method, service, root, name });
    if (given === undefined && name !== short && name !== full) {
      notices.push({
        message: `The method ${service.fullName}.${method.name} is called ${key}: other methods have its name.`,
        ...(service.file === undefined ? {} : { file: service.file }),
        suggestion: `Give it a name of your own: operations: { ${service.fullName}.${method.name}: { name: … } }.`,
      });
    }
  }
  return { operations: [...operations.values()], notices, problems };
}

function wishes({ service, given, full, short }: Candidate): string[] {
  if (given !== undefined) return [given];
  const parts = service.fullName.split('.');
  const prefixed = parts.map((_, index) => {
    const used = parts.slice(parts.length - 1 - index);
    return camelCase(`${used.map(pascal).join('')}_${full}`);
  });
  return [...new Set([short, full, ...prefixed])];
}
