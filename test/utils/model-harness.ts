import { onTestFinished } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import type { ModelCallRecord } from '../../sources/ai/meter.ts';
import { createModels } from '../../sources/ai/model-client.ts';
import { type AiOptions, modelOptions, providerOptions, routeOptions } from '../../sources/ai/options.ts';
import { createCallContext } from './call-context.ts';
import { createProviderServer, type ProviderHandler, type ProviderServer } from './provider-server.ts';

export interface ModelHarnessOptions {
  /** What the provider of each model answers, by the model's name. */
  readonly answers: Readonly<Record<string, ProviderHandler>>;
  /** More options of a model, by its name. */
  readonly models?: Readonly<Record<string, object>>;
  /** More options of a model's provider, by the model's name. */
  readonly providers?: Readonly<Record<string, object>>;
  readonly routes?: Readonly<Record<string, unknown>>;
  readonly random?: () => number;
  readonly callerScope?: string;
}

/** Models `a`, `b`, …, each at a provider with a server of its own; with a clock that stands, and a meter that remembers. */
export async function setUpModels({
  answers,
  models = {},
  providers = {},
  routes,
  random,
  callerScope,
}: ModelHarnessOptions) {
  const servers: Record<string, ProviderServer> = {};
  const options = { providers: {}, models: {}, routes: {} } as {
    -readonly [K in keyof AiOptions]: Record<string, never>;
  };
  const set = (section: keyof AiOptions, name: string, value: unknown) =>
    Object.assign(options[section], { [name]: value });
  for (const [name, answer] of Object.entries(answers)) {
    const server = await createProviderServer(answer);
    servers[name] = server;
    const provider = { dialect: 'openai', endpoint: server.endpoint, ...providers[name] };
    set('providers', `at-${name}`, providerOptions.parse(provider));
    set('models', name, modelOptions.parse({ provider: `at-${name}`, model: `${name}-upstream`, ...models[name] }));
  }
  const all = routes ?? { default: Object.keys(answers) };
  for (const [name, route] of Object.entries(all)) set('routes', name, routeOptions.parse(route));
  const records: ModelCallRecord[] = [];
  let now = 1_000;
  const client = createModels(options, { log: silentLog, report: () => {} }, new Map(), {
    meter: { record: (record) => void records.push(record) },
    clock: { now: () => now },
    random,
  });
  const { context, abort, log } = createCallContext(callerScope === undefined ? {} : { callerScope });
  onTestFinished(async () => {
    await client.dispose();
    await Promise.all(Object.values(servers).map((server) => server.close()));
  });
  /** How many calls each model has had. */
  const asked = () =>
    Object.fromEntries(Object.entries(servers).map(([name, { requests }]) => [name, requests.length]));
  const pass = (ms: number) => {
    now += ms;
  };
  const server = (name: string): ProviderServer => {
    const found = servers[name];
    if (found === undefined) throw new Error(`There is no model ${name}.`);
    return found;
  };
  return { client, context, abort, log, records, asked, server, pass };
}
