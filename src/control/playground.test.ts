import { expect, it } from 'vitest';
import type { Tenant } from '../../admin/models/tenant.ts';
import { silentLog, systemClock } from '../../kernel/ports.ts';
import type { Models } from '../../sources/ai/model-client.ts';
import { deferred } from '../../test/utils/deferred.ts';
import { createPlayground, type PlaygroundDeps } from './playground.ts';

const TENANT = { _id: 'ten_acme' } as Partial<Tenant> as Tenant;

function modelsNamed(...names: readonly string[]): Models {
  const stub: Partial<Models> = {
    names: () => names,
    unavailable: () => undefined,
    resolve: (name = '') => ({ name, provider: 'local' }) as never,
    stream: () =>
      (async function* () {
        yield { type: 'text', text: 'Hi' } as const;
        yield { type: 'finish', reason: 'stop' } as never;
      })() as never,
  };
  return stub as Models;
}

function run(deps: Partial<PlaygroundDeps>, model = 'fast') {
  const { playground } = createPlayground({
    ...{ modelsOf: () => undefined, whenBuilt: async () => {}, problemsOf: () => [] },
    ...{ clock: systemClock, log: silentLog, patienceMs: 1 },
    ...deps,
  });
  const options = { template: 'Say hi.' };
  return playground({ tenant: TENANT, name: 'draft', options, version: undefined, input: {}, models: [model] });
}

it('waits for what was published just now', async () => {
  let models: Models | undefined;
  const built = deferred();
  const whenBuilt = async (tenant: string) => {
    expect(tenant).toBe('ten_acme');
    await built.promise;
    models = modelsNamed('fast');
  };
  const answered = run({ modelsOf: () => models, whenBuilt, patienceMs: 60_000 });
  built.resolve();
  expect(await answered).toMatchObject([{ model: 'fast', text: 'Hi' }]);
});

it('says that models are being built when that takes long, and asks those that are there already', async () => {
  const whenBuilt = () => deferred().promise;
  const notReady = { code: 'GRAPH_NOT_READY', message: /being built/, extensions: { retryAfterMs: 5_000 } };
  const refused = (deps: Partial<PlaygroundDeps>) => run({ whenBuilt, ...deps }).catch((error: unknown) => error);
  for (const modelsOf of [() => undefined, () => modelsNamed('slow')])
    expect(await refused({ modelsOf })).toMatchObject({
      ...notReady,
      message: expect.stringMatching(notReady.message),
    });
  expect(await run({ whenBuilt, modelsOf: () => modelsNamed('fast') })).toMatchObject([{ text: 'Hi' }]);
});

it('says of a tenant without models why', async () => {
  const path = ['models'];
  await expect(run({})).rejects.toMatchObject({
    errors: [{ path, message: 'The tenant has no models: publish a provider and a model first.' }],
  });
  await expect(run({ problemsOf: () => ['A link leads nowhere.'] })).rejects.toMatchObject({
    errors: [{ path, message: expect.stringMatching(/cannot be built.*A link leads nowhere\.$/) }],
  });
});
