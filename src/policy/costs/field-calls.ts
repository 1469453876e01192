import { type FieldNode, Kind } from 'graphql';
import type { Link } from '../../../schema/links.ts';
import type { Generation } from '../../../schema/registry.ts';
import type { Arguments, CallEstimate } from '../../../sources/source.ts';

/** What is behind a field that is not read of its object. */
export interface FieldCall {
  /** What it may cost at models; undefined: nothing. */
  readonly estimate: CallEstimate | undefined;
  /** Of a link: what is known of the arguments of its call. Undefined: they are the field's own. */
  readonly constants?: Arguments;
  /** What a link reads of its object, whether or not the client selects it. */
  readonly reads: readonly FieldNode[];
}

/** By `Type.field`. Undefined: nobody is asked for it. */
export type FieldCalls = (coordinate: string) => FieldCall | undefined;

type Graph = Pick<Generation, 'composition'>;

const known = new WeakMap<Graph, FieldCalls>();

/** The calls of a graph: root fields, links, and what other graphs behind it say of themselves. */
export function fieldCallsOf(graph: Graph): FieldCalls {
  let calls = known.get(graph);
  if (calls === undefined) {
    calls = readCalls(graph);
    known.set(graph, calls);
  }
  return calls;
}

function readCalls({ composition: { links, ownership } }: Graph): FieldCalls {
  const found = new Map<string, FieldCall | undefined>();
  const byField = new Map(links.map((link) => [`${link.typeName}.${link.fieldName}`, link]));
  const estimateOf = (source: string | undefined, coordinate: string) =>
    source === undefined ? undefined : ownership.sources.get(source)?.source.estimate?.(coordinate);
  const look = (coordinate: string): FieldCall | undefined => {
    const link = byField.get(coordinate);
    if (link !== undefined) {
      const estimate = estimateOf(link.target, link.call);
      return { estimate, constants: constantsOf(link), reads: readsOf(link) };
    }
    const owner = ownership.rootFields.get(coordinate);
    if (owner !== undefined) return { estimate: estimateOf(owner, coordinate), reads: [] };
    const estimate = estimateOf(ownership.types.get(coordinate.slice(0, coordinate.indexOf('.'))), coordinate);
    return estimate === undefined ? undefined : { estimate, reads: [] };
  };
  return (coordinate) => {
    if (!found.has(coordinate)) found.set(coordinate, look(coordinate));
    return found.get(coordinate);
  };
}

function readsOf({ requires }: Link): readonly FieldNode[] {
  return [...requires].map(([name, selectionSet]) => ({
    ...{ kind: Kind.FIELD, name: { kind: Kind.NAME, value: name } },
    ...(selectionSet === undefined ? {} : { selectionSet }),
  }));
}

function constantsOf({ arguments: given }: Link): Arguments {
  return Object.fromEntries([...given].flatMap(([name, one]) => (one.from === 'constant' ? [[name, one.value]] : [])));
}

/** What a field may cost as it is asked for by another graph, with the fields of its object that it reads. */
export function estimateField(graph: Graph, coordinate: string, known: Arguments): bigint {
  const call = fieldCallsOf(graph)(coordinate);
  if (call === undefined) return 0n;
  const { estimate = 0n, constants = known, reads } = call;
  const own = typeof estimate === 'function' ? estimate(constants) : estimate;
  const typeName = coordinate.slice(0, coordinate.indexOf('.'));
  return reads.reduce((sum, { name }) => sum + estimateField(graph, `${typeName}.${name.value}`, {}), own);
}
