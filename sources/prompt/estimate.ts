import { getNamedType } from 'graphql';
import { estimateTokens, needsOf, TOKENS_PER_MEDIUM } from '../ai/capabilities.ts';
import { nanoUsdOf } from '../ai/cost.ts';
import { estimateCallCost, estimateValueTokens } from '../ai/estimate-cost.ts';
import type { Models } from '../ai/model-client.ts';
import type { Arguments } from '../source.ts';
import { MEDIA_DEFINITIONS } from './media-values.ts';
import type { PromptOptions } from './options.ts';
import type { ReadPrompt } from './read-prompt.ts';
import { createValues } from './template-values.ts';
import { type PromptVersion, versionsOf } from './versions.ts';

/** Tokens that what is put into a template is reckoned with, where it is not known to be more; of an image or a file besides. */
export const ASSUMED_INPUT_TOKENS = 1_000;

/** What a call of the prompt may cost, in nano-USD, by its arguments as far as they are known. */
export type PromptEstimate = (known: Arguments) => bigint;

/**
 * By the dearest of the versions that are released: all that they say themselves, what is put in, and as long an answer as
 * there may be. A version that is shared out to nobody can be named by a header, and counts like the others.
 */
export function createPromptEstimate(
  options: PromptOptions,
  { types, output }: Pick<ReadPrompt, 'types' | 'output'>,
  models: Pick<Models, 'route'>,
): PromptEstimate {
  if (options.estimatedCostUsd !== undefined) {
    const given = nanoUsdOf(options.estimatedCostUsd);
    return () => given;
  }
  const schemaTokens = output === undefined ? 0 : estimateTokens(JSON.stringify(output.shape.schema).length);
  const media = types.args.filter(({ type }) => MEDIA_DEFINITIONS.has(getNamedType(type).name)).length;
  const assumed = types.args.length === 0 ? 0 : ASSUMED_INPUT_TOKENS + media * TOKENS_PER_MEDIUM;
  const released = options.release?.map(({ version }) => version);
  const versions = versionsOf(options)
    .filter(({ name }) => released?.includes(name) !== false)
    .map((version) => ({ ...version, ownTokens: estimateTokens(ownCharacters(version)) + schemaTokens }));

  const estimate = (valueTokens: number): bigint => {
    let most = 0n;
    for (const { route, ownTokens, maxTokens, temperature } of versions) {
      const needs = needsOf({ messages: [], temperature, output: output?.shape });
      const cost = estimateCallCost(models.route(route), { needs, inputTokens: ownTokens + valueTokens, maxTokens });
      if (cost > most) most = cost;
    }
    return most;
  };
  const valuesOf = createValues(types.args);
  /** Images and files are what their types say; a text that looks like one is a text. */
  const tokensOf = (known: Arguments): number => {
    let media = 0;
    const texts = valuesOf(known, { mark: () => String(++media) });
    return estimateValueTokens(texts, media);
  };
  let usual: bigint | undefined;
  return (known) => {
    const tokens = Object.keys(known).length === 0 ? 0 : tokensOf(known);
    if (tokens > assumed) return estimate(tokens);
    usual ??= estimate(assumed);
    return usual;
  };
}

/** What a version says whatever it is asked. */
function ownCharacters({ template, system = '', examples = [] }: PromptVersion): number {
  const turns = examples.map((example) => template.length + JSON.stringify(example).length);
  return turns.reduce((sum, length) => sum + length, template.length + system.length);
}
