import { isObjectType } from 'graphql';
import type { Composition } from '../../schema/compose.ts';
import { ROOT_TYPES } from '../../schema/ownership.ts';
import type { Source, SourceKind } from '../../sources/source.ts';
import type { SkeinConfig } from '../config/schema.ts';
import type { GraphSources } from './graph-sources.ts';

/** One source as an operator wants to see it. */
export interface SourceState {
  readonly name: string;
  readonly kind: SourceKind;
  /** Root fields it gives the graph; of a version, its group has them. */
  readonly fields: number;
  /** Entity types of a federation subgraph. */
  readonly entities: number;
  /** Why it cannot be called now; undefined when it answered the last time it was asked. */
  readonly unreachable: string | undefined;
  /** Why it is left out though it answers: what it says of itself is wrong, or does not fit the graph. */
  readonly failed: string | undefined;
  /** How much of its document the graph does not have. */
  readonly notices: number;
  /** Whether its fields are in the graph. */
  readonly inGraph: boolean;
  /** Of a source that is in the graph as a version only. */
  readonly version: VersionState | undefined;
}

export interface VersionState {
  /** Name of the versions it is one of. */
  readonly group: string;
  /** Share of the calls, from 0 to 1. */
  readonly share: number;
  /** Date of the deprecation, e.g. `2027-03-01`. */
  readonly removedOn: string | undefined;
  /** Header by which callers choose a version. */
  readonly header: string | undefined;
  /** Root fields of all versions together. */
  readonly fields: number;
}

export interface StatesScope {
  readonly config: SkeinConfig;
  readonly sources: GraphSources;
  /** Why opened sources do not answer. */
  readonly silent: ReadonlyMap<Source, string>;
  readonly composition: Composition | undefined;
}

/** In the order of the configuration, then the gateway's own; versions stand where the first of them does. */
export function describeSources({ config, sources, silent, composition }: StatesScope): readonly SourceState[] {
  const states: SourceState[] = [];
  const opened = (source: Source, version: VersionState | undefined): SourceState => ({
    name: source.name,
    kind: source.kind,
    fields: countFields(composition, source.name),
    entities: countEntities(source),
    notices: source.model.notices?.length ?? 0,
    unreachable: silent.get(source),
    failed: undefined,
    inGraph: true,
    version,
  });
  const describe = (name: string, version: VersionState | undefined) => {
    const missing = sources.missing.get(name);
    if (missing === undefined)
      for (const source of sources.opened.get(name) ?? []) states.push(opened(source, version));
    const kind = config.sources[name]?.kind;
    if (missing === undefined || kind === undefined) return;
    const { reason, problems } = missing;
    const why =
      problems.length > 0 ? { unreachable: undefined, failed: reason } : { unreachable: reason, failed: undefined };
    states.push({ name, kind, fields: 0, entities: 0, notices: 0, ...why, inGraph: false, version });
  };
  const groupOf = new Map<string, string>();
  for (const [group, { versions }] of Object.entries(config.versions)) {
    for (const { source } of versions) groupOf.set(source, group);
  }
  const told = new Set<string>();
  for (const name of Object.keys(config.sources)) {
    const group = groupOf.get(name);
    if (group === undefined) describe(name, undefined);
    if (group === undefined || told.has(group)) continue;
    told.add(group);
    const { versions = [], header } = config.versions[group] ?? {};
    const sum = versions.reduce((total, { weight }) => total + weight, 0);
    const fields = countFields(composition, group);
    for (const { source, weight, deprecated } of versions) {
      describe(source, { group, share: weight / sum, removedOn: deprecated?.removedOn, header, fields });
    }
  }
  for (const source of sources.builtIn) states.push(opened(source, undefined));
  return states;
}

function countFields(composition: Composition | undefined, sourceName: string): number {
  const schema = composition?.ownership.sources.get(sourceName)?.schema;
  return ROOT_TYPES.reduce((count, name) => {
    const type = schema?.getType(name);
    return count + (isObjectType(type) ? Object.keys(type.getFields()).length : 0);
  }, 0);
}

/** Types with a key: what a subgraph without root fields is there for. */
function countEntities({ model }: Source): number {
  const sdl = model.federation?.sdl ?? '';
  return [...sdl.matchAll(/^(?:extend )?(?:type|interface) \w+[^{\n]*@key\b/gm)].length;
}
