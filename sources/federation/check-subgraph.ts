import { validateSubgraph } from '@theguild/federation-composition';
import {
  type ASTNode,
  buildASTSchema,
  isTypeDefinitionNode,
  Kind,
  parse,
  type TypeDefinitionNode,
  validateSchema,
  visit,
  visitInParallel,
} from 'graphql';
import { specifiedSDLRules } from 'graphql/validation/specifiedRules.js';
import { SDLValidationContext } from 'graphql/validation/ValidationContext.js';
import { describeError } from '../../kernel/errors.ts';
import { checkFieldSets } from './field-sets.ts';
import { type Findings, MAX_PROBLEMS } from './findings.ts';
import { asDefinition } from './print-subgraph.ts';
import { FEDERATION_DIRECTIVES } from './spec.ts';
import type { SubgraphDocument, TypeNode } from './subgraph-document.ts';

/** Finds what is wrong with a subgraph by the rules for GraphQL documents. */
export function checkDocument(document: SubgraphDocument, findings: Findings): void {
  if (document.types.length === 0) findings.problem(undefined, 'The subgraph has neither types nor fields of its own.');
  checkFieldSets(document.types, findings);
  checkNames(document, findings);
}

/** Finds what is wrong with its schema: by GraphQL's rules, then by federation's as the composer has them. */
export function checkSubgraph(
  name: string,
  document: SubgraphDocument,
  { plain, federationSdl }: { readonly plain: readonly TypeDefinitionNode[]; readonly federationSdl: string },
  findings: Findings,
): void {
  const lines = createLines(document);
  checkSchema(plain, document, lines, findings);
  if (findings.problems.length === 0) checkFederation(name, federationSdl, lines, findings);
}

class TooManyErrors extends Error {}

/** Unknown and doubled names, misplaced directives and the like. */
function checkNames({ types, executable }: SubgraphDocument, findings: Findings): void {
  const definitions = [
    ...FEDERATION_DIRECTIVES.values(),
    ...executable.map(({ definition }) => definition),
    ...defineExtended(types),
  ];
  const document = { kind: Kind.DOCUMENT, definitions } as const;
  let count = 0;
  const context = new SDLValidationContext(document, undefined, (error) => {
    findings.error(error);
    count += 1;
    if (count > MAX_PROBLEMS) throw new TooManyErrors();
  });
  try {
    visit(document, visitInParallel(specifiedSDLRules.map((rule) => rule(context))));
  } catch (error) {
    if (!(error instanceof TooManyErrors)) throw error;
  }
}

/** In a subgraph a type may be extended that only others define. */
function defineExtended(types: readonly TypeNode[]): TypeNode[] {
  const defined = new Set(types.filter(isTypeDefinitionNode).map(({ name }) => name.value));
  return types.map((node) => {
    if (defined.has(node.name.value)) return node;
    defined.add(node.name.value);
    return asDefinition(node);
  });
}

/** Interfaces that are not implemented, types without fields and the like. */
function checkSchema(
  plain: readonly TypeDefinitionNode[],
  { executable }: SubgraphDocument,
  lines: Lines,
  findings: Findings,
): void {
  const definitions = [...plain, ...executable.map(({ definition }) => definition)];
  // Without locations: an error with one takes as long to make as the document is.
  const bare = visit({ kind: Kind.DOCUMENT, definitions } as const, { enter: withoutLocation });
  const schema = buildASTSchema(bare, { assumeValidSDL: true });
  for (const { message } of validateSchema(schema)) {
    if (message !== 'Query root type must be provided.') findings.problem(lines(message), message);
  }
}

function withoutLocation(node: ASTNode): ASTNode | undefined {
  if (node.loc === undefined) return undefined;
  const { loc: _loc, ...rest } = node;
  return rest;
}

/** The composer throws on some documents that it should refuse: what it says is a problem like any other. */
function checkFederation(name: string, federationSdl: string, lines: Lines, findings: Findings): void {
  const typeDefs = parse(federationSdl, { noLocation: true });
  try {
    for (const { message, extensions } of validateSubgraph({ name, typeDefs })) {
      const text = message.startsWith(`[${name}] `) ? message.slice(name.length + 3) : message;
      const code = typeof extensions.code === 'string' ? ` (${extensions.code})` : '';
      findings.problem(lines(message), `${text}${code}`);
    }
  } catch (error) {
    findings.problem(undefined, `The composer cannot read the subgraph: ${describeError(error)}`);
  }
}

/** Where the type or field stands that a message speaks of. */
type Lines = (message: string) => ASTNode | undefined;

function createLines({ types }: SubgraphDocument): Lines {
  let nodes: Map<string, ASTNode> | undefined;
  return (message) => {
    nodes ??= nodesByName(types);
    let found: ASTNode | undefined;
    for (const [, name = ''] of message.matchAll(/\b([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?)\b/g)) {
      const node = nodes.get(name);
      if (node === undefined) continue;
      if (name.includes('.')) return node;
      found ??= node;
    }
    return found;
  };
}

function nodesByName(types: SubgraphDocument['types']): Map<string, ASTNode> {
  const nodes = new Map<string, ASTNode>();
  for (const type of types) {
    if (!nodes.has(type.name.value)) nodes.set(type.name.value, type);
    const members = 'fields' in type ? type.fields : 'values' in type ? type.values : undefined;
    for (const member of members ?? []) nodes.set(`${type.name.value}.${member.name.value}`, member);
  }
  return nodes;
}
