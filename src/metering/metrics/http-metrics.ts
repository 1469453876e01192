import type { Durations } from '../../../kernel/durations.ts';
import type { DoorName } from './door-name.ts';
import { type Cell, createCounter, createDurations, type Register } from './series.ts';

export interface HttpMetrics {
  /** With the status that it is answered with; how long it took to its last byte, where that says anything. */
  observe(door: DoorName, status: number, tookMs?: number): void;
}

/** Statuses are the gateway's own, so there are few; what is none is told as 0. */
export function createHttpMetrics(registry: Register): HttpMetrics {
  const requests = createCounter(registry, {
    name: 'skein_http_requests_total',
    help: 'HTTP requests by door and status. 499: the client went away before it was answered.',
    labelNames: ['door', 'status'],
  });
  const durations = createDurations(registry, {
    name: 'skein_http_request_duration_seconds',
    help: 'Time from the head of a request to the last byte of its answer; of streams, as long as they were open.',
    labelNames: ['door'],
  });
  const byDoor = new Map<DoorName, { readonly byStatus: Map<number, Cell>; readonly took: Durations }>();
  return {
    observe(door, status, tookMs) {
      let own = byDoor.get(door);
      if (own === undefined) {
        own = { byStatus: new Map(), took: durations(door) };
        byDoor.set(door, own);
      }
      let cell = own.byStatus.get(status);
      if (cell === undefined) {
        const known = Number.isInteger(status) && status >= 100 && status <= 599;
        cell = requests(door, known ? String(status) : '0');
        own.byStatus.set(known ? status : 0, cell);
      }
      cell.value += 1;
      if (tookMs !== undefined) own.took.observe(tookMs);
    },
  };
}
