import { LRUCache } from 'lru-cache';
import { describeError, SkeinError } from '../../kernel/errors.ts';
import type { CallContext, GraphqlAnswer, GraphqlRequest, GraphqlUpstream, Source } from '../../sources/source.ts';
import { createInputReaders } from './graph-inputs.ts';
import { mapStream } from './map-stream.ts';
import type { Plan } from './plan.ts';
import { createRepresentationReader } from './representations.ts';
import { createSourceNames } from './source-names.ts';
import { type Translation, translateOperation } from './translate-operation.ts';

/** Translations that are kept, and how many characters of operations they are for. */
const MAX_TRANSLATIONS = 1_000;
const MAX_CHARACTERS = 4_000_000;

/** The service of a source, taking operations in the graph's words and answering in them. */
export function translateUpstream(
  { name: source, model }: Source,
  upstream: GraphqlUpstream,
  plan: Plan,
): GraphqlUpstream {
  const names = createSourceNames(plan, model.upstreamNames);
  const scope = {
    plan,
    names,
    readers: createInputReaders(plan, names.value),
    readRepresentations: createRepresentationReader(plan, names),
  };
  const known = new LRUCache<string, Translation>({
    max: MAX_TRANSLATIONS,
    maxSize: MAX_CHARACTERS,
    sizeCalculation: (_, text) => Math.max(text.length, 1),
  });
  const translate = (text: string): Translation => {
    let translation = known.get(text);
    if (translation === undefined) {
      translation = translateOperation(text, scope);
      known.set(text, translation);
    }
    return translation;
  };

  const requestOf = (request: GraphqlRequest, translation: Translation, context: CallContext): GraphqlRequest => {
    const operation = request.operation
      .split(', ')
      .map((field) => translation.fields.get(field) ?? field)
      .join(', ');
    const given = { values: request.variables, headers: context.headers };
    const variables: Record<string, unknown> = {};
    for (const name of translation.kept)
      if (request.variables[name] !== undefined) variables[name] = request.variables[name];
    try {
      for (const { name, read } of translation.made) {
        const value = read(given);
        if (value !== undefined) variables[name] = value;
      }
    } catch (error) {
      const details = { source, operation };
      const message = `An argument of ${operation} cannot be used.`;
      context.log.warn({ requestId: context.requestId, ...details, reason: describeError(error) }, message);
      throw new SkeinError('BAD_USER_INPUT', message, { details, cause: error });
    }
    return { operation, query: translation.query, variables };
  };

  const answerOf = (answer: GraphqlAnswer, { readAnswer, responses }: Translation, context: CallContext) => {
    if (answer.data === null || answer.data === undefined) return answer;
    const data = readAnswer(answer.data);
    const errors = [...answer.errors];
    for (const [key, coordinate] of responses) {
      const failed = data[key] === null && answer.errors.some(({ path }) => path?.[0] === key);
      if (failed || !Object.hasOwn(data, key)) continue;
      try {
        data[key] = plan.responses.get(coordinate)?.(data[key]);
      } catch (cause) {
        const message = `The response expression of ${coordinate} does not fit the answer.`;
        const details = { source, operation: coordinate.replace(/^.*\./, '') };
        context.log.warn({ requestId: context.requestId, ...details, reason: describeError(cause) }, message);
        data[key] = null;
        errors.push({ error: new SkeinError('UPSTREAM_BAD_RESPONSE', message, { details, cause }), path: [key] });
      }
    }
    return { data, errors };
  };

  return {
    async execute(request, context) {
      const translation = translate(request.query);
      const answer = await upstream.execute(requestOf(request, translation, context), context);
      return answerOf(answer, translation, context);
    },
    subscribe(request, context) {
      const translation = translate(request.query);
      const answers = upstream.subscribe(requestOf(request, translation, context), context);
      return mapStream(answers, (answer) => answerOf(answer as GraphqlAnswer, translation, context)) as ReturnType<
        GraphqlUpstream['subscribe']
      >;
    },
  };
}
