import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { type Bill, type BillingProvider, createBillingProvider } from '../utils/billing-provider.ts';
import { administrator, createTenant } from '../utils/control-admin.ts';
import type { ControlGateway } from '../utils/control-gateway.ts';
import { describeControlStores } from '../utils/control-stores.ts';
import { type Call, type Caller, SCENARIOS, type Scenario, send } from '../utils/usage-calls.ts';
import { LIST_PRICES, USAGE_CONFIG } from '../utils/usage-config.ts';

let provider: BillingProvider | undefined;
afterEach(() => provider?.close());

const CALLS = 1_000;
const AT_ONCE = 16;

const ASK = `query($tenant: ID) { usage(tenant: $tenant, groupBy: [TENANT, KEY, MODEL]) {
  totals { calls finished failed schemaFailed aborted cached costNanoUsd costUsd unpricedCalls uncountedCalls }
  groups { tenant key model totals {
    calls cached unpricedCalls inputTokens cachedInputTokens cacheWriteTokens outputTokens reasoningTokens costNanoUsd
  } }
} }`;
const LIST = `query($tenant: ID, $after: String) { usageRecords(tenant: $tenant, first: 500, after: $after) {
  nodes { requestId outcome costUsd inputTokens outputTokens door prompt promptVersion model attemptCount errorCode isFollowed }
  pageInfo { hasNextPage endCursor }
} }`;

interface Totals extends Omit<Bill, 'costNanoUsd'> {
  readonly costNanoUsd: string;
  readonly cached: number;
  readonly unpricedCalls: number;
}
interface Report {
  readonly totals: {
    readonly calls: number;
    readonly finished: number;
    readonly failed: number;
    readonly schemaFailed: number;
    readonly aborted: number;
    readonly cached: number;
    readonly costNanoUsd: string;
  };
  readonly groups: readonly {
    readonly tenant: string;
    readonly key: string;
    readonly model: string;
    readonly totals: Totals;
  }[];
}
interface Listed {
  readonly requestId: string;
  readonly outcome: string;
  readonly costUsd: string | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly door: string;
  readonly prompt: string | null;
  readonly model: string;
  readonly attemptCount: number;
  readonly isFollowed: boolean;
}

const report = async (gateway: ControlGateway, tenant?: string) =>
  ((await administrator(gateway).query(ASK, { tenant })) as unknown as { usage: Report }).usage;

async function records(gateway: ControlGateway): Promise<Listed[]> {
  const found: Listed[] = [];
  for (let after: string | undefined; ; ) {
    const { usageRecords } = (await administrator(gateway).query(LIST, { after })) as unknown as {
      usageRecords: { nodes: Listed[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
    };
    found.push(...usageRecords.nodes);
    if (!usageRecords.pageInfo.hasNextPage) return found;
    after = usageRecords.pageInfo.endCursor;
  }
}

/** Calls, and what was paid for attempts that others followed. */
function split(all: readonly Listed[]): readonly [readonly Listed[], readonly Listed[]] {
  return [all.filter(({ isFollowed }) => !isFollowed), all.filter(({ isFollowed }) => isFollowed)];
}

/** Two tenants with two keys each, all with the same models. */
async function furnish(gateway: ControlGateway, endpoint: string): Promise<Caller[]> {
  const callers: Caller[] = [];
  for (const name of ['acme', 'bold']) {
    const tenant = await createTenant(gateway, name);
    for (const [kind, entries] of Object.entries(USAGE_CONFIG(endpoint)))
      for (const [entry, options] of Object.entries(entries))
        await tenant.run(
          `mutation($input: Create${kind}Input!) { create${kind}(input: $input) { errors { path message } } }`,
          { input: { name: entry, options } },
        );
    await tenant.run('mutation { publishConfiguration(message: "all") { errors { path message } } }');
    const app = await tenant.createApp(`${name}-app`);
    for (const key of ['web', 'till']) {
      const { id, secret } = await tenant.createKey(app.id, key);
      callers.push({ account: `${name}-${key}`, secret, key: id, tenant: tenant.tenant });
    }
  }
  for (const { secret } of callers)
    await expect
      .poll(async () => (await gateway.ask(secret, '{ models { name } }')).text, { timeout: 30_000 })
      .toContain('cheap');
  return callers;
}

describeControlStores('usage', (store) => {
  it('of a thousand mixed calls is what the provider has charged, to the token and the nano-dollar', async () => {
    const bank = await createBillingProvider(LIST_PRICES);
    provider = bank;
    const gateway = await store.start();
    const callers = await furnish(gateway, bank.endpoint);
    const calls: Call[] = Array.from({ length: CALLS }, (_, number) => {
      const caller = callers[(number * 7) % callers.length] as Caller;
      return { number, caller, scenario: SCENARIOS[number % SCENARIOS.length] as Call['scenario'] };
    });
    const told = new Map<string, number | null>();
    const waiting = [...calls];
    const work = async () => {
      for (let call = waiting.shift(); call !== undefined; call = waiting.shift())
        told.set(String(call.number), await send(gateway.url, bank, call));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    await expect.poll(async () => (await report(gateway)).totals.calls, { timeout: 20_000 }).toBe(CALLS);
    expect(bank.open()).toBe(0);

    // One record for each call, that says what it was; the cost in the answer is the one in the store.
    const [all, followed] = split(await records(gateway));
    const byCall = new Map(all.map((record) => [record.requestId, record]));
    expect(all.length).toBe(CALLS);
    expect(byCall.size).toBe(CALLS);
    const wrong: unknown[] = [];
    for (const { number, scenario } of calls) {
      const record = byCall.get(String(number));
      const { door, prompt = null } = scenario;
      const isKept = record?.outcome === 'CACHED';
      const outcome = scenario.outcome === 'CACHED' && !isKept ? 'FINISHED' : scenario.outcome;
      const attemptCount = isKept ? null : (scenario.attempts ?? 1);
      const asked = isKept ? 'nobody' : scenario.outcome === 'CACHED' ? '0' : String(number);
      const [inputTokens, outputTokens] = bank.charges.get(asked) ?? [null, null];
      const wanted = { outcome, door, prompt, attemptCount, inputTokens, outputTokens: outputTokens || null };
      const is =
        record && Object.fromEntries(Object.keys(wanted).map((name) => [name, record[name as 'door'] || null]));
      if (JSON.stringify(is) !== JSON.stringify(wanted)) wrong.push({ scenario: scenario.name, is, wanted });
      const costUsd = told.get(String(number));
      if (costUsd !== null && costUsd !== undefined && Number(record?.costUsd) !== costUsd)
        wrong.push({ number, costUsd, record });
    }
    expect(wrong.slice(0, 5)).toEqual([]);
    // What was paid for models that others followed is in records of the same calls.
    const paidTwice = calls.filter(({ scenario }) => scenario.isPaidTwice);
    expect(followed.map(({ requestId }) => requestId).sort()).toEqual(
      paidTwice.map(({ number }) => `${number}`).sort(),
    );
    const followedOf = (key: string) => paidTwice.filter(({ caller }) => caller.key === key).length;
    expect(followed.every(({ model, costUsd }) => model === 'vague' && Number(costUsd) > 0)).toBe(true);
    // By tenant, key and model: what the stand-in has charged, and nothing else but calls that nobody can charge.
    const { groups, totals } = await report(gateway);
    const keyOf = new Map(callers.map(({ key, account }) => [key, account]));
    const counted = groups.map(
      ({ key, model, totals: { calls: all, cached, unpricedCalls, costNanoUsd, ...tokens } }) => [
        `${keyOf.get(key)} ${model}-1`,
        {
          calls: model === 'vague' ? followedOf(key) : all - cached - unpricedCalls,
          ...tokens,
          costNanoUsd: BigInt(costNanoUsd),
        },
      ],
    );
    const charged = counted.filter(([, bill]) => (bill as Bill).calls > 0);
    expect(Object.fromEntries(charged)).toEqual(Object.fromEntries(bank.bills));
    const cost = [...bank.bills.values()].reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0n);
    expect(totals.costNanoUsd).toBe(String(cost));
    expect(
      groups.every(({ tenant, key }) => callers.some((caller) => caller.tenant === tenant && caller.key === key)),
    ).toBe(true);
    for (const tenant of new Set(callers.map((caller) => caller.tenant)))
      expect((await report(gateway, tenant)).totals.calls).toBe(
        calls.filter(({ caller }) => caller.tenant === tenant).length,
      );

    expect([...told.values()].filter((costUsd) => costUsd !== null).length).toBeGreaterThan(250);
    const wanted = (...outcomes: readonly string[]) =>
      calls.filter(({ scenario }) => outcomes.includes(scenario.outcome)).length;
    expect(totals).toMatchObject({
      ...{ failed: wanted('FAILED'), schemaFailed: wanted('SCHEMA_FAILED'), aborted: wanted('ABORTED') },
      finished: wanted('FINISHED', 'CACHED') - totals.cached,
    });
    expect(totals.cached).toBeGreaterThan(wanted('CACHED') / 2);
  }, 180_000);

  it('is written before a gateway that is told to stop has gone, also of calls that it cuts', async () => {
    const bank = await createBillingProvider(LIST_PRICES);
    provider = bank;
    await writeFile(join(await store.folder(), 'skein.yaml'), 'limits: { drainTimeoutMs: 50 }\n');
    const first = await store.start();
    const callers = await furnish(first, bank.endpoint);
    const [caller] = callers as [Caller];
    const named = (wanted: string) => SCENARIOS.find(({ name }) => name === wanted) as Scenario;
    await send(first.url, bank, { number: 1, caller, scenario: named('chat') });
    // Its client stays, and the provider does not go on.
    const { leavesAfter: _, ...stays } = named('stream that is left later');
    const cut = send(first.url, bank, { number: 2, caller, scenario: stays });
    await bank.arrived(`${caller.account}/2`);
    expect(await first.stop()).toBe(0);
    expect(await cut).toBeNull();
    const second = await store.start();
    const { totals } = await report(second);
    expect(totals).toMatchObject({ calls: 2, finished: 1, failed: 1 });
    expect(totals.costNanoUsd).toBe(String([...bank.bills.values()].reduce((sum, one) => sum + one.costNanoUsd, 0n)));
  });
});
