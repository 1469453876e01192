import { SkeinError } from '../../../kernel/errors.ts';
import type { CallContext } from '../../source.ts';
import type { ModelRequest, ModelResponse } from '../model.ts';
import type { Models, ModelTarget } from '../model-client.ts';
import type { ModelRoute } from '../routes/route.ts';
import type { AnswerStoreDeps, CachedQuestion } from './answer-store.ts';
import { CachedStream } from './cached-stream.ts';
import { Flights } from './flights.ts';
import type { AnswerCacheOptions } from './options.ts';
import { createWholeAnswer } from './whole-answer.ts';

export interface CachedModelsDeps extends AnswerStoreDeps {
  /** By names of models and routes. What a prompt says of its own answers wins. */
  readonly options: ReadonlyMap<string, AnswerCacheOptions>;
  /** How many characters of an answer one who is given it may be behind others. */
  readonly mostBehind?: number | undefined;
  /** Lets go of the store, when the models are done with. */
  release(): Promise<void>;
}

/**
 * Models whose answers are kept where the prompt, the model or the route says so, and given again to the same question.
 * Who asks the same while it is being answered waits for that answer.
 */
export function createCachedModels(models: Models, deps: CachedModelsDeps): Models {
  const flights = new Flights(deps, deps.mostBehind);
  const streamDeps = { flights, meter: deps.meter, clock: deps.clock };

  const questionOf = (
    to: ModelTarget | ModelRoute,
    request: ModelRequest,
    context: CallContext,
  ): CachedQuestion | undefined => {
    const options = context.prompt?.cache ?? deps.options.get(to.name);
    // What has no canonical form cannot be compared, and probabilities are of one answer.
    if (options === undefined || request.logprobs !== undefined) return undefined;
    if (request.native?.refusal('') !== undefined) return undefined;
    const { native: _, ...canonical } = request;
    return { route: 'targets' in to ? to : models.route(to.name), request: canonical, context, options };
  };

  async function whole(question: CachedQuestion): Promise<ModelResponse> {
    const asked = models.resolve(question.route.name);
    const ask = (context: CallContext) => models.generate(question.route, question.request, context);
    const open = (context: CallContext) => createWholeAnswer(asked, () => ask(context));
    const stream = new CachedStream({ question, asked, open, isWhole: true }, streamDeps);
    for await (const part of stream) if (part.type === 'finish') break;
    if (stream.answer === undefined) throw new SkeinError('MODEL_STREAM_TRUNCATED');
    return stream.answer;
  }

  return {
    ...models,
    async generate(to, request, context) {
      const question = questionOf(to, request, context);
      return question === undefined ? models.generate(to, request, context) : whole(question);
    },
    stream(to, request, context) {
      const question = questionOf(to, request, context);
      if (question === undefined) return models.stream(to, request, context);
      const open = (own: CallContext) => models.stream(question.route, question.request, own);
      const asked = models.resolve(to.name);
      return new CachedStream({ question, asked, open, isWhole: false }, streamDeps);
    },
    async dispose() {
      await models.dispose();
      await deps.release();
    },
  };
}
