import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import type { Way } from '../../schema/plan/way.ts';
import { type MoodyGateway, startMoodyGateway, timers, WAIT } from './moody-gateway.ts';
import { well } from './moody-kinds.ts';
import { createMoodyServer, type Mood, type MoodyServer } from './moody-server.ts';
import { expectNoUnhandledRejection } from './unhandled.ts';

/** Servers and gateways of one test. */
export interface MoodySuite {
  server(mood?: Mood, host?: string, port?: number): Promise<MoodyServer>;
  /** Counts as the test's even if it does not end well. */
  gateway(way: Way, config: Parameters<typeof startMoodyGateway>[1]): Promise<MoodyGateway>;
}

/**
 * After each test: nothing is under way at any gateway of it, and once they are closed no server has a socket left, and
 * the process no more timers than before.
 */
export function useMoodySuite(): MoodySuite {
  const servers: MoodyServer[] = [];
  const gateways: MoodyGateway[] = [];
  let timersBefore = 0;
  expectNoUnhandledRejection();
  beforeAll(() => {
    timersBefore = timers();
  });
  afterEach(async () => {
    try {
      for (const gateway of gateways) await gateway.expectIdle();
    } finally {
      await Promise.all(gateways.splice(0).map((gateway) => gateway.close()));
      const left = () => servers.map((server) => server.sockets());
      await vi.waitFor(() => expect(left()).toEqual(servers.map(() => 0)), WAIT);
      await Promise.all(servers.splice(0).map((server) => server.close()));
    }
  });
  afterAll(async () => {
    await vi.waitFor(() => expect(timers()).toBeLessThanOrEqual(timersBefore), WAIT);
  });
  return {
    async server(mood = well(), host = '127.0.0.1', port = 0) {
      const server = await createMoodyServer(mood, host, port);
      servers.push(server);
      return server;
    },
    async gateway(way, config) {
      const gateway = await startMoodyGateway(way, config);
      gateways.push(gateway);
      return gateway;
    },
  };
}
