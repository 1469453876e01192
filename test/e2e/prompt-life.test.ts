import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Administrator, administrator } from '../utils/control-admin.ts';
import type { ControlGateway } from '../utils/control-gateway.ts';
import { describeControlStores } from '../utils/control-stores.ts';
import {
  createProviderServer,
  openaiChunks,
  openaiEvents,
  type ProviderServer,
  sendEvents,
  sendJson,
} from '../utils/provider-server.ts';

/** Under load a second may be long. */
const SOON = { timeout: 20_000, interval: 100 };
const CALLERS = Array.from({ length: 20 }, (_, index) => `team-${index + 1}`);
/** Those of the 20 whom a release of 90/10 gives the second version: who they are never changes. */
const FEW = 2;
const ROUNDS = 3;
const keyOf = (caller: string) => `${caller}-has-this-key-of-the-test`;

interface Asked {
  readonly said: string;
  readonly version: string;
  readonly model: string;
}
interface Made {
  readonly version: string;
  readonly hash: string;
  readonly model: string;
  readonly provider: string;
}

let provider: ProviderServer;
/** How many answers each version has given. */
let answered: Record<string, number>;
beforeEach(async () => {
  answered = {};
  // Says which model it is, and what it was asked.
  provider = await createProviderServer(({ body }, response) => {
    const messages = body.messages as readonly { readonly content: string }[];
    const content = `${String(body.model)}: ${messages.map((message) => message.content).join(' | ')}`;
    const message = { role: 'assistant', content };
    const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
    if (body.stream === true) sendEvents(response, openaiEvents(...openaiChunks(content)));
    else sendJson(response, { id: 'c', choices: [{ index: 0, message, finish_reason: 'stop' }], usage });
  });
});
afterEach(() => provider.close());

async function ask(gateway: ControlGateway, caller: string): Promise<Asked> {
  const answer = (await gateway.ask(keyOf(caller), 'mutation { greet(name: "Ada") }')) as unknown as {
    readonly data?: { readonly greet: string } | null;
    readonly extensions?: { readonly skein?: { readonly prompts?: readonly Made[] } };
  };
  const { version = '', model = '' } = answer.extensions?.skein?.prompts?.[0] ?? {};
  if (version !== '') answered[version] = (answered[version] ?? 0) + 1;
  return { said: answer.data?.greet ?? '', version, model };
}

/** Which version every caller gets. */
async function versions(gateway: ControlGateway): Promise<readonly string[]> {
  const answers = await Promise.all(CALLERS.map((caller) => ask(gateway, caller)));
  return answers.map(({ version }) => version);
}

/** Until an instance serves what another one was told. */
const served = (gateway: ControlGateway, version: string) =>
  vi.waitFor(async () => expect(new Set(await versions(gateway))).toEqual(new Set([version])), SOON);

async function calls(admin: Administrator): Promise<Readonly<Record<string, number>>> {
  const { usage } = (await admin.query(
    `{ usage(tenant: "default", groupBy: [PROMPT, PROMPT_VERSION], where: { prompt: "greet" }) {
      groups { promptVersion totals { calls finished } }
    } }`,
  )) as unknown as { usage: { groups: { promptVersion: string; totals: { calls: number; finished: number } }[] } };
  return Object.fromEntries(usage.groups.map(({ promptVersion, totals }) => [promptVersion, totals.finished]));
}

describeControlStores('the life of a prompt', (store) => {
  it('goes from a draft to 90/10, to everybody and back, by the admin schema alone', async () => {
    const folder = await store.folder();
    const keys = CALLERS.map((name) => ({ name, key: keyOf(name) }));
    await writeFile(join(folder, 'skein.yaml'), JSON.stringify({ keys }));
    const desk = await store.start();
    const gateway = await store.start();
    const admin = administrator(desk);
    const errors = 'errors { path message }';
    const create = (kind: string, name: string, options: object) =>
      admin.run(
        `mutation($input: Create${kind}Input!) { create${kind}(tenant: "default", input: $input) { ${errors} } }`,
        { input: { name, options } },
      );
    const publish = (field: string, wants = '') =>
      admin.run(
        `mutation { ${field} { revision { number message restores } ${wants} ${errors} } }`,
      ) as unknown as Promise<{
        readonly revision: { readonly number: number };
      }>;

    await create('Provider', 'stand', { dialect: 'openai', endpoint: provider.endpoint, apiKey: 'k' });
    for (const model of ['small', 'large']) await create('Model', model, { provider: 'stand', model: `${model}-1` });
    await create('Route', 'default', { strategy: 'fallback', targets: ['small', 'large'] });
    const base = await publish('publishConfiguration(tenant: "default", message: "models")');

    const models = async () => (await desk.ask(keyOf('team-1'), '{ models { name } }')).text;
    await vi.waitFor(async () => expect(await models()).toContain('large'), SOON);

    // A draft is in no graph, and can be tried on models side by side.
    await create('Prompt', 'greet', { input: { name: 'String!' }, template: 'Greet {{ name }}.' });
    const prompt =
      '{ promptByName(tenant: "default", name: "greet") { version status versions { name weight hash } } }';
    expect(await admin.query(prompt)).toMatchObject({ promptByName: { status: 'DRAFT' } });
    const tried = await admin.run(
      `mutation { runPrompt(tenant: "default", name: "greet", input: { name: "Ada" }, models: ["small", "large"]) {
        answers { model text output error outputTokens } ${errors}
      } }`,
    );
    expect(tried.answers).toEqual([
      { model: 'small', text: 'small-1: Greet Ada.', output: 'small-1: Greet Ada.', error: null, outputTokens: 2 },
      { model: 'large', text: 'large-1: Greet Ada.', output: 'large-1: Greet Ada.', error: null, outputTokens: 2 },
    ]);
    expect(await ask(gateway, 'team-1')).toMatchObject({ said: '' });

    const first = await publish(
      'publishPrompt(tenant: "default", input: { name: "greet" }, version: 1, message: "first")',
    );
    expect(first.revision.number).toBe(base.revision.number + 1);
    await served(gateway, 'inline');
    expect(await ask(gateway, 'team-1')).toEqual({ said: 'small-1: Greet Ada.', version: 'inline', model: 'small' });

    // Another version answers nobody before it is released.
    await publish(
      `addPromptVersion(tenant: "default", name: "greet", version: "warm", message: "warmer",
        input: { template: "Greet {{ name }} warmly.", route: "large" })`,
    );
    await served(gateway, 'inline');
    const release = '[{ version: "inline", weight: 90 }, { version: "warm", weight: 10 }]';
    const split = await publish(
      `releasePrompt(tenant: "default", name: "greet", release: ${release}, message: "a tenth")`,
    );
    const few = await vi.waitFor(async () => {
      const given = await versions(gateway);
      expect(given.filter((version) => version === 'warm')).toHaveLength(FEW);
      return given;
    }, SOON);

    // Each caller gets the same version every time, and every call is counted.
    const before = { ...answered };
    for (let round = 0; round < ROUNDS; round++) expect(await versions(gateway)).toEqual(few);
    expect(answered).toEqual({
      inline: (before.inline ?? 0) + ROUNDS * (CALLERS.length - FEW),
      warm: (before.warm ?? 0) + ROUNDS * FEW,
    });
    await vi.waitFor(async () => expect(await calls(admin)).toEqual(answered), SOON);
    const lucky = CALLERS[few.indexOf('warm')] ?? '';
    expect(await ask(gateway, lucky)).toEqual({
      ...{ said: 'large-1: Greet Ada warmly.', version: 'warm', model: 'large' },
    });
    await expectVersionEverywhere(gateway, lucky);
    const released = (await admin.query(prompt)) as unknown as {
      promptByName: { status: string; versions: { name: string; weight: number; hash: string }[] };
    };
    expect(released.promptByName).toMatchObject({
      status: 'PUBLISHED',
      versions: [
        { name: 'inline', weight: 90, hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
        { name: 'warm', weight: 10 },
      ],
    });

    await publish('promotePromptVersion(tenant: "default", name: "greet", version: "warm", message: "for all")');
    await served(gateway, 'warm');

    // Back in one mutation: to the release of before, with the same callers, and to the first version.
    await publish(`rollBackConfiguration(tenant: "default", number: ${split.revision.number}, message: "too warm")`);
    await vi.waitFor(async () => expect(await versions(gateway)).toEqual(few), SOON);
    await publish('promotePromptVersion(tenant: "default", name: "greet", version: "inline", message: "back")');
    await served(gateway, 'inline');

    const told = (await admin.query(
      `{ revisions(tenant: "default", first: 20) { nodes { number message restores } }
         auditEntries(tenant: "default", first: 100, sort: CREATED) { nodes { action entityName outcome } } }`,
    )) as unknown as {
      revisions: { nodes: { number: number; message: string; restores: number | null }[] };
      auditEntries: { nodes: { action: string; entityName: string; outcome: string }[] };
    };
    expect(told.revisions.nodes.slice(0, 7).map(({ message, restores }) => [message, restores])).toEqual([
      ['back', null],
      ['too warm', split.revision.number],
      ['for all', null],
      ['a tenth', null],
      ['warmer', null],
      ['first', null],
      ['models', null],
    ]);
    const audited = told.auditEntries.nodes.map(({ action, entityName, outcome }) =>
      [action, entityName, outcome].join(' '),
    );
    const number = base.revision.number;
    const changes = ['publish', 'publish', 'publish', 'publish', 'rollBack', 'publish'];
    expect(audited.slice(audited.indexOf('prompts.save greet done'))).toEqual([
      'prompts.save greet done',
      ...changes
        .flatMap((change, index) => [
          'prompts.save greet done',
          `configuration.${change} revision ${number + index + 1} done`,
        ])
        .slice(1),
    ]);
  }, 180_000);
});

/** Answers over REST and streams say their version and model, too. */
async function expectVersionEverywhere(gateway: ControlGateway, caller: string): Promise<void> {
  const whole = await fetch(`${gateway.url}/rest/prompts/greet`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${keyOf(caller)}` },
    body: JSON.stringify({ name: 'Ada' }),
  });
  expect(await whole.json()).toMatchObject({ prompt: { version: 'warm' }, model: 'large', provider: 'stand' });
  const stream = await gateway.open(
    keyOf(caller),
    'subscription { greetStream(name: "Ada") { text version model provider finishReason } }',
  );
  const last = (await stream.text()).split('\n').filter((line) => line.includes('STOP'));
  expect(last.join()).toContain('"version":"warm","model":"large","provider":"stand"');
}
