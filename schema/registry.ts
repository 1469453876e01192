import type { GraphQLSchema, ValidationRule } from 'graphql';
import { runInSlices } from '../kernel/steps.ts';
import type { Source } from '../sources/source.ts';
import type { Composition } from './compose.ts';
import { createDirectGraph, createDirectSteps, type DirectGraph } from './direct.ts';
import { createDocuments, type Documents } from './plan/documents.ts';
import type { OverrideRules } from './plan/override-labels.ts';
import type { Way } from './plan/way.ts';
import { createStitchedSchema } from './stitched.ts';

/** One immutable, executable build of the graph. */
export interface Generation {
  /** Counts up from 1. */
  readonly number: number;
  /** What clients see and introspect. */
  readonly schema: GraphQLSchema;
  readonly composition: Composition;
  readonly documents: Documents;
  readonly sources: readonly Source[];
}

export interface GenerationOptions {
  readonly rules: readonly ValidationRule[];
  readonly maxTokens: number;
  /** When progressive overrides hold. */
  readonly overrides?: OverrideRules | undefined;
  readonly way?: Way;
}

const CACHE = { maxDocuments: 2_000, maxCharacters: 8_000_000, maxCompiledFields: 50_000 };

/** Holds the generation that new requests begin on. Requests and streams under way keep the one they have. */
export interface Registry {
  /** Undefined until the first generation is there. */
  current(): Generation | undefined;
  /** Builds a generation beside the running one and swaps it in with one assignment. */
  publish(composition: Composition): Generation;
}

export interface SlicedRegistry extends Registry {
  /**
   * As `publish`, in slices of some milliseconds, for a gateway that serves. `isWanted` is asked at the end; undefined
   * when it says no. One at a time: the caller sees to it.
   */
  publishInSlices(composition: Composition, isWanted: () => boolean): Promise<Generation | undefined>;
}

export function createRegistry(options: GenerationOptions): SlicedRegistry {
  let current: Generation | undefined;
  const next = () => (current?.number ?? 0) + 1;
  return {
    current: () => current,
    publish(composition) {
      current = createGeneration(next(), composition, options);
      return current;
    },
    async publishInSlices(composition, isWanted) {
      const direct = await runInSlices(createDirectSteps(composition));
      if (!isWanted()) return undefined;
      current = generationOf(next(), composition, direct, options);
      return current;
    },
  };
}

export function createGeneration(number: number, composition: Composition, options: GenerationOptions): Generation {
  return generationOf(number, composition, createDirectGraph(composition), options);
}

function generationOf(
  number: number,
  composition: Composition,
  direct: DirectGraph,
  options: GenerationOptions,
): Generation {
  // Few graphs ever need it, and it takes long to make.
  let stitched: GraphQLSchema | undefined;
  const getStitched = () => {
    stitched ??= createStitchedSchema(composition);
    return stitched;
  };
  return {
    number,
    schema: direct.schema,
    composition,
    documents: createDocuments({ ...options, direct, stitched: getStitched, cache: CACHE }),
    sources: [...composition.ownership.sources.values()].map(({ source }) => source),
  };
}
