import {
  type DirectiveNode,
  type DocumentNode,
  type EnumTypeDefinitionNode,
  isTypeDefinitionNode,
  Kind,
  type TypeDefinitionNode,
} from 'graphql';
import type { Findings } from '../findings.ts';
import { argumentsOf, type Link, readLinks, specDirectives } from '../links.ts';
import { SPECS } from '../spec.ts';

/** One subgraph of a supergraph: a value of `join__Graph`. */
export interface JoinGraph {
  /** The enum value, which the other join directives name it by. */
  readonly id: string;
  /** The subgraph's own name. */
  readonly name: string;
  readonly url: string;
  readonly node: DirectiveNode;
}

/** What a supergraph is written with: https://specs.apollo.dev/join, v0.1 to v0.5. */
export interface Supergraph {
  readonly graphs: ReadonlyMap<string, JoinGraph>;
  readonly types: readonly TypeDefinitionNode[];
  /** Version 0.1, of federation 1, tells less: who owns an entity, and nothing of types that are no entities. */
  readonly isFirstVersion: boolean;
  readonly links: readonly Link[];
  /** Directives that say something to subgraphs, as they are called here → federation's name. */
  readonly directives: ReadonlyMap<string, string>;
  /** The arguments of all directives `@join__<name>` of a node. */
  joins(node: { readonly directives?: readonly DirectiveNode[] | undefined }, name: JoinName): readonly Join[];
  isJoin(directive: DirectiveNode): boolean;
}

type JoinName = 'graph' | 'owner' | 'type' | 'field' | 'implements' | 'unionMember' | 'enumValue';

/** Arguments of a join directive. Texts are what they must be only in a file that a composer wrote. */
export interface Join {
  readonly node: DirectiveNode;
  readonly values: Readonly<Record<string, unknown>>;
}

const VERSIONS: readonly (string | undefined)[] = ['v0.1', 'v0.2', 'v0.3', 'v0.4', 'v0.5'];
const MAX_GRAPHS = 1_000;
const NAME = /^[\w.-]{1,128}$/;

/** Undefined, with problems, if the document is no supergraph that we can read. */
export function readSupergraph(document: DocumentNode, findings: Findings): Supergraph | undefined {
  const links = readLinks(document, findings);
  const link = links.find(({ identity }) => identity === `${SPECS}join`);
  if (link === undefined) {
    findings.problem(undefined, 'The file is no supergraph: it does not link the join specification.', {
      suggestion: 'Compose the subgraphs first. The SDL of a single subgraph is a `document`, beside an `endpoint`.',
    });
    return undefined;
  }
  if (!VERSIONS.includes(link.version)) {
    const known = `Known are ${VERSIONS.join(', ')}.`;
    findings.problem(link.node, `The supergraph is written in join ${link.version}, which is not known.`, {
      suggestion: known,
    });
    return undefined;
  }
  const prefix = `${link.namespace}__`;
  const joins: Supergraph['joins'] = (node, name) =>
    (node.directives ?? []).flatMap((directive) =>
      directive.name.value === prefix + name ? [{ node: directive, values: argumentsOf(directive) }] : [],
    );
  const types = document.definitions.filter(isTypeDefinitionNode);
  const graphs = types.find(
    (node): node is EnumTypeDefinitionNode =>
      node.kind === Kind.ENUM_TYPE_DEFINITION && node.name.value === `${prefix}Graph`,
  );
  return {
    graphs: readGraphs(graphs, joins, findings),
    types: types.filter(({ name }) => !isOfSpec(name.value, links)),
    isFirstVersion: link.version === 'v0.1',
    links,
    directives: specDirectives(links),
    joins,
    isJoin: ({ name }) => name.value.startsWith(prefix),
  };
}

function isOfSpec(name: string, links: readonly Link[]): boolean {
  return ['core', ...links.map(({ namespace }) => namespace)].some((namespace) => name.startsWith(`${namespace}__`));
}

function readGraphs(
  node: EnumTypeDefinitionNode | undefined,
  joins: Supergraph['joins'],
  findings: Findings,
): ReadonlyMap<string, JoinGraph> {
  const graphs = new Map<string, JoinGraph>();
  const names = new Set<string>();
  for (const value of (node?.values ?? []).slice(0, MAX_GRAPHS)) {
    const [join] = joins(value, 'graph');
    const { name, url } = join?.values ?? {};
    if (join === undefined || typeof name !== 'string' || !NAME.test(name))
      findings.problem(value, `The subgraph ${value.name.value} has no name that can be the name of a source.`);
    else if (names.has(name)) findings.problem(value, `There are two subgraphs with the name "${name}".`);
    else {
      names.add(name);
      const { value: id } = value.name;
      graphs.set(id, { id, name, url: typeof url === 'string' ? url : '', node: join.node });
    }
  }
  if (graphs.size === 0 && findings.problems.length === 0) findings.problem(node, 'The supergraph has no subgraphs.');
  if ((node?.values?.length ?? 0) > MAX_GRAPHS)
    findings.problem(node, `The supergraph has more than ${MAX_GRAPHS} subgraphs.`);
  return graphs;
}
