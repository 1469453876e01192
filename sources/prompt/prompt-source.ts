import { type GraphQLOutputType, isNonNullType, Kind, print } from 'graphql';
import type { Problem } from '../../kernel/problem.ts';
import type { Models } from '../ai/model-client.ts';
import type { Source, SourceCall, SourceDeps } from '../source.ts';
import { FEEDBACK_FIELD, type FeedbackKeeper, feedbackCall, feedbackFieldSdl, feedbackSdl } from './feedback.ts';
import type { PromptOptions } from './options.ts';
import { compilePrompt, type Prompt } from './prompt.ts';
import { isTakenName, OTHER_NAME } from './prompt-name.ts';
import { promptStreamSdl, STREAM_ENUMS } from './stream-event.ts';

/**
 * Prompts as fields: `Mutation.x`, and `Subscription.xStream` where the output is text. A prompt with mistakes is told
 * as problems with paths below `prompts` and left out. `models` stays its owner's. Beside them is the field that takes
 * what callers think of answers, for `feedback` to keep. Without any prompt the SDL is empty, and the source has no place
 * in a graph.
 */
export function createPromptSource(
  prompts: Readonly<Record<string, PromptOptions>>,
  models: Models,
  deps: SourceDeps,
  feedback?: FeedbackKeeper,
): Source {
  const definitions = new Map<string, { readonly text: string; readonly prompt: string }>();
  const compiled: Prompt[] = [];
  for (const [name, options] of Object.entries(prompts)) {
    const report = (problem: Problem) => deps.report({ ...problem, path: [name, ...(problem.path ?? [])] });
    const named = checkName(name, prompts, report);
    const prompt = compilePrompt(name, options, models, report);
    if (named && prompt !== undefined && addDefinitions(prompt, definitions, report)) compiled.push(prompt);
  }
  const estimates = new Map(
    compiled.flatMap((prompt) => callsOf(prompt).map(([coordinate]) => [coordinate, prompt.estimate] as const)),
  );
  const facts = new Map(compiled.map(({ name, examples }) => [name, { examples }]));
  return {
    name: 'prompts',
    kind: 'prompt',
    prompts: () => facts,
    estimate: (coordinate) => estimates.get(coordinate),
    model: {
      sdl: sdlOf(
        compiled,
        [...definitions.values()].map(({ text }) => text),
      ),
      calls: new Map([
        ...compiled.flatMap(callsOf),
        ...(compiled.length === 0 ? [] : [[`Mutation.${FEEDBACK_FIELD}`, feedbackCall(feedback)] as const]),
      ]),
      enumValues: compiled.some(isStreamed) ? STREAM_ENUMS : new Map(),
    },
    probe: (signal) => models.probe(signal),
    dispose: async () => {},
  };
}

function checkName(
  name: string,
  prompts: Readonly<Record<string, PromptOptions>>,
  report: (problem: Problem) => void,
): boolean {
  const taken = isTakenName(name, report);
  const base = name.endsWith('Stream') ? name.slice(0, -'Stream'.length) : undefined;
  if (base === undefined || !Object.hasOwn(prompts, base)) return !taken;
  report({ message: `"${name}" is the stream of the prompt "${base}" already.`, suggestion: OTHER_NAME });
  return false;
}

/** Types of the same name are one type if they are the same to the letter, and a mistake otherwise. */
function addDefinitions(
  prompt: Prompt,
  definitions: Map<string, { readonly text: string; readonly prompt: string }>,
  report: (problem: Problem) => void,
): boolean {
  let fine = true;
  for (const [name, text] of prompt.types.definitions) {
    const other = definitions.get(name);
    if (other === undefined || other.text === text) continue;
    fine = false;
    report({
      path: ['types'],
      message: `The type "${name}" is defined otherwise by the prompt "${other.prompt}".`,
      suggestion: 'Give one of the two another name.',
    });
  }
  if (!fine) return false;
  for (const [name, text] of prompt.types.definitions) {
    if (!definitions.has(name)) definitions.set(name, { text, prompt: prompt.name });
  }
  return true;
}

function isStreamed({ stream }: Prompt): boolean {
  return stream !== undefined;
}

function callsOf({ name, call, stream }: Prompt): [string, SourceCall][] {
  const calls: [string, SourceCall][] = [[`Mutation.${name}`, call]];
  if (stream !== undefined) calls.push([`Subscription.${name}Stream`, stream]);
  return calls;
}

function sdlOf(prompts: readonly Prompt[], definitions: readonly string[]): string {
  const streamed = prompts.filter(isStreamed);
  const mutations = prompts.map(
    ({ name, description, types }) => `${quote(description)}${name}${argsOf(types)}: ${nullable(types.output)}`,
  );
  const subscriptions = streamed.map(({ name, description = '', types }) => {
    const text = `${description}\n\nGives the text as it is written.`.trim();
    return `${quote(text)}${name}Stream${argsOf(types)}: PromptStreamEvent`;
  });
  const parts: string[] = [];
  if (mutations.length > 0)
    parts.push(`type Mutation {\n${[...mutations, feedbackFieldSdl()].join('\n')}\n}`, feedbackSdl());
  if (subscriptions.length > 0) {
    parts.push(`type Subscription {\n${subscriptions.join('\n')}\n}`, promptStreamSdl());
  }
  return [...parts, ...definitions].join('\n\n');
}

function argsOf({ args }: Prompt['types']): string {
  const texts = args.map(({ name, type, description }) => `${quote(description ?? undefined)}${name}: ${String(type)}`);
  return texts.length === 0 ? '' : `(${texts.join(', ')})`;
}

/** A prompt that fails nulls its own field and no other. */
function nullable(type: GraphQLOutputType): string {
  return String(isNonNullType(type) ? type.ofType : type);
}

function quote(description: string | undefined): string {
  return description ? `${print({ kind: Kind.STRING, value: description, block: true })}\n` : '';
}
