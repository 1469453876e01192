import {
  type GraphQLArgument,
  type GraphQLOutputType,
  isOutputType,
  type NamedTypeNode,
  parseType,
  type SelectionSetNode,
  typeFromAST,
} from 'graphql';
import type { Problem } from '../kernel/problem.ts';
import { isOptionalArgument, type LinkArgument } from './link-arguments.ts';
import { chainLinks, coordinateOf } from './link-chains.ts';
import { checkLink } from './link-check.ts';
import { readingMistakes } from './link-fit.ts';
import type { LinkOptions } from './options.ts';
import type { Ownership } from './ownership.ts';

/** A link, checked against the graph: a field of a type, and the call of another source that resolves it. */
export interface Link {
  readonly typeName: string;
  readonly fieldName: string;
  /** Source whose call resolves the field. */
  readonly target: string;
  /** `Query.batchGetStock`. */
  readonly call: string;
  readonly description: string | undefined;
  readonly arguments: ReadonlyMap<string, LinkArgument>;
  /** Arguments of the call that stay arguments of the field. */
  readonly exposed: readonly GraphQLArgument[];
  /** The argument that takes the keys of all parents, for batched links. */
  readonly batch: { readonly argument: string; readonly field: string } | undefined;
  readonly items: readonly string[];
  readonly match: string | undefined;
  readonly pick: string | undefined;
  readonly many: boolean;
  /** The same three names as the target's answer has them. */
  readonly answer: {
    readonly items: readonly string[];
    readonly match: string | undefined;
    readonly pick: string | undefined;
  };
  /** SDL of the field's type. */
  readonly type: string;
  /** Plain fields of the parent's own source that the link reads, itself or by way of others: they travel to the target as the entity's key. */
  readonly key: readonly string[];
  /**
   * Fields of the parent that other links resolve or that have fields themselves, with what is read below them;
   * undefined below plain ones.
   */
  readonly requires: ReadonlyMap<string, SelectionSetNode | undefined>;
  /** What of it, and of what the links read that it reads, is nested in the parent itself. */
  readonly nested: ReadonlyMap<string, SelectionSetNode>;
}

/** Whether the named source is configured but not there; without a name, whether any is. */
export type IsMissing = (sourceName: string | undefined) => boolean;

/** Checks all links against all sources and reports every mistake; links with mistakes are left out. */
export function compileLinks(
  options: Readonly<Record<string, LinkOptions>>,
  ownership: Ownership,
  isMissing: IsMissing,
  report: (problem: Problem) => void,
): readonly Link[] {
  const links: Link[] = [];
  for (const [coordinate, link] of Object.entries(options)) {
    const compiled = checkLink(coordinate, link, { ownership, links: options, isMissing, report });
    if (compiled !== undefined) links.push(compiled);
  }
  const chains = chainLinks(links, ownership);
  const byCoordinate = new Map(links.map((link) => [coordinateOf(link), link]));
  return links.flatMap((link) => {
    const problem = chains.problems.get(coordinateOf(link));
    if (problem !== undefined) report(problem);
    const fits = reportMistakes(link, byCoordinate, ownership, report);
    const chained = chains.links.get(coordinateOf(link));
    return fits && chained !== undefined ? [chained] : [];
  });
}

/** Whether all that a link reads from the graph fits the arguments that it is for. */
function reportMistakes(
  link: Link,
  links: ReadonlyMap<string, Link>,
  ownership: Ownership,
  report: (problem: Problem) => void,
): boolean {
  const call = ownership.rootField(link.target, link.call);
  let fits = true;
  for (const [name, value] of link.arguments) {
    const argument = call?.args.find((candidate) => candidate.name === name);
    if (value.from !== 'graph' || argument === undefined) continue;
    const read = links.get(`${link.typeName}.${value.field}`);
    const from = read === undefined ? ownership.field(link.typeName, value.field)?.type : typeOfLink(read, ownership);
    if (from === undefined) continue;
    const needed = read?.exposed.find((each) => !isOptionalArgument(each));
    const mistakes =
      needed === undefined
        ? readingMistakes(value, from, argument.type, ownership)
        : [`reads "${value.field}", which needs argument "${needed.name}"`];
    for (const mistake of mistakes) {
      fits = false;
      report({
        path: ['links', coordinateOf(link), 'args'],
        message: `Link "${coordinateOf(link)}" ${mistake.replace(/\.?$/, /\?$/.test(mistake) ? '' : '.')}`,
      });
    }
  }
  return fits;
}

function typeOfLink({ type, target }: Link, ownership: Ownership): GraphQLOutputType | undefined {
  const schema = ownership.sources.get(target)?.schema;
  const found = schema === undefined ? undefined : typeFromAST(schema, parseType(type) as NamedTypeNode);
  return isOutputType(found) ? found : undefined;
}
