import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Register } from './series.ts';

let registry: Register | undefined;

/**
 * CPU, memory, event loop and garbage collection as prom-client has them. They are the process's, whatever runs in it, and
 * watching them begins with the first scrape: who never asks pays nothing.
 */
export function processRegistry(): Register {
  if (registry === undefined) {
    registry = new Registry();
    collectDefaultMetrics({ register: registry });
  }
  return registry;
}
