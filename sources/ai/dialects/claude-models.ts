/** What a generation of Claude takes. Names that tell none are taken for the newest. */
export interface ClaudeTraits {
  /** It decides itself how much to think, and is told an effort; the older ones count thoughts in tokens. */
  readonly isAdaptive: boolean;
  /** It takes a number of tokens for its thoughts. */
  readonly takesBudget: boolean;
}

export function claudeTraits(model: string): ClaudeTraits {
  const generation = claudeGeneration(model);
  return { isAdaptive: generation >= 4.6, takesBudget: generation < 4.7 };
}

/** `claude-opus-4-7` → 4.7, `claude-3-5-haiku-latest` → 3.5, `claude-sonnet-4-20250514` → 4. */
export function claudeGeneration(model: string): number {
  const [, newMajor, newMinor] = /claude-[a-z]+-(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/.exec(model) ?? [];
  const [, oldMajor, oldMinor] = /claude-(?:v)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/.exec(model) ?? [];
  const [major, minor] = newMajor === undefined ? [oldMajor, oldMinor] : [newMajor, newMinor];
  return major === undefined ? Number.POSITIVE_INFINITY : Number(major) + Number(minor ?? 0) / 10;
}
