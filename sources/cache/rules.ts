import type { Problem } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import { createPattern } from '../operation-filter.ts';
import type { KeepOptions, SourceCacheOptions } from './options.ts';
import type { SdlTypes } from './sdl-types.ts';
import type { KeepRule } from './terms.ts';

/** What is kept of a source. */
export interface KeepRules {
  /** Undefined for queries whose answers are not kept. */
  ofQuery(field: string): KeepRule | undefined;
  ofEntity(type: string): KeepRule | undefined;
}

export interface RuleSettings {
  /** Headers of the client go on to the service: answers may depend on who asks. */
  readonly forwardsHeaders: boolean;
}

export function createKeepRules(options: SourceCacheOptions, settings: RuleSettings): KeepRules {
  const byHeaders = options.upstream ? ruleOf({}, settings) : undefined;
  const entities = finder(options.entities, settings);
  const fields = finder(options.fields, settings);
  const ofQuery = (field: string) => fields(field) ?? byHeaders;
  const ofEntity = (type: string) => entities(type) ?? byHeaders;
  const wanted = (rule: KeepRule | undefined) => (rule?.ttlMs === 0 ? undefined : rule);
  return { ofQuery: (field) => wanted(ofQuery(field)), ofEntity: (type) => wanted(ofEntity(type)) };
}

function finder(given: SourceCacheOptions['fields'], settings: RuleSettings) {
  const rules = Object.entries(given).map(([pattern, keep]) => ({
    fits: createPattern(pattern),
    rule: ruleOf(typeof keep === 'number' ? { ttlMs: keep } : keep, settings),
  }));
  const exact = new Map(Object.keys(given).map((pattern, index) => [pattern, rules[index]]));
  return (name: string) => (exact.get(name) ?? rules.find(({ fits }) => fits(name)))?.rule;
}

function ruleOf(
  { ttlMs, staleWhileRevalidateMs = 0, staleIfErrorMs = 0, scope, tags = [] }: Partial<KeepOptions>,
  { forwardsHeaders }: RuleSettings,
): KeepRule {
  const own = scope ?? (forwardsHeaders ? 'caller' : 'auto');
  return { ttlMs, staleWhileRevalidateMs, staleIfErrorMs, scope: own, tags };
}

/** Names of the options that none of the sources has. Paths are below the source's options. */
export function cacheProblems(options: SourceCacheOptions, all: readonly SdlTypes[], isFederation: boolean): Problem[] {
  const problems: Problem[] = [];
  const queries = new Set(all.flatMap((types) => [...types.fields('Query').keys()]));
  const mutations = new Set(all.flatMap((types) => [...types.fields('Mutation').keys()]));
  const types = new Set(all.flatMap((own) => own.names()));
  const check = (what: string, names: ReadonlySet<string>, name: string, path: readonly (string | number)[]) => {
    if ([...names].some(createPattern(name))) return;
    const message = `The source has no ${what} "${name}".${didYouMean(name, names)}`;
    problems.push({
      path: ['cache', ...path],
      message,
      suggestion: 'Names are those of the source itself, before its transforms.',
    });
  };
  for (const name of Object.keys(options.fields)) check('query', queries, name, ['fields', name]);
  for (const name of Object.keys(options.entities)) {
    if (isFederation) check('type', types, name, ['entities', name]);
    else
      problems.push({
        path: ['cache', 'entities', name],
        message: 'Only federation subgraphs are asked for entities.',
        suggestion: 'Name the queries to keep in `fields`.',
      });
  }
  for (const [mutation, drops] of Object.entries(options.invalidate)) {
    const at = ['invalidate', mutation];
    check('mutation', mutations, mutation, at);
    drops.fields.forEach((name, index) => {
      check('query', queries, name, [...at, 'fields', index]);
    });
    drops.types.forEach((name, index) => {
      check('type', types, name, [...at, 'types', index]);
    });
    for (const coordinate of Object.keys(drops.ids)) {
      const [type = '', field = ''] = coordinate.split('.');
      const fields = new Set(all.flatMap((own) => [...own.fields(type).keys()]));
      if (types.has(type)) check(`field of ${type}`, fields, field, [...at, 'ids', coordinate]);
      else check('type', types, type, [...at, 'ids', coordinate]);
    }
  }
  return problems;
}
