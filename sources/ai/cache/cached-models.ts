import type { CallContext } from '../../source.ts';
import type { ModelRequest } from '../model.ts';
import type { Models, ModelTarget } from '../model-client.ts';
import type { ModelRoute } from '../routes/route.ts';
import { type AnswerStoreDeps, type CachedQuestion, lookUp } from './answer-store.ts';
import { CachedStream, MISS } from './cached-stream.ts';
import { toResponse } from './kept-answer.ts';
import type { AnswerCacheOptions } from './options.ts';

export interface CachedModelsDeps extends AnswerStoreDeps {
  /** By names of models and routes. What a prompt says of its own answers wins. */
  readonly options: ReadonlyMap<string, AnswerCacheOptions>;
  /** Lets go of the store, when the models are done with. */
  release(): Promise<void>;
}

/** Models whose answers are kept where the prompt, the model or the route says so, and given again to the same question. */
export function createCachedModels(models: Models, deps: CachedModelsDeps): Models {
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
  return {
    ...models,
    async generate(to, request, context) {
      const question = questionOf(to, request, context);
      if (question === undefined) return models.generate(to, request, context);
      const lookup = await lookUp(question, deps);
      if (lookup.kept !== undefined) return toResponse(lookup.kept, lookup.ageMs);
      const answer = await models.generate(question.route, question.request, context);
      lookup.keep(answer);
      return { ...answer, made: answer.made && { ...answer.made, ...MISS } };
    },
    stream(to, request, context) {
      const question = questionOf(to, request, context);
      if (question === undefined) return models.stream(to, request, context);
      const ask = () => models.stream(question.route, question.request, context);
      const asked = models.resolve(to.name);
      return new CachedStream(asked, () => lookUp(question, deps), ask);
    },
    async dispose() {
      await models.dispose();
      await deps.release();
    },
  };
}
