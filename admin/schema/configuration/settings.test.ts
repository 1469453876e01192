import { expect, it } from 'vitest';
import { checkEntryAlone } from '../../../src/control/admin-ports.ts';
import { type ControlPlane, describeStores, type Members } from '../../../test/utils/admin-suite.ts';

interface Payload {
  readonly errors: readonly { readonly path: readonly string[] }[];
}

describeStores('settings', (plane) => {
  /** The places of the mistakes of a mutation. */
  async function places({ actors }: Members, mutation: string): Promise<string[]> {
    const text = `mutation { ${mutation} { errors { path } } }`;
    const [payload] = Object.values(await plane().data<Record<string, Payload>>(actors.developer, text));
    return (payload?.errors ?? []).map(({ path }) => path.join('.'));
  }
  async function optionsOf({ actors }: Members, field: string): Promise<unknown> {
    const [entry] = Object.values(
      await plane().data<Record<string, { options: unknown }>>(actors.analyst, `{ ${field} { options } }`),
    );
    return entry?.options;
  }
  async function start(): Promise<Members> {
    const { ports }: ControlPlane = plane();
    Object.assign(ports, { checkEntry: checkEntryAlone });
    return plane().createTenant('acme');
  }

  it('make, change and publish what the same options make', async () => {
    const acme = await start();
    const small = '{ provider: "p", model: "m", price: { rule: FREE } }';
    expect(await places(acme, `createModel(input: { name: "a", settings: ${small} })`)).toEqual([]);
    expect(await optionsOf(acme, 'modelByName(name: "a")')).toEqual({ provider: 'p', model: 'm', price: 'free' });
    const { modelByName } = await plane().data<{ modelByName: { id: string } }>(
      acme.actors.analyst,
      '{ modelByName(name: "a") { id } }',
    );
    const priced = '{ provider: "p", model: "m", price: { usdPerMillion: { input: 0.5, output: 2 } } }';
    const update = `updateModel(id: "${modelByName.id}", version: 1, input: { settings: ${priced} })`;
    expect(await places(acme, update)).toEqual([]);
    const options = { provider: 'p', model: 'm', price: { input: 0.5, output: 2 } };
    expect(await optionsOf(acme, 'modelByName(name: "a")')).toEqual(options);
    const route = '{ targets: [{ model: "a" }, { model: "b" }] }';
    expect(await places(acme, `publishRoute(input: { name: "r", settings: ${route} })`)).toEqual([]);
    expect(await optionsOf(acme, 'routeByName(name: "r")')).toEqual(['a', 'b']);
    const say = '{ template: "Say {{ text }}.", input: [{ name: "text", type: "String!" }] }';
    expect(await places(acme, `validatePrompt(input: { name: "say", settings: ${say} })`)).toEqual([]);
    const run = await plane().data<{ runPrompt: { answers: unknown } }>(
      acme.actors.developer,
      `mutation { runPrompt(name: "say", settings: ${say}, input: { text: "x" }, models: ["a"]) { answers { text } } }`,
    );
    expect(run.runPrompt.answers).toEqual([{ text: 'a read {"text":"x"}' }]);
  });

  it('are told what is wrong where it was given, whichever mutation takes them', async () => {
    const acme = await start();
    const before = await plane().dump();
    const wrong = '{ call: "nowhere", expose: ["ok", "?"], args: { x: null } }';
    const told = ['settings.call', 'settings.expose.1'];
    for (const verb of ['create', 'validate', 'publish'])
      expect(await places(acme, `${verb}Link(input: { name: "A.b", settings: ${wrong} })`)).toEqual(told);
    const twice = '[{ name: "x", type: "Int" }, { name: "x", type: "Int" }]';
    const prompt = `settings: { template: "{{ x }}", input: ${twice} }`;
    expect(await places(acme, `publishPrompt(input: { name: "p", ${prompt} })`)).toEqual(['settings.input.1.name']);
    expect(await places(acme, `runPrompt(name: "p", ${prompt}, input: {}, models: ["m"])`)).toEqual([
      'settings.input.1.name',
    ]);
    const both = 'settings: { call: "a.b" }, yaml: "call: a.b"';
    expect(await places(acme, `createLink(input: { name: "A.b", ${both} })`)).toEqual(['settings']);
    expect(await plane().dump()).toEqual(before);
  });

  it('keep the secrets that come back masked, and are refused where there are none', async () => {
    const acme = await start();
    const settings = (secret: string, more = '') =>
      `settings: { graphql: { endpoint: "https://a.example", ${more} headers: [{ name: "authorization", value: "${secret}" }] } }`;
    expect(await places(acme, `publishSource(input: { name: "a", ${settings('***')} })`)).toEqual([
      'settings.graphql.headers.0',
    ]);
    expect(await places(acme, `publishSource(input: { name: "a", ${settings('hush')} })`)).toEqual([]);
    const again = `publishSource(version: 1, input: { name: "a", ${settings('***', 'batch: true,')} })`;
    expect(await places(acme, again)).toEqual([]);
    const [kept] = await plane().store.resources.all({ all: true }, { name: 'a' });
    expect(JSON.parse(kept?.options ?? '')).toMatchObject({ batch: true, headers: { authorization: 'hush' } });
  });

  it('of versions and releases of prompts are told in their own inputs', async () => {
    const acme = await start();
    const text = 'settings: { template: "a" }';
    expect(await places(acme, `publishPrompt(input: { name: "p", ${text} })`)).toEqual([]);
    const version = '{ template: "b", temperature: 9, examples: [{ input: {}, output: null }] }';
    expect(await places(acme, `addPromptVersion(name: "p", version: "v", input: ${version})`)).toEqual([
      'input.temperature',
    ]);
    const release = '[{ version: "inline", weight: 1 }, { version: "inline", weight: -1 }]';
    expect(await places(acme, `releasePrompt(name: "p", release: ${release})`)).toEqual(['release.1.weight']);
  });
});
