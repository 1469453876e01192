import { onTestFinished } from 'vitest';
import { silentLog, systemClock } from '../../kernel/ports.ts';
import { createAiSource } from '../../sources/ai/ai-source.ts';
import { createCachedModels } from '../../sources/ai/cache/cached-models.ts';
import type { Meter, ModelCallRecord } from '../../sources/ai/meter.ts';
import { createModels } from '../../sources/ai/model-client.ts';
import { modelOptions, providerOptions } from '../../sources/ai/options.ts';
import { createMemoryStore } from '../../sources/cache/memory-store.ts';
import type { FeedbackKeeper } from '../../sources/prompt/feedback.ts';
import { promptOptions } from '../../sources/prompt/options.ts';
import { createPromptSource } from '../../sources/prompt/prompt-source.ts';
import type { Source } from '../../sources/source.ts';
import { createProviderServer, type ProviderHandler } from './provider-server.ts';
import { startTestGateway } from './test-gateway.ts';

type GatewayOptions = Parameters<typeof startTestGateway>[2];

export interface RestPromptsOptions {
  readonly prompts: Readonly<Record<string, object>>;
  readonly answer: ProviderHandler;
  readonly others?: readonly Source[];
  readonly links?: Parameters<typeof startTestGateway>[1];
  readonly gateway?: GatewayOptions;
  readonly feedback?: FeedbackKeeper;
}

/** A gateway with prompts, over a model whose answers the test gives. */
export async function startRestPrompts(options: RestPromptsOptions) {
  const server = await createProviderServer(options.answer);
  const records: ModelCallRecord[] = [];
  // Records have ids as those of a store have.
  const meter: Meter = {
    record(record, { prompt }) {
      prompt?.onRecorded?.(`use_${records.push(record)}`);
    },
  };
  const report = ({ message }: { readonly message: string }) => {
    throw new Error(message);
  };
  const deps = { log: silentLog, report };
  const price = { input: 1_000, output: 2_000 };
  const client = createModels(
    {
      providers: { stub: providerOptions.parse({ dialect: 'openai', endpoint: server.endpoint }) },
      models: { small: modelOptions.parse({ provider: 'stub', model: 'small-1', price }) },
      routes: { default: ['small'] },
    },
    deps,
    undefined,
    { meter },
  );
  const store = createMemoryStore({ maxBytes: 10_000_000 });
  const keeping = { store, meter, clock: systemClock, options: new Map(), release: async () => {} };
  const models = createCachedModels(client, keeping);
  const parsed = Object.entries(options.prompts).map(([name, given]) => [name, promptOptions.parse(given)] as const);
  const prompts = createPromptSource(Object.fromEntries(parsed), models, deps, options.feedback);
  const sources = [createAiSource(models, deps), prompts, ...(options.others ?? [])];
  const gateway = await startTestGateway(sources, options.links ?? {}, options.gateway ?? {});
  onTestFinished(async () => {
    await gateway.close();
    await server.close();
  });
  const base = gateway.url.replace(/\/graphql$/, '');
  const send = (path: string, init: RequestInit = {}) =>
    fetch(base + path, { ...init, headers: { ...gateway.headers, ...(init.headers as Record<string, string>) } });
  /** POSTs the input of a prompt. */
  const ask = (name: string, input: unknown, headers: Readonly<Record<string, string>> = {}, init: RequestInit = {}) =>
    send(`/rest/prompts/${name}`, {
      ...init,
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof input === 'string' ? input : JSON.stringify(input),
    });
  return { gateway, server, base, send, ask, records };
}
