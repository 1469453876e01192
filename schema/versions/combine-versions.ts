import { type GraphQLOutputType, type GraphQLSchema, isEnumType, isTypeDefinitionNode } from 'graphql';
import type { Problem } from '../../kernel/problem.ts';
import { runInSlices, runSteps, type Steps } from '../../kernel/steps.ts';
import type { Source, SourceCall, SourceModel } from '../../sources/source.ts';
import { buildDefinitions } from '../build-schema.ts';
import { parseDefinitions } from '../build-schema-definitions.ts';
import { fieldAt } from '../transforms/plan.ts';
import { printDefinitions } from '../transforms/print-definitions.ts';
import { takesSelections } from '../transforms/rewrite-model.ts';
import { checkDefinitions } from '../transforms/schema-mistakes.ts';
import { mergeTypes, type VersionTypes } from './merge-types.ts';
import type { VersionOptions } from './options.ts';
import type { Picking } from './pick-version.ts';
import { createSelectionCheck } from './selected-versions.ts';
import { type Canonical, keyIn, setEnumValues, type Version } from './version.ts';
import { createArgumentReader } from './version-arguments.ts';
import { createVersionCall } from './version-call.ts';
import { createResults } from './version-results.ts';

/**
 * Versions of one backend as one source, which owns those of `sources` that are its versions. Pure. Where a version is
 * not there, the others stand for it; undefined when none is, or when a mistake was reported. Paths of problems begin at
 * skein.yaml: `versions`, the name, ….
 */
export function combineVersions(
  name: string,
  options: VersionOptions,
  sources: ReadonlyMap<string, Source>,
  report: (problem: Problem) => void,
): Source | undefined {
  return runSteps(combineSteps(name, options, sources, report));
}

/** The same in slices of some milliseconds, between which the event loop turns. */
export function combineVersionsInSlices(
  name: string,
  options: VersionOptions,
  sources: ReadonlyMap<string, Source>,
  report: (problem: Problem) => void,
): Promise<Source | undefined> {
  return runInSlices(combineSteps(name, options, sources, report));
}

function* combineSteps(
  name: string,
  options: VersionOptions,
  sources: ReadonlyMap<string, Source>,
  report: (problem: Problem) => void,
): Steps<Source | undefined> {
  const problems: Problem[] = [];
  const tell = (path: readonly (string | number)[], message: string, suggestion?: string) => {
    problems.push({ path: ['versions', name, ...path], message, ...(suggestion === undefined ? {} : { suggestion }) });
  };
  const present: { readonly version: Version; readonly types: VersionTypes; readonly weight: number }[] = [];
  if (options.versions.every(({ weight }) => weight === 0))
    tell(['versions'], 'No version has a weight: nobody would answer a call without the header.');
  for (const [index, { source: sourceName, weight, deprecated }] of options.versions.entries()) {
    const source = sources.get(sourceName);
    if (source === undefined) continue;
    if (source.kind === 'federation') {
      tell(
        ['versions', index, 'source'],
        `Source "${sourceName}" is a federation subgraph, which cannot have versions side by side.`,
      );
      continue;
    }
    const first = present[0]?.version.source;
    if (first !== undefined && first.kind !== source.kind)
      tell(
        ['versions', index, 'source'],
        `Source "${sourceName}" is of kind ${source.kind}, and "${first.name}" of kind ${first.kind}: versions are of one kind.`,
      );
    const reason = deprecated && [deprecated.reason, `Removed on ${deprecated.removedOn}.`].filter(Boolean).join(' ');
    const made = yield* readVersion(source, reason);
    // Composition says what is wrong with it.
    if (made !== undefined) present.push({ ...made, weight });
  }
  const [main] = present;
  let combined: Source | undefined;
  if (main !== undefined && problems.length === 0) {
    const versions = present.map(({ version }) => version);
    const selecting = takesSelections(main.version.source);
    if (selecting) for (const message of yield* differingNames(versions)) tell([], message.text, message.wayOut);
    const conflict = (message: string, other: string) =>
      tell([], message, `Transform one of them, e.g. sources.${other}.transforms: { prefix: ${camel(other)} }.`);
    const definitions = yield* mergeTypes({
      versions: present.map(({ types }) => types),
      takesSelections: selecting,
      conflict,
    });
    const checked = problems.length > 0 ? undefined : yield* checkDefinitions(definitions);
    for (const message of checked?.mistakes ?? []) tell([], `The versions together are no valid schema: ${message}`);
    if (checked?.schema !== undefined) {
      const picking: Picking = {
        name,
        shares: present.map(({ version, weight }) => ({ source: version.source.name, weight })),
        missing: options.versions.flatMap(({ source }) => (sources.has(source) ? [] : [source])),
        header: options.header?.toLowerCase(),
      };
      const sdl = yield* printDefinitions(definitions);
      combined = yield* combine(name, versions, { sdl, schema: checked.schema, picking, selecting });
    }
  }
  for (const problem of problems) report(problem);
  return problems.length > 0 ? undefined : combined;
}

function* readVersion(
  source: Source,
  deprecation: string | undefined,
): Steps<{ readonly version: Version; readonly types: VersionTypes } | undefined> {
  const { sdl, enumValues } = source.model;
  try {
    const definitions = yield* parseDefinitions(sdl);
    const schema = yield* buildDefinitions(definitions, enumValues === undefined ? {} : { enumValues });
    const types = new Map(definitions.filter(isTypeDefinitionNode).map((node) => [node.name.value, node]));
    return { version: { source, schema }, types: { source: source.name, types, deprecation } };
  } catch {
    return undefined;
  }
}

interface Combining {
  readonly sdl: string;
  readonly schema: GraphQLSchema;
  readonly picking: Picking;
  readonly selecting: boolean;
}

function* combine(
  name: string,
  versions: readonly Version[],
  { sdl, schema, picking, selecting }: Combining,
): Steps<Source> {
  const canonical: Canonical = {
    schema,
    key(coordinate) {
      const [typeName = '', fieldName = ''] = coordinate.split('.');
      const owner = versions.find((version) => fieldAt(version.schema, `${typeName}.${fieldName}`) !== undefined);
      return owner === undefined ? fieldName : keyIn(owner, coordinate);
    },
  };
  setEnumValues(schema, (typeName, value) => {
    for (const version of versions) {
      const type = version.schema.getType(typeName);
      const own = isEnumType(type) ? type.getValue(value) : undefined;
      if (own !== undefined && own !== null) return own.value;
    }
    return value;
  });
  const results = createResults(versions, canonical);
  const readers = [];
  for (const version of versions) {
    readers.push({
      source: version.source,
      schema: version.schema,
      arguments: yield* createArgumentReader(version, canonical),
      result: selecting ? () => undefined : yield* results.readerFor(version),
      has: selecting ? createSelectionCheck(version.schema, version.source.model) : undefined,
    });
  }
  const calls = new Map<string, SourceCall>();
  for (const coordinate of new Set(versions.flatMap(({ source }) => [...source.model.calls.keys()]))) {
    yield;
    const own = readers.map((reader) => {
      const call = reader.source.model.calls.get(coordinate);
      const field = fieldAt(reader.schema, coordinate);
      if (call === undefined || field === undefined) return undefined;
      const typeName = String(field.type).replace(/[[\]!]/g, '');
      const { has } = reader;
      return {
        call,
        readArguments: reader.arguments(coordinate),
        readResult: reader.result(field.type as GraphQLOutputType),
        has: has && ((selected: { readonly shape: Parameters<typeof has>[1] }) => has(typeName, selected.shape)),
      };
    });
    calls.set(coordinate, createVersionCall(coordinate, own, picking));
  }
  const [first] = versions;
  return {
    name,
    kind: first?.source.kind ?? 'openapi',
    model: { sdl, calls, ...modelMaps(versions, canonical, results) },
    async probe(signal) {
      await Promise.all(versions.map(({ source }) => source.probe(signal)));
    },
    async dispose() {
      await Promise.all(versions.map(({ source }) => source.dispose()));
    },
  };
}

function modelMaps(
  versions: readonly Version[],
  canonical: Canonical,
  { values, typeOf }: Pick<ReturnType<typeof createResults>, 'values' | 'typeOf'>,
): Omit<SourceModel, 'sdl' | 'calls'> {
  const models = versions.map(({ source }) => source.model).reverse();
  const properties = new Map(
    models.flatMap((model) => [...(model.properties?.keys() ?? [])].map((at) => [at, canonical.key(at)] as const)),
  );
  const enumValues = new Map<string, Readonly<Record<string, unknown>>>();
  for (const typeName of new Set(models.flatMap((model) => [...(model.enumValues?.keys() ?? [])]))) {
    const type = canonical.schema.getType(typeName);
    if (!isEnumType(type)) continue;
    enumValues.set(typeName, Object.fromEntries(type.getValues().map(({ name, value }) => [name, value])));
  }
  const links = new Map(models.flatMap((model) => [...(model.links ?? [])]));
  const types = new Map(models.flatMap(({ upstreamNames }) => [...(upstreamNames?.types ?? [])]));
  const args = new Map(models.flatMap(({ upstreamNames }) => [...(upstreamNames?.arguments ?? [])]));
  return {
    ...(properties.size === 0 ? {} : { properties }),
    ...(enumValues.size === 0 ? {} : { enumValues }),
    ...(links.size === 0 ? {} : { links }),
    ...(values.size === 0 ? {} : { values }),
    ...(typeOf.size === 0 ? {} : { typeOf }),
    ...(types.size + args.size === 0 ? {} : { upstreamNames: { types, arguments: args } }),
  };
}

/** What is selected is written once for all versions: one name in the graph must be one name upstream. */
function* differingNames(
  versions: readonly Version[],
): Steps<readonly { readonly text: string; readonly wayOut: string }[]> {
  const [first, ...others] = versions;
  if (first === undefined) return [];
  const one = yield* upstreamNamesOf(first);
  const told: { readonly text: string; readonly wayOut: string }[] = [];
  for (const other of others) {
    const two = yield* upstreamNamesOf(other);
    const differing = [...one].flatMap(([what, upstream]) => {
      const same = two.get(what);
      return same === undefined || same === upstream ? [] : [what];
    });
    for (const what of differing.slice(0, 10))
      told.push({
        text: `${what} has different names at "${first.source.name}" and "${other.source.name}", and a query is written for both.`,
        wayOut: 'Transform both of them alike, or neither.',
      });
  }
  return told;
}

/** Everything that a selection can name → what it is called upstream. */
function* upstreamNamesOf({ schema, source: { model } }: Version): Steps<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__') || /^(Query|Mutation|Subscription)$/.test(type.name)) continue;
    yield;
    names.set(type.name, model.upstreamNames?.types.get(type.name) ?? type.name);
    if (!('getFields' in type)) continue;
    for (const field of Object.values(type.getFields())) {
      const coordinate = `${type.name}.${field.name}`;
      names.set(coordinate, model.properties?.get(coordinate) ?? field.name);
      for (const { name } of 'args' in field ? field.args : []) {
        const place = `${coordinate}(${name})`;
        names.set(place, model.upstreamNames?.arguments.get(place) ?? name);
      }
    }
  }
  return names;
}

function camel(sourceName: string): string {
  return sourceName.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
