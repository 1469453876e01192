import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  parse,
  specifiedRules,
  type ValidationRule,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { SkeinError } from '../../kernel/errors.ts';
import type { DirectGraph } from '../direct.ts';
import { type CompiledCache, createCompiledCache } from './compiled-cache.ts';
import { asksForAllTypes, readingAllTypes } from './introspected.ts';
import type { OverrideRules } from './override-labels.ts';
import { createPlan, type Plan } from './plan.ts';
import type { Way } from './way.ts';
import { writtenSize } from './written-size.ts';

/** What is known of a document's text: mistakes, or a plan per operation. */
export type PreparedDocument =
  | { readonly errors: readonly GraphQLError[] }
  | {
      readonly errors?: undefined;
      readonly document: DocumentNode;
      /** Characters of its operations with fragments spread out. */
      readonly size: number;
      /** The plan of the named operation; throws BAD_REQUEST when there is no such one. */
      plan(operationName: string | null | undefined): Plan;
    };

export interface DocumentsOptions {
  readonly direct: DirectGraph;
  readonly stitched: () => GraphQLSchema;
  /** Rules beside GraphQL's own: limits on depth and size. */
  readonly rules: readonly ValidationRule[];
  readonly maxTokens: number;
  /** Documents, characters of their text with fragments spread out, and fields of compiled documents that are kept, at the most. */
  readonly cache: { readonly maxDocuments: number; readonly maxCharacters: number; readonly maxCompiledFields: number };
  /** When progressive overrides hold. */
  readonly overrides?: OverrideRules | undefined;
  /** Forces one way, for the tests that hold the ways together. */
  readonly way?: Way;
}

export interface Documents {
  prepare(text: string): PreparedDocument;
  /** What was asked for more than once, the latest first. */
  repeated(): Iterable<RepeatedDocument>;
}

export interface RepeatedDocument {
  readonly text: string;
  /** Of the operations that were planned. */
  readonly operationNames: readonly (string | undefined)[];
}

interface Entry {
  readonly prepared: PreparedDocument;
  readonly plans: ReadonlyMap<string | undefined, Plan>;
  uses: number;
}

/**
 * Fragments that are spread many times can make a thousand times their text of a document, and that is what is planned,
 * kept and sent to upstreams. A document without them is bounded by its request.
 */
const MAX_WRITTEN_CHARACTERS = 1_000_000;

/** Parses, validates and plans each document once per generation, in a bounded cache. */
export function createDocuments(options: DocumentsOptions): Documents {
  const compiled = createCompiledCache(options.cache.maxCompiledFields);
  const cache = new LRUCache<string, Entry>({
    max: options.cache.maxDocuments,
    maxSize: options.cache.maxCharacters,
    sizeCalculation: ({ prepared }, text) =>
      1 + (prepared.errors === undefined ? Math.max(text.length, prepared.size) : text.length),
  });
  return {
    prepare(text) {
      let entry = cache.get(text);
      if (entry === undefined) {
        const plans = new Map<string | undefined, Plan>();
        entry = { prepared: prepareDocument(text, options, compiled, plans), plans, uses: 0 };
        cache.set(text, entry);
      }
      entry.uses += 1;
      return entry.prepared;
    },
    *repeated() {
      for (const [text, { plans, uses }] of cache.entries())
        if (uses > 1 && plans.size > 0) yield { text, operationNames: [...plans.keys()] };
    },
  };
}

function prepareDocument(
  text: string,
  { direct, stitched, rules, maxTokens, overrides, way }: DocumentsOptions,
  compiled: CompiledCache,
  plans: Map<string | undefined, Plan>,
): PreparedDocument {
  let document: DocumentNode;
  try {
    document = parse(text, { maxTokens });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const code = /^Syntax Error: Document contains more that \d+ tokens/.test(error.message)
      ? 'OPERATION_TOO_COMPLEX'
      : 'GRAPHQL_PARSE_FAILED';
    return { errors: [withCode(error, code)] };
  }
  const errors = validate(direct.schema, document, [...specifiedRules, ...rules], { maxErrors: 20 });
  if (errors.length > 0) return { errors: errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED')) };
  const size = writtenSize(document);
  if (size > Math.max(MAX_WRITTEN_CHARACTERS, text.length)) return { errors: [tooLarge()] };

  return {
    document,
    size,
    plan(operationName) {
      const known = plans.get(operationName ?? undefined);
      if (known !== undefined) return known;
      const operation = getOperationAST(document, operationName);
      if (operation == null) throw new SkeinError('BAD_REQUEST', missingOperation(document, operationName));
      const made = createPlan({ document, operation, way, overrides, direct, stitched, compiled });
      const plan = asksForAllTypes(text) ? readingAllTypes(made, direct.schema) : made;
      plans.set(operationName ?? undefined, plan);
      return plan;
    },
  };
}

function tooLarge(): GraphQLError {
  return new GraphQLError(
    `With its fragments spread out, the document has more than ${MAX_WRITTEN_CHARACTERS} characters.`,
    { extensions: { code: 'OPERATION_TOO_COMPLEX' } },
  );
}

function missingOperation(document: DocumentNode, operationName: string | null | undefined): string {
  if (operationName != null) return `The document has no operation named "${operationName}".`;
  const count = document.definitions.filter((definition) => definition.kind === 'OperationDefinition').length;
  return count === 0
    ? 'The document has no operation.'
    : 'The document has several operations: name one in "operationName".';
}

function withCode(error: GraphQLError, code: string): GraphQLError {
  const { message, nodes, source, positions, path } = error;
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    path: path ?? null,
    extensions: { code, ...error.extensions },
  });
}
