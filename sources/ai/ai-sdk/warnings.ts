import type { LanguageModelV3CallOptions, SharedV3Warning } from '@ai-sdk/provider';
import { SkeinError } from '../../../kernel/errors.ts';
import { refuse } from '../dialects/dialect.ts';

/** What parameters are called by those who ask. */
const PARAMETERS: Readonly<Record<string, string>> = {
  maxOutputTokens: 'maxTokens',
  temperature: 'temperature',
  topP: 'topP',
  topK: 'topK',
  presencePenalty: 'presencePenalty',
  frequencyPenalty: 'frequencyPenalty',
  stopSequences: 'stop',
  seed: 'seed',
  responseFormat: 'output',
  tools: 'tools',
  toolChoice: 'toolChoice',
};

/** Of one model: a note may have a part of a question in it. */
const MAX_NOTES = 50;

/**
 * A package tells what it has left out of a question only once it is sent. Such an answer is none; and where the package
 * leaves a parameter out whatever it is, the next question with it is refused beforehand. What else it tells is for the
 * operator to know.
 */
export class LeftOut {
  readonly #known = new Set<keyof LanguageModelV3CallOptions>();
  readonly #told = new Set<string>();
  readonly #tell: (note: string) => void;

  /** `tell`: given each note once. */
  constructor(tell: (note: string) => void) {
    this.#tell = tell;
  }

  /** @throws SkeinError BAD_USER_INPUT for a parameter that is known to be left out. */
  check(options: LanguageModelV3CallOptions): void {
    for (const name of this.#known)
      if (options[name] !== undefined) throw refuse(PARAMETERS[name] ?? name, 'is not taken by this model');
  }

  /** @throws SkeinError UPSTREAM_REJECTED when something of the question was left out. */
  judge(warnings: readonly SharedV3Warning[] | undefined): void {
    const left = (warnings ?? []).filter((warning) => warning.type === 'unsupported');
    for (const warning of warnings ?? []) if (warning.type !== 'unsupported') this.#note(warning);
    const [first] = left;
    if (first === undefined) return;
    // With details it is about this value, or this value beside another.
    for (const { feature, details } of left)
      if (details === undefined && Object.hasOwn(PARAMETERS, feature))
        this.#known.add(feature as keyof LanguageModelV3CallOptions);
    const name = PARAMETERS[first.feature] ?? (/^[\w .-]{1,60}$/.test(first.feature) ? first.feature : 'a parameter');
    throw new SkeinError('UPSTREAM_REJECTED', `"${name}" is not taken by this model, which would answer without it.`, {
      cause: new Error(`The package has left out of the question: ${left.map(({ feature }) => feature).join(', ')}.`),
    });
  }

  #note(warning: Exclude<SharedV3Warning, { type: 'unsupported' }>): void {
    const note =
      warning.type === 'other' ? warning.message : `${warning.feature}: ${warning.details ?? 'compatibility'}`;
    if (this.#told.has(note) || this.#told.size >= MAX_NOTES) return;
    this.#told.add(note);
    this.#tell(note);
  }
}
