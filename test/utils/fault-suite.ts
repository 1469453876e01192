import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { Way } from '../../schema/plan/way.ts';
import { createMemoryLog } from './call-context.ts';
import {
  type Answer,
  askEventStream,
  askEverywhere,
  askJson,
  askWebSocket,
  type ExpectedError,
  expectNoLeak,
  type PublicError,
  plain,
  unseen,
} from './fault-answers.ts';
import { type FaultBackends, startFaultBackends, startFaultGateway, UPSTREAM_KEY } from './fault-graph.ts';
import type { FaultyServer } from './fault-server.ts';
import type { TestGateway } from './test-gateway.ts';
import { expectNoUnhandledRejection } from './unhandled.ts';

export const WAYS = ['direct', 'stitched'] as const satisfies readonly Way[];

/** Short for sources that never answer, long for those that only have a busy test machine. */
const HASTY_TIMEOUT_MS = 150;

export interface Expected {
  readonly data: unknown;
  readonly errors?: readonly ExpectedError[];
}

/** Backends that fail as they are told, and a gateway over them for each way. */
export class FaultSuite {
  readonly log = createMemoryLog();
  #backends: FaultBackends | undefined;
  readonly #gateways = new Map<string, TestGateway>();

  get backends(): FaultBackends {
    if (this.#backends === undefined) throw new Error('The backends are not started yet.');
    return this.#backends;
  }

  gateway(way: Way): TestGateway {
    const gateway = this.#gateways.get(way);
    if (gateway === undefined) throw new Error('The gateways are not started yet.');
    return gateway;
  }

  async start(): Promise<void> {
    this.#backends = await startFaultBackends();
    for (const way of WAYS) this.#gateways.set(way, await startFaultGateway(this.#backends, { way, log: this.log }));
  }

  async close(): Promise<void> {
    for (const gateway of this.#gateways.values()) await gateway.close();
    await this.#backends?.close();
  }

  /** Every door gives exactly this, at every sighting of the document. */
  async expectEverywhere(way: Way, query: string, expected: Expected): Promise<void> {
    for (const answer of await askEverywhere(this.gateway(way), query)) this.expectAnswer(answer, [expected]);
  }

  /** The same for the events of a subscription, which ends by itself. */
  async expectEvents(way: Way, query: string, expected: readonly Expected[]): Promise<void> {
    const text = unseen(query);
    for (const ask of [askEventStream, askWebSocket, askEventStream]) {
      this.expectAnswer(await ask(this.gateway(way), text), expected);
    }
  }

  expectAnswer(answer: Answer, expected: readonly Expected[]): void {
    expect(answer.results.map(plain), answer.door).toEqual(expected.map(plain));
    expect(answer.completed, answer.door).toBe(true);
    expectNoLeak(answer, this.backends);
    for (const { errors = [] } of answer.results) {
      for (const error of errors) {
        expect(error.message).toMatch(/^[A-Z].+\.$/);
        this.#expectLogged(error);
      }
    }
  }

  #expectLogged({ message, extensions: { requestId } }: PublicError): void {
    const told = this.log.lines.some(({ level, fields }) => level !== 'debug' && fields.requestId === requestId);
    expect(told, `the log tells of "${message}"`).toBe(true);
  }

  /** Runs `body` while a server fails; afterwards, with `good`, it answers again at once. */
  async whileFailing<Handler>(
    server: FaultyServer<Handler>,
    fault: Handler | 'refused',
    good: Handler,
    body: () => Promise<void>,
  ): Promise<void> {
    if (isRefusal(fault)) await server.refuse();
    else server.answer(fault);
    try {
      await body();
    } finally {
      server.answer(good);
      if (isRefusal(fault)) await server.accept();
    }
  }

  /** Asks, on both ways at once, sources that have little time, until they answer in time again. */
  async expectFromHasty(query: string, expected: Expected, recover: () => Expected): Promise<void> {
    const text = unseen(query);
    const gateways = await Promise.all(WAYS.map((way) => this.#hasty(way)));
    const asked = gateways.flatMap((gateway) =>
      [askJson, askEventStream, askWebSocket, askJson].map((ask) => ask(gateway, text)),
    );
    for (const answer of await Promise.all(asked)) this.expectAnswer(answer, [expected]);
    const good = plain(recover());
    for (const gateway of gateways) {
      // A machine that is busy may need more than one try within so little time.
      await expect.poll(async () => (await askJson(gateway, text)).results.map(plain)).toEqual([good]);
    }
  }

  /** The same for the events of a subscription, which is not asked again. */
  async expectEventsFromHasty(query: string, expected: readonly Expected[]): Promise<void> {
    const text = unseen(query);
    const gateways = await Promise.all(WAYS.map((way) => this.#hasty(way)));
    const asked = gateways.flatMap((gateway) => [askEventStream, askWebSocket].map((ask) => ask(gateway, text)));
    for (const answer of await Promise.all(asked)) this.expectAnswer(answer, expected);
  }

  async #hasty(way: Way): Promise<TestGateway> {
    const known = this.#gateways.get(`hasty ${way}`);
    if (known !== undefined) return known;
    const gateway = await startFaultGateway(this.backends, { way, log: this.log, timeoutMs: HASTY_TIMEOUT_MS });
    this.#gateways.set(`hasty ${way}`, gateway);
    return gateway;
  }
}

function isRefusal(fault: unknown): fault is 'refused' {
  return fault === 'refused';
}

/** Started before the tests of the file that calls it, closed after them; no rejection may be left unhandled. */
export function useFaultSuite(): FaultSuite {
  const suite = new FaultSuite();
  expectNoUnhandledRejection();
  beforeAll(() => suite.start());
  afterEach(() => {
    expect(inspect(suite.log.lines, { depth: 5 })).not.toContain(UPSTREAM_KEY);
    suite.log.lines.length = 0;
  });
  afterAll(() => suite.close());
  return suite;
}
