import { SkeinError } from '../../kernel/errors.ts';
import { claudeGeneration } from './dialects/claude-models.ts';
import { partPath, partsOf } from './dialects/content.ts';
import type { ProviderDialect } from './dialects/index.ts';
import type { ModelRequest } from './model.ts';

export const CAPABILITIES = [
  'chat',
  'tools',
  'structuredOutput',
  'images',
  'files',
  'reasoning',
  'sampling',
  'stop',
  'seed',
  'logprobs',
  'embeddings',
] as const;
export type Capability = (typeof CAPABILITIES)[number];
export type Capabilities = Readonly<Record<Capability, boolean>>;

/** What a format cannot carry. */
const DIALECT_LACKS: Readonly<Record<ProviderDialect, readonly Capability[]>> = {
  openai: [],
  'openai-responses': ['stop', 'seed', 'embeddings'],
  anthropic: ['seed', 'logprobs', 'embeddings'],
  gemini: [],
  // Packages may leave out what their models cannot: what is not the same with all of them is for the configuration to say.
  'ai-sdk': ['images', 'files', 'reasoning', 'seed', 'logprobs', 'embeddings'],
};

/** What models are known to lack, by their ids. What is in no line is left to the provider to judge. */
const MODEL_LACKS: readonly (readonly [RegExp, readonly Capability[]])[] = [
  // Models that always reason choose their words themselves.
  [/^(?:openai\/)?(?:o[134](?:-|$)|gpt-5(?:-mini|-nano|-pro|-codex)?(?:-\d{4}|$))/, ['sampling', 'logprobs', 'stop']],
  [/^(?:openai\/)?(?:gpt-3\.5|gpt-4(?!\d)|chatgpt-4o)/, ['reasoning']],
  [/^(?:openai\/)?gpt-3\.5/, ['images', 'files', 'structuredOutput']],
  [/^(?:openai\/)?gpt-4(?:-\d{4}|-32k|-turbo|$)/, ['structuredOutput']],
];

/** Vectors and nothing else. */
const EMBEDDING_MODEL = /embed|(?:^|\/)(?:bge|e5|gte)-/i;

export interface ModelTraits {
  readonly dialect: ProviderDialect;
  /** What its provider's models lack. */
  readonly lacks?: readonly Capability[] | undefined;
  readonly modelId: string;
  /** The configuration's word, which is the last. */
  readonly given?: Readonly<Partial<Record<Capability, boolean | undefined>>> | undefined;
}

export function capabilitiesOf({ dialect, lacks = [], modelId, given = {} }: ModelTraits): Capabilities {
  const missing = new Set<Capability>([...DIALECT_LACKS[dialect], ...lacks]);
  for (const [pattern, lacked] of MODEL_LACKS) if (pattern.test(modelId)) for (const one of lacked) missing.add(one);
  if (modelId.includes('claude')) for (const one of claudeLacks(modelId)) missing.add(one);
  if (EMBEDDING_MODEL.test(modelId)) {
    for (const one of CAPABILITIES) if (one !== 'embeddings') missing.add(one);
  } else if (dialect === 'gemini') missing.add('embeddings');
  const known = CAPABILITIES.map((one) => [one, given[one] ?? !missing.has(one)]);
  return Object.fromEntries(known) as Record<Capability, boolean>;
}

function claudeLacks(modelId: string): readonly Capability[] {
  const generation = claudeGeneration(modelId);
  if (generation < 3.7) return ['reasoning'];
  return generation >= 4.7 && Number.isFinite(generation) ? ['sampling'] : [];
}

/** Something a request asks for, and by which parameter. */
export interface Need {
  readonly capability: Capability;
  readonly parameter: string;
}

/** What the request asks for, in the order in which people would be told. */
export function needsOf(request: ModelRequest): readonly Need[] {
  const needs: Need[] = [{ capability: 'chat', parameter: 'model' }];
  const add = (capability: Capability, parameter: string, isAsked: boolean) => {
    if (isAsked) needs.push({ capability, parameter });
  };
  add('tools', 'tools', (request.tools?.length ?? 0) > 0);
  add('structuredOutput', 'output', request.output !== undefined);
  add('reasoning', 'reasoning', request.reasoning !== undefined && request.reasoning.effort !== 'none');
  add('sampling', 'temperature', request.temperature !== undefined);
  add('sampling', 'topP', request.topP !== undefined);
  add('stop', 'stop', request.stop !== undefined);
  add('seed', 'seed', request.seed !== undefined);
  add('logprobs', 'logprobs', request.logprobs !== undefined);
  for (const [index, message] of request.messages.entries()) {
    if (typeof message.content === 'string') continue;
    for (const [place, part] of partsOf(message).entries()) {
      const path = partPath(index, place, message.content);
      add('images', path, part.type === 'image');
      add('files', path, part.type === 'file');
    }
  }
  return needs;
}

const WORDS: Readonly<Record<Capability, string>> = {
  chat: 'cannot chat',
  tools: 'cannot call tools',
  structuredOutput: 'cannot be held to a schema',
  images: 'cannot see images',
  files: 'cannot read files',
  reasoning: 'cannot reason',
  sampling: 'chooses its words itself',
  stop: 'takes no texts to stop at',
  seed: 'takes no seed',
  logprobs: 'tells no probabilities',
  embeddings: 'makes no embeddings',
};

/** The first need that is not met. */
export function unmet(needs: readonly Need[], capabilities: Capabilities): Need | undefined {
  return needs.find(({ capability }) => !capabilities[capability]);
}

/** @returns SkeinError BAD_USER_INPUT that names the parameter. */
export function incapable(model: string, { capability, parameter }: Need): SkeinError {
  const message = `"${parameter}" asks for more than the model "${model}" can: it ${WORDS[capability]}.`;
  return new SkeinError('BAD_USER_INPUT', message, { details: { source: 'ai', operation: model } });
}

const CHARACTERS_PER_TOKEN = 4;
export const TOKENS_PER_MEDIUM = 1_000;

/** About how many tokens a request is: a quarter of its characters, and a thousand for each image or file. */
export function estimateInputTokens(request: ModelRequest): number {
  let characters = request.system?.length ?? 0;
  let media = 0;
  for (const { content } of request.messages) {
    if (typeof content === 'string') characters += content.length;
    else
      for (const part of content) {
        if (part.type === 'text' || part.type === 'reasoning') characters += part.text.length;
        else if (part.type === 'tool-call') characters += part.arguments.length;
        else if (part.type === 'tool-result') characters += JSON.stringify(part.content).length;
        else media += 1;
      }
  }
  for (const tool of request.tools ?? []) characters += JSON.stringify(tool).length;
  return estimateTokens(characters) + media * TOKENS_PER_MEDIUM;
}

/** About how many tokens texts are together. */
export function estimateTextTokens(texts: readonly string[]): number {
  return estimateTokens(texts.reduce((sum, text) => sum + text.length, 0));
}

export function estimateTokens(characters: number): number {
  return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}
