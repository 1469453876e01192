import {
  buildASTSchema,
  type DefinitionNode,
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  parse,
  validateSchema,
  visit,
} from 'graphql';
import { describeError } from '../../kernel/errors.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';

const MAX_TOKENS = 500_000;

const KEPT_DIRECTIVES: ReadonlySet<string> = new Set(['deprecated', 'specifiedBy', 'oneOf']);

const DEFINITION_OF = {
  [Kind.OBJECT_TYPE_EXTENSION]: Kind.OBJECT_TYPE_DEFINITION,
  [Kind.INTERFACE_TYPE_EXTENSION]: Kind.INTERFACE_TYPE_DEFINITION,
  [Kind.INPUT_OBJECT_TYPE_EXTENSION]: Kind.INPUT_OBJECT_TYPE_DEFINITION,
  [Kind.ENUM_TYPE_EXTENSION]: Kind.ENUM_TYPE_DEFINITION,
  [Kind.UNION_TYPE_EXTENSION]: Kind.UNION_TYPE_DEFINITION,
  [Kind.SCALAR_TYPE_EXTENSION]: Kind.SCALAR_TYPE_DEFINITION,
} as const;

/**
 * Reads a service's SDL. Directives of its own say nothing to us and are left out; a type that is only extended, as
 * services with several SDL files write it, is taken as defined.
 * @throws ProblemsError with the lines
 */
export function readSchema(text: string, file: string): GraphQLSchema {
  let schema: GraphQLSchema;
  try {
    schema = buildASTSchema(defineExtended(withoutDirectives(parse(text, { maxTokens: MAX_TOKENS }))));
  } catch (error) {
    throw new ProblemsError([problem(error, file)]);
  }
  const errors = validateSchema(schema);
  if (errors.length > 0) throw new ProblemsError(errors.map((error) => problem(error, file)));
  return schema;
}

function withoutDirectives(document: DocumentNode): DocumentNode {
  return visit(document, {
    DirectiveDefinition: () => null,
    Directive: (node) => (KEPT_DIRECTIVES.has(node.name.value) ? undefined : null),
  });
}

function defineExtended(document: DocumentNode): DocumentNode {
  const defined = new Set<string>();
  for (const node of document.definitions) {
    if ('name' in node && node.name && !node.kind.endsWith('Extension')) defined.add(node.name.value);
  }
  const definitions = document.definitions.flatMap((node): DefinitionNode[] => {
    // What is left of `extend schema @link(…)`.
    if (node.kind === Kind.SCHEMA_EXTENSION && !node.operationTypes?.length) return [];
    if (!('name' in node) || !node.name || !isTypeExtension(node) || defined.has(node.name.value)) return [node];
    defined.add(node.name.value);
    return [{ ...node, kind: DEFINITION_OF[node.kind] } as DefinitionNode];
  });
  return { ...document, definitions };
}

function isTypeExtension(node: DefinitionNode): node is DefinitionNode & { kind: keyof typeof DEFINITION_OF } {
  return Object.hasOwn(DEFINITION_OF, node.kind);
}

function problem(error: unknown, file: string): Problem {
  const line = error instanceof GraphQLError ? error.locations?.[0]?.line : undefined;
  return { message: describeError(error), file, ...(line === undefined ? {} : { line }) };
}
