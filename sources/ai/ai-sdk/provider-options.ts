import { claudeTraits } from '../dialects/claude-models.ts';
import { refuse } from '../dialects/dialect.ts';
import type { JsonObject, ReasoningEffort, ReasoningOptions } from '../model.ts';

/** What a parameter without a place in the specification is called by a package; `undefined` where it has no word for it. */
interface Words {
  reasoning?(asked: ReasoningOptions, modelId: string): JsonObject | undefined;
  /** That several tools may be called in one answer, or not. */
  parallel?(isWanted: boolean, modelId: string): JsonObject | undefined;
}

/** For models that count their thoughts in tokens. */
const EFFORT_TOKENS: Readonly<Record<Exclude<ReasoningEffort, 'none'>, number>> = {
  minimal: 1_024,
  low: 2_048,
  medium: 8_192,
  high: 24_576,
};

function budgetOf({ effort, budgetTokens }: ReasoningOptions): number | undefined {
  return budgetTokens ?? (effort === undefined || effort === 'none' ? undefined : EFFORT_TOKENS[effort]);
}

/** Claude knows no effort below low. */
function claudeEffort(effort: ReasoningEffort | undefined): string | undefined {
  return effort === 'minimal' ? 'low' : effort;
}

const isClaude = (modelId: string) => modelId.includes('claude');
const efforts = (namespace: string): Words => ({
  reasoning: ({ effort }) => (effort === undefined ? undefined : { [namespace]: { reasoningEffort: effort } }),
  parallel: (isWanted) => ({ [namespace]: { parallelToolCalls: isWanted } }),
});

const google: Words = {
  reasoning({ effort, budgetTokens }, modelId) {
    if (budgetTokens === undefined && /gemini-(?!1|2)\d/.test(modelId))
      return effort === 'none'
        ? undefined
        : { google: { thinkingConfig: { thinkingLevel: effort, includeThoughts: true } } };
    const thinkingBudget = effort === 'none' ? 0 : budgetOf({ effort, budgetTokens });
    return { google: { thinkingConfig: { thinkingBudget, includeThoughts: thinkingBudget !== 0 } } };
  },
};

const WORDS: Readonly<Record<string, Words>> = {
  '@ai-sdk/amazon-bedrock': {
    reasoning(asked, modelId) {
      const { effort, budgetTokens } = asked;
      const config = (reasoningConfig: JsonObject) => ({ bedrock: { reasoningConfig } });
      if (effort === 'none') return config({ type: 'disabled' });
      if (!isClaude(modelId))
        return budgetTokens === undefined ? config({ type: 'enabled', maxReasoningEffort: effort }) : undefined;
      const { isAdaptive, takesBudget } = claudeTraits(modelId);
      if (budgetTokens === undefined && isAdaptive)
        return config({ type: 'adaptive', maxReasoningEffort: claudeEffort(effort) });
      return takesBudget ? config({ type: 'enabled', budgetTokens: budgetOf(asked) }) : undefined;
    },
    parallel: (isWanted, modelId) =>
      isClaude(modelId) ? { anthropic: { disableParallelToolUse: !isWanted } } : undefined,
  },
  '@ai-sdk/anthropic': {
    reasoning(asked, modelId) {
      const { effort, budgetTokens } = asked;
      if (effort === 'none') return { anthropic: { thinking: { type: 'disabled' } } };
      const { isAdaptive, takesBudget } = claudeTraits(modelId);
      if (budgetTokens === undefined && isAdaptive)
        return { anthropic: { thinking: { type: 'adaptive' }, effort: claudeEffort(effort) } };
      return takesBudget ? { anthropic: { thinking: { type: 'enabled', budgetTokens: budgetOf(asked) } } } : undefined;
    },
    parallel: (isWanted) => ({ anthropic: { disableParallelToolUse: !isWanted } }),
  },
  '@ai-sdk/cohere': {
    reasoning: (asked) => ({
      cohere: {
        thinking: asked.effort === 'none' ? { type: 'disabled' } : { type: 'enabled', tokenBudget: budgetOf(asked) },
      },
    }),
  },
  '@ai-sdk/mistral': {
    reasoning: ({ effort }) =>
      effort === 'none' || effort === 'high' ? { mistral: { reasoningEffort: effort } } : undefined,
    parallel: (isWanted) => ({ mistral: { parallelToolCalls: isWanted } }),
  },
  '@ai-sdk/google': google,
  '@ai-sdk/google-vertex': google,
  '@ai-sdk/openai': efforts('openai'),
  '@ai-sdk/azure': efforts('openai'),
};

/** What of a question goes to the package in its own words. @throws SkeinError BAD_USER_INPUT for what it has none for. */
export function wordsOf(
  packageName: string,
  modelId: string,
  {
    reasoning,
    parallelToolCalls,
  }: { reasoning?: ReasoningOptions | undefined; parallelToolCalls?: boolean | undefined },
): readonly JsonObject[] {
  const words = Object.hasOwn(WORDS, packageName) ? WORDS[packageName] : undefined;
  const said: JsonObject[] = [];
  if (reasoning?.effort !== undefined || reasoning?.budgetTokens !== undefined) {
    const own = words?.reasoning?.(reasoning, modelId);
    const parameter = reasoning.budgetTokens === undefined ? 'reasoning.effort' : 'reasoning.budgetTokens';
    if (own === undefined) throw refuse(parameter, 'cannot be asked of this model in this way');
    said.push(own);
  }
  if (parallelToolCalls !== undefined) {
    const own = words?.parallel?.(parallelToolCalls, modelId);
    if (own !== undefined) said.push(own);
    // Several is what they all do where nobody says otherwise.
    else if (!parallelToolCalls) throw refuse('parallelToolCalls', 'cannot be turned off for this model');
  }
  return said;
}
