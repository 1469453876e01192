import {
  type GraphQLArgument,
  type GraphQLOutputType,
  isOutputType,
  type NamedTypeNode,
  parseType,
  print,
  type SelectionSetNode,
  typeFromAST,
} from 'graphql';
import type { Problem } from '../kernel/problem.ts';
import type { LinkArgument } from './link-arguments.ts';
import { checkLink } from './link-check.ts';
import { selectionMistakes } from './link-fit.ts';
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
  /** Plain fields of the parent's own source that the link reads: they travel to the target as the entity's key. */
  readonly key: readonly string[];
  /** Fields of the parent that other links resolve, with what is read below them. */
  readonly requires: ReadonlyMap<string, SelectionSetNode>;
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
  return withKeysOfRequired(links, ownership, report);
}

/** A link that reads what other links resolve must carry their keys too, or the target could not ask for them. */
function withKeysOfRequired(
  links: readonly Link[],
  ownership: Ownership,
  report: (problem: Problem) => void,
): readonly Link[] {
  const byCoordinate = new Map(links.map((link) => [`${link.typeName}.${link.fieldName}`, link]));
  const result: Link[] = [];
  for (const link of links) {
    const key = new Set(link.key);
    let usable = true;
    for (const [field, selection] of link.requires) {
      const required = byCoordinate.get(`${link.typeName}.${field}`);
      const own = ownership.field(link.typeName, field);
      if (required === undefined && own !== undefined) {
        usable = reportMistakes(link, field, selection, own.type, { ownership, report }) && usable;
      } else if (required === undefined) usable = false;
      else if (required === link || required.requires.size > 0) {
        usable = false;
        report({
          path: ['links', `${link.typeName}.${link.fieldName}`, 'args'],
          message: `Link "${link.typeName}.${link.fieldName}" reads ${field} ${print(selection)}, which is itself read from other links.`,
          suggestion: 'Read the fields of the first link instead.',
        });
      } else {
        for (const name of required.key) key.add(name);
        const from = typeOfLink(required, ownership);
        if (from !== undefined) usable = reportMistakes(link, field, selection, from, { ownership, report }) && usable;
      }
    }
    if (usable) result.push({ ...link, key: [...key] });
  }
  return result;
}

interface Reading {
  readonly ownership: Ownership;
  readonly report: (problem: Problem) => void;
}

/** Whether what a link reads of the type fits the argument that it is for. */
function reportMistakes(
  link: Link,
  field: string,
  selection: SelectionSetNode,
  from: GraphQLOutputType,
  { ownership, report }: Reading,
): boolean {
  const argument = ownership.rootField(link.target, link.call)?.args.find(({ name }) => {
    const value = link.arguments.get(name);
    return value?.from === 'graph' && value.field === field;
  });
  if (argument === undefined) return true;
  const mistakes = selectionMistakes(from, selection, argument.type, ownership);
  for (const mistake of mistakes) {
    report({
      path: ['links', `${link.typeName}.${link.fieldName}`, 'args'],
      message: `Link "${link.typeName}.${link.fieldName}" ${mistake.replace(/\.?$/, /\?$/.test(mistake) ? '' : '.')}`,
    });
  }
  return mistakes.length === 0;
}

function typeOfLink({ type, target }: Link, ownership: Ownership): GraphQLOutputType | undefined {
  const schema = ownership.sources.get(target)?.schema;
  const found = schema === undefined ? undefined : typeFromAST(schema, parseType(type) as NamedTypeNode);
  return isOutputType(found) ? found : undefined;
}
