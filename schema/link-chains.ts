import { type FieldNode, getNullableType, isScalarType, Kind, print, type SelectionSetNode } from 'graphql';
import type { Problem } from '../kernel/problem.ts';
import { entityKey } from './federation/entity-keys.ts';
import type { Link } from './links.ts';
import type { Ownership } from './ownership.ts';

/** Every way to a link is walked for every object, so this bounds wide and deep alike. */
const MAX_LINKS_READ = 100;
const MAX_NAMED = 5;

export interface Chains {
  /** Links that can be followed, with what they read by way of others. */
  readonly links: ReadonlyMap<string, Link>;
  /** By coordinate. */
  readonly problems: ReadonlyMap<string, Problem>;
}

export function coordinateOf({ typeName, fieldName }: Pick<Link, 'typeName' | 'fieldName'>): string {
  return `${typeName}.${fieldName}`;
}

/** `reviews { rating text } summary`, as GraphQL has it. */
export function printReads(reads: Link['requires']): string {
  const texts = [...reads].map(([field, selection]) =>
    selection === undefined ? field : `${field} ${print(selection)}`,
  );
  return texts.join(' ').replace(/\s+/g, ' ');
}

/** Each field once, however often it is read. */
export function mergeReads(a: SelectionSetNode, b: SelectionSetNode): SelectionSetNode {
  const fields = new Map<string, FieldNode>();
  for (const node of [...a.selections, ...b.selections]) {
    if (node.kind !== Kind.FIELD) continue;
    const below = fields.get(node.name.value)?.selectionSet;
    const isBoth = below !== undefined && node.selectionSet !== undefined;
    fields.set(node.name.value, isBoth ? { ...node, selectionSet: mergeReads(below, node.selectionSet) } : node);
  }
  return { kind: Kind.SELECTION_SET, selections: [...fields.values()] };
}

/**
 * Gives each link what it takes to follow the links that it reads: their keys, and what they read of the object. Links
 * that read each other have no end, and are left out with those that read them.
 */
export function chainLinks(links: readonly Link[], ownership: Ownership): Chains {
  const problems = new Map<string, Problem>();
  const chained = new Map<string, Link>();
  const counts = new Map<string, number>();
  const byCoordinate = new Map(links.map((link) => [coordinateOf(link), link]));
  const readersOf = new Map<string, Link[]>();
  const waitsFor = new Map<Link, number>();
  for (const link of links) {
    const read = linksRead(link, ownership).filter((name) => byCoordinate.has(name));
    waitsFor.set(link, read.length);
    for (const name of read) readersOf.set(name, [...(readersOf.get(name) ?? []), link]);
  }
  const ready = links.filter((link) => waitsFor.get(link) === 0);
  for (const link of ready) {
    const coordinate = coordinateOf(link);
    const read = linksRead(link, ownership);
    const count = read.reduce((sum, name) => sum + 1 + (counts.get(name) ?? 0), 0);
    if (count > MAX_LINKS_READ) problems.set(coordinate, tooMany(link, count));
    else if (read.every((name) => chained.has(name))) {
      counts.set(coordinate, count);
      chained.set(coordinate, withChain(link, chained, ownership));
    }
    waitsFor.delete(link);
    for (const reader of readersOf.get(coordinate) ?? []) {
      const left = (waitsFor.get(reader) ?? 0) - 1;
      waitsFor.set(reader, left);
      if (left === 0) ready.push(reader);
    }
  }
  for (const cycle of cyclesOf([...waitsFor.keys()], ownership)) {
    const [first] = cycle;
    if (first !== undefined) problems.set(coordinateOf(first), cyclic(cycle, first));
  }
  return { links: chained, problems };
}

/** Coordinates of the links whose fields a link reads. */
function linksRead({ typeName, requires }: Link, ownership: Ownership): readonly string[] {
  return [...requires.keys()]
    .filter((field) => ownership.field(typeName, field) === undefined)
    .map((field) => `${typeName}.${field}`);
}

function withChain(link: Link, chained: ReadonlyMap<string, Link>, ownership: Ownership): Link {
  const key = new Set(link.key);
  const nested = new Map<string, SelectionSetNode>();
  const add = (field: string, selection: SelectionSetNode | undefined) => {
    const known = nested.get(field);
    if (selection !== undefined) nested.set(field, known === undefined ? selection : mergeReads(known, selection));
  };
  for (const [field, selection] of link.requires) {
    if (ownership.field(link.typeName, field) !== undefined) {
      add(field, selection);
      continue;
    }
    const read = chained.get(`${link.typeName}.${field}`);
    if (read === undefined) continue;
    for (const name of [...read.key, ...keyOfTarget(read, link, ownership)]) key.add(name);
    for (const [name, below] of read.nested) add(name, below);
  }
  return { ...link, key: [...key], nested };
}

/** The composer wants a way back to a subgraph that has the type itself, which only the subgraph's own keys are. */
function keyOfTarget(read: Link, { typeName, target }: Link, ownership: Ownership): readonly string[] {
  const federation = ownership.sources.get(read.target)?.source.model.federation;
  if (federation === undefined || read.target === target || !ownership.has(read.target, typeName)) return [];
  const key = entityKey(federation, typeName);
  return key.every((name) => isScalarType(getNullableType(ownership.field(typeName, name)?.type))) ? key : [];
}

/** Of links that wait for each other, each circle that one comes to by the first link that is read. */
function cyclesOf(links: readonly Link[], ownership: Ownership): readonly (readonly Link[])[] {
  const waiting = new Map(links.map((link) => [coordinateOf(link), link]));
  const seen = new Set<Link>();
  const cycles: (readonly Link[])[] = [];
  for (const start of links) {
    const way: Link[] = [];
    let link: Link | undefined = start;
    while (link !== undefined && !seen.has(link)) {
      seen.add(link);
      way.push(link);
      const next: string | undefined = linksRead(link, ownership).find((name) => waiting.has(name));
      link = next === undefined ? undefined : waiting.get(next);
    }
    const from = link === undefined ? -1 : way.indexOf(link);
    if (from >= 0) cycles.push(way.slice(from));
  }
  return cycles;
}

function cyclic(cycle: readonly Link[], first: Link): Problem {
  const names = cycle.map((link) => `"${coordinateOf(link)}"`);
  const named = names
    .slice(0, MAX_NAMED)
    .concat(names.length > MAX_NAMED ? [`${names.length - MAX_NAMED} others`] : []);
  const last = named.at(-1);
  const message =
    cycle.length === 1
      ? `Link ${last} reads itself.`
      : `Links ${named.slice(0, -1).join(', ')} and ${last} read each other.`;
  const suggestion = 'Let one of them read fields that the object has without it.';
  return { path: ['links', coordinateOf(first), 'args'], message, suggestion };
}

function tooMany(link: Link, count: number): Problem {
  return {
    path: ['links', coordinateOf(link), 'args'],
    message: `Link "${coordinateOf(link)}" reads ${count} links, one by way of the other; ${MAX_LINKS_READ} are allowed.`,
  };
}
