import { canonicalJson } from '../../kernel/canonical-json.ts';
import { SkeinError } from '../../kernel/errors.ts';
import type { Problem } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import type { Models } from '../ai/model-client.ts';
import type { ModelRoute } from '../ai/routes/route.ts';
import type { CallContext, StreamCall, UnaryCall } from '../source.ts';
import { answerOnce } from './answer-once.ts';
import { createPromptEstimate, type PromptEstimate } from './estimate.ts';
import type { PromptExample, PromptOptions } from './options.ts';
import { noteAnswer, type PromptAnswer } from './prompt-answers.ts';
import { promptEvents } from './prompt-events.ts';
import type { PromptTypes } from './prompt-types.ts';
import { type ReadPrompt, type ReadVersion, readPrompt } from './read-prompt.ts';
import { versionsOf } from './versions.ts';

/** A prompt that is ready to be called. */
export interface Prompt {
  readonly name: string;
  readonly description: string | undefined;
  readonly types: PromptTypes;
  /** Of all its versions, the first of each input. */
  readonly examples: readonly PromptExample[];
  readonly call: UnaryCall;
  /** What a call may cost. */
  readonly estimate: PromptEstimate;
  /** Only where the output is text. */
  readonly stream: StreamCall | undefined;
}

/** Compiles a prompt. Tells every mistake with its path below the prompt; `undefined` if there was one. */
export function compilePrompt(
  name: string,
  options: PromptOptions,
  models: Models,
  report: (problem: Problem) => void,
): Prompt | undefined {
  const prompt = readPrompt(name, options, report, { route: (route, tell) => checkRoute(route, models, tell) });
  if (prompt === undefined) return undefined;
  const { types, output, versions, release } = prompt;

  const choose = (context: CallContext): Chosen => {
    const version = chosenVersion(versions, release(context));
    const route = models.route(version.route);
    const target = models.resolve(version.route);
    const made = { prompt: name, version: version.name, hash: version.hash };
    return { version, route, answer: { ...made, model: target.name, provider: target.provider } };
  };

  const keeping = { cache: options.cache, ...(output !== undefined && { accepts: output.fits }) };
  /** The context of the prompt's own call; what a class makes of itself is not copied with the rest. */
  const within = (
    context: CallContext,
    { version, hash }: PromptAnswer,
    onRecorded: (id: string) => void,
  ): CallContext => ({
    ...context,
    callerScope: context.callerScope,
    prompt: { name, version, hash, ...keeping, onRecorded },
  });

  const call: UnaryCall = {
    type: 'unary',
    operation: name,
    invoke: answerOnce(options, async (args, context) => {
      const { version, route, answer } = choose(context);
      let call: string | undefined;
      const own = within(context, answer, (id) => {
        call = id;
      });
      const response = await models.generate(route, version.requestOf(args, context), own);
      noteAnswer(context, answer, { ...response, call });
      return output === undefined ? response.text : output.read(response, context);
    }),
  };
  const stream: StreamCall = {
    type: 'stream',
    operation: `${name}Stream`,
    open(args, context) {
      const { version, route, answer } = choose(context);
      let call: string | undefined;
      const own = within(context, answer, (id) => {
        call = id;
      });
      return promptEvents(models.stream(route, version.requestOf(args, context), own), answer, () => call);
    },
  };
  const { description } = options;
  const examples = examplesOf(options);
  const estimate = createPromptEstimate(options, prompt, models);
  return { name, description, types, examples, call, estimate, stream: output === undefined ? stream : undefined };
}

function examplesOf(options: PromptOptions): readonly PromptExample[] {
  const all = versionsOf(options).flatMap(({ examples = [] }) => examples);
  return [...new Map([...all].reverse().map((example) => [canonicalJson(example.input), example])).values()].reverse();
}

interface Chosen {
  readonly version: ReadVersion;
  readonly route: ModelRoute;
  /** What is to be asked; another model of the route may answer. */
  readonly answer: PromptAnswer;
}

function chosenVersion(versions: ReadPrompt['versions'], name: string): ReadVersion {
  const version = versions.get(name);
  if (version === undefined) throw new SkeinError('INTERNAL_SERVER_ERROR');
  return version;
}

function checkRoute(route: string, models: Models, tell: (problem: Problem) => void): void {
  if (models.names().includes(route)) return;
  const reason = models.unavailable(route);
  tell({
    message: reason ?? `There is no model or route "${route}".${didYouMean(route, models.names())}`,
    ...(reason !== undefined && { suggestion: 'Set the key of a provider, or name another route.' }),
  });
}
