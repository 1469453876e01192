import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import type { Log } from '../../kernel/ports.ts';
import { type Clock, silentLog, systemClock } from '../../kernel/ports.ts';
import { createCachedModels } from '../../sources/ai/cache/cached-models.ts';
import type { AnswerCacheOptions } from '../../sources/ai/cache/options.ts';
import { PROVIDER_DIALECTS, type ProviderDialect } from '../../sources/ai/dialects/index.ts';
import type { Meter, ModelCallRecord } from '../../sources/ai/meter.ts';
import { createModels } from '../../sources/ai/model-client.ts';
import { modelOptions, providerOptions } from '../../sources/ai/options.ts';
import { createMemoryStore } from '../../sources/cache/memory-store.ts';
import type { LimitOptions } from '../../src/config/schema.ts';
import type { RateOptions } from '../../src/policy/rates/options.ts';
import type { Rates } from '../../src/policy/rates/rates.ts';
import { createProviderServer, type ProviderServer } from './provider-server.ts';
import { startTestGateway, TEST_KEY, type TestGateway } from './test-gateway.ts';
import { createTicker } from './ticker.ts';

export const PROVIDER_KEY = 'provider-secret-key-1234';
const PRICE = { input: 1_000, output: 2_000 };

export interface Surfaces {
  readonly gateway: TestGateway;
  /** `http://127.0.0.1:…`, without `/v1`. */
  readonly origin: string;
  readonly openai: OpenAI;
  readonly anthropic: Anthropic;
  /** One stand-in for a provider of each dialect; its model has the dialect's name. */
  readonly providers: Readonly<Record<ProviderDialect, ProviderServer>>;
  /** What calls of models have used, in their order. */
  readonly records: readonly (ModelCallRecord & { readonly door: string | undefined })[];
  close(): Promise<void>;
}

/** What providers and models of a dialect are configured with beside the rest. */
const MORE: Readonly<Partial<Record<ProviderDialect, { readonly provider: object; readonly model: object }>>> = {
  'ai-sdk': { provider: { package: '@ai-sdk/mistral' }, model: { capabilities: { images: true } } },
};

export interface SurfacesOptions {
  readonly limits?: Partial<LimitOptions>;
  readonly keyRates?: readonly RateOptions[];
  readonly rates?: Rates;
  readonly origins?: readonly string[];
  readonly log?: Log;
  /** Models whose answers are kept, by name, and the clock that they are kept by. */
  readonly keeps?: ReadonlyMap<string, AnswerCacheOptions>;
  readonly clock?: Clock;
}

/** A gateway with a model of each dialect, and the official clients of both families in front of it. */
export async function startSurfaces(options: SurfacesOptions = {}): Promise<Surfaces> {
  const entries = await Promise.all(
    PROVIDER_DIALECTS.map(async (name) => [name, await createProviderServer()] as const),
  );
  const providers = Object.fromEntries(entries) as Record<ProviderDialect, ProviderServer>;
  const records: (ModelCallRecord & { readonly door: string | undefined })[] = [];
  const meter: Meter = { record: (record, { account }) => void records.push({ ...record, door: account?.door }) };
  const made = createModels(
    {
      providers: Object.fromEntries(
        entries.map(([dialect, { endpoint }]) => [
          `${dialect}-provider`,
          providerOptions.parse({ dialect, endpoint, apiKey: PROVIDER_KEY, ...MORE[dialect]?.provider }),
        ]),
      ),
      models: {
        ...Object.fromEntries(
          PROVIDER_DIALECTS.map((dialect) => [
            dialect,
            modelOptions.parse({
              provider: `${dialect}-provider`,
              model: 'upstream-model',
              price: PRICE,
              ...MORE[dialect]?.model,
            }),
          ]),
        ),
        ...Object.fromEntries(
          (['openai', 'gemini'] as const).map((dialect) => [
            `${dialect}-vectors`,
            modelOptions.parse({ provider: `${dialect}-provider`, model: 'upstream-embedding' }),
          ]),
        ),
      },
      routes: { default: ['openai', 'anthropic'], mixed: ['openai', 'anthropic'] },
    },
    {
      log: options.log ?? silentLog,
      report: (problem) => {
        throw new Error(JSON.stringify(problem));
      },
    },
    undefined,
    { meter },
  );
  const clock = options.clock ?? systemClock;
  const store = createMemoryStore({ maxBytes: 10_000_000, clock });
  const models =
    options.keeps === undefined
      ? made
      : createCachedModels(made, { store, clock, meter, options: options.keeps, release: async () => {} });
  const gateway = await startTestGateway([createTicker().source], {}, { ...options, models });
  const { origin } = new URL(gateway.url);
  return {
    gateway,
    origin,
    openai: new OpenAI({ apiKey: TEST_KEY, baseURL: `${origin}/v1`, maxRetries: 0 }),
    anthropic: new Anthropic({ apiKey: TEST_KEY, baseURL: origin, maxRetries: 0 }),
    providers,
    records,
    async close() {
      await gateway.close();
      await models.dispose();
      await Promise.all(Object.values(providers).map((provider) => provider.close()));
    },
  };
}
