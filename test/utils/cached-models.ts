import { createCachedModels } from '../../sources/ai/cache/cached-models.ts';
import type { AnswerCacheOptions } from '../../sources/ai/cache/options.ts';
import type { ModelCallRecord } from '../../sources/ai/meter.ts';
import type { ModelPart, ModelRequest } from '../../sources/ai/model.ts';
import type { Models } from '../../sources/ai/model-client.ts';
import { createMemoryStore } from '../../sources/cache/memory-store.ts';
import type { CallContext, PromptOrigin } from '../../sources/source.ts';
import { createCallContext } from './call-context.ts';
import { setUpModels } from './model-harness.ts';
import {
  openaiAnswer,
  openaiChunks,
  openaiEvents,
  type ProviderHandler,
  sendEvents,
  sendJson,
} from './provider-server.ts';

/** Says Hello, whole or in two pieces. */
export const answerHello: ProviderHandler = ({ body }, response) => {
  if (body.stream === true) sendEvents(response, openaiEvents(...openaiChunks('Hel', 'lo')));
  else sendJson(response, openaiAnswer('Hello'));
};
export const ASK: ModelRequest = { messages: [{ role: 'user', content: 'Hi' }] };
const PRICE = { price: { input: 1_000, output: 2_000 } };

/** Models `a` and `b` whose answers are kept where `default` is asked, with a clock that stands. */
export async function setUpCachedModels(
  given: ProviderHandler = answerHello,
  options: Partial<AnswerCacheOptions> = {},
  mostBehind?: number,
) {
  const models = await setUpModels({
    answers: { a: given, b: given },
    models: { a: PRICE },
    routes: { default: ['a'] },
  });
  const clock = { time: 1_000, now: () => clock.time };
  const store = createMemoryStore({ maxBytes: 10_000_000, clock });
  const hits: ModelCallRecord[] = [];
  const all = new Map([['default', { ttlSeconds: 60, scope: 'tenant' as const, ...options }]]);
  const meter = { record: (record: ModelCallRecord) => void hits.push(record) };
  const client = createCachedModels(models.client, {
    ...{ store, clock, meter, options: all, mostBehind },
    release: async () => {},
  });
  const ask = (request = ASK, context = as('acme'), name = 'default') =>
    client.generate(client.route(name), request, context);
  return { ...models, client, ask, hits, clock };
}

export interface CallerOptions extends Pick<Partial<CallContext>, 'cancellation'> {
  readonly id?: string;
  /** Product → grant. */
  readonly grants?: Readonly<Record<string, string>>;
  readonly prompt?: PromptOrigin;
}

/** A context of a caller. */
export function as(tenant: string, { id = 'one', grants = {}, ...over }: CallerOptions = {}): CallContext {
  const held = new Map(Object.entries(grants).map(([product, grant]) => [product, { id: grant }]));
  const { context } = createCallContext({ callerScope: `${tenant}/${id}`, ...over });
  return { ...context, caller: { tenant, id, grants: held, products: undefined } } as CallContext;
}

export async function partsOf(client: Models, request = ASK, context = as('acme')): Promise<ModelPart[]> {
  const parts: ModelPart[] = [];
  for await (const part of client.stream(client.route(), request, context)) parts.push(part);
  return parts;
}
