import type { GraphQLSchema, ValidationRule } from 'graphql';
import { runAtLeisure } from '../kernel/steps.ts';
import type { Source } from '../sources/source.ts';
import type { Composition } from './compose.ts';
import { createDirectGraph, createDirectSteps, type DirectGraph } from './direct.ts';
import { createDocuments, type Documents } from './plan/documents.ts';
import type { OverrideRules } from './plan/override-labels.ts';
import { warmUp } from './plan/warm-up.ts';
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
  /** Keeps it alive, with its sources, for an operation; the answer lets go, once. */
  hold(): () => void;
  /** Whether an operation runs on it. */
  isHeld(): boolean;
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
  /** From the next generation on. */
  configure(options: GenerationOptions): void;
  /**
   * As `publish`, in slices, for a gateway that serves: what clients ask again and again for is prepared before the swap.
   * `isWanted` is asked at the end; undefined when it says no. One at a time: the caller sees to it.
   */
  publishInSlices(composition: Composition, isWanted: () => boolean): Promise<Generation | undefined>;
  /** There is no graph any more, for who begins now. */
  withdraw(): void;
}

export interface RegistryOptions {
  /** Told once of each generation that another one has replaced and that nothing runs on any more. */
  readonly onRetired?: (generation: Generation) => void;
  /** How long a replaced generation is kept in any case: a request may have been planned on it that is yet to run. */
  readonly graceMs?: number;
}

const GRACE_MS = 10_000;
const WARM_UP = { maxDocuments: 200, maxMs: 1_000 };

export function createRegistry(
  initial: GenerationOptions,
  { onRetired, graceMs = GRACE_MS }: RegistryOptions = {},
): SlicedRegistry {
  let options = initial;
  let current: (Generation & Held) | undefined;
  let last = 0;
  const next = () => last + 1;
  const replace = (generation: (Generation & Held) | undefined) => {
    const old = current;
    current = generation;
    if (old !== undefined) setTimeout(() => old.retire(), graceMs).unref();
  };
  const swap = (generation: Generation & Held): Generation => {
    last = generation.number;
    replace(generation);
    return generation;
  };
  return {
    current: () => current,
    publish: (composition) =>
      swap(generationOf(next(), composition, createDirectGraph(composition), options, onRetired)),
    configure(given) {
      options = given;
    },
    async publishInSlices(composition, isWanted) {
      const direct = await runAtLeisure(createDirectSteps(composition));
      const generation = generationOf(next(), composition, direct, options, onRetired);
      if (current !== undefined) await runAtLeisure(warmUp(generation.documents, current.documents, WARM_UP));
      return isWanted() ? swap(generation) : undefined;
    },
    withdraw: () => replace(undefined),
  };
}

interface Held {
  /** It was replaced: when nothing holds it any more, that is told. */
  retire(): void;
}

export function createGeneration(number: number, composition: Composition, options: GenerationOptions): Generation {
  return generationOf(number, composition, createDirectGraph(composition), options);
}

function generationOf(
  number: number,
  composition: Composition,
  direct: DirectGraph,
  options: GenerationOptions,
  onRetired?: (generation: Generation) => void,
): Generation & Held {
  // Few graphs ever need it, and it takes long to make.
  let stitched: GraphQLSchema | undefined;
  const getStitched = () => {
    stitched ??= createStitchedSchema(composition);
    return stitched;
  };
  let holders = 0;
  let isReplaced = false;
  let isRetired = false;
  const retireUnused = () => {
    if (!isReplaced || isRetired || holders > 0) return;
    isRetired = true;
    onRetired?.(generation);
  };
  const generation: Generation & Held = {
    number,
    schema: direct.schema,
    composition,
    documents: createDocuments({ ...options, direct, stitched: getStitched, cache: CACHE }),
    sources: [...composition.ownership.sources.values()].map(({ source }) => source),
    hold() {
      let held = true;
      holders += 1;
      return () => {
        if (!held) return;
        held = false;
        holders -= 1;
        retireUnused();
      };
    },
    isHeld: () => holders > 0,
    retire() {
      isReplaced = true;
      retireUnused();
    },
  };
  return generation;
}
