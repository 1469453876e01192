import type { IdGenerator, Log } from '../../kernel/ports.ts';
import type { LimitOptions } from '../config/schema.ts';
import type { Lifetimes } from '../lifetimes.ts';
import type { Door } from './graphql-door.ts';
import { sendErrors } from './respond.ts';
import type { AdminDoors } from './server.ts';

export interface AwaitedDeps {
  readonly lifetimes: Lifetimes;
  readonly limits: Pick<LimitOptions, 'streamTimeoutMs'>;
  readonly ids: IdGenerator;
  readonly log: Log;
}

/**
 * What administrators ask for is waited for at a shutdown, also when its client has left: it may be a change that is
 * half written. What is late gets SHUTTING_DOWN, or, where its answer has begun, no end.
 */
export function createAwaited({ lifetimes, limits, ids, log }: AwaitedDeps): (doors: AdminDoors) => AdminDoors {
  const awaited =
    (door: Door, timeoutMs: () => number): Door =>
    async (request, response) => {
      const lifetime = lifetimes.open({ timeoutMs: timeoutMs() });
      const { requestId } = lifetime;
      lifetime.onStop((reason) => {
        if (!response.headersSent) sendErrors(response, [reason], { requestId, log });
        else if (!response.writableEnded) response.socket?.resetAndDestroy();
        lifetime.close();
      });
      try {
        await door(request, response);
      } catch (error) {
        sendErrors(response, [error], { requestId: ids.next(), log });
      }
      if (response.writableFinished || response.destroyed) lifetime.close();
      else response.once('close', () => lifetime.close());
    };
  return ({ door, auditDoor, graphiql }) => ({
    // Building the graphs of many tenants takes its time: what administrators do has no deadline.
    door: awaited(door, () => Number.MAX_SAFE_INTEGER),
    auditDoor: awaited(auditDoor, () => limits.streamTimeoutMs),
    graphiql,
  });
}
