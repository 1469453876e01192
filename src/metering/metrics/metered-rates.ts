import type { Rates, RateVerdict } from '../../policy/rates/rates.ts';
import { createCounter, type Register } from './series.ts';

/** Counts what limits of callers refuse. Names of limits come from plans of tenants: they are no labels. */
export function createRateMetrics(registry: Register): (rates: Rates) => Rates {
  const refused = createCounter(registry, {
    name: 'skein_rate_limit_refusals_total',
    help: 'Requests and operations that a limit of their caller has refused.',
  })();
  const note = (verdict: RateVerdict): RateVerdict => {
    if (verdict.error !== undefined) refused.value += 1;
    return verdict;
  };
  const noted = (verdict: RateVerdict | Promise<RateVerdict> | undefined) => {
    if (verdict === undefined) return undefined;
    return verdict instanceof Promise ? verdict.then(note) : note(verdict);
  };
  return (rates) => ({
    charge: (operation, caller) => noted(rates.charge(operation, caller)),
    chargeRequest: (caller) => noted(rates.chargeRequest(caller)),
    chargeField: (caller, field) => noted(rates.chargeField(caller, field)),
    storeState: () => rates.storeState?.(),
    dispose: () => rates.dispose(),
  });
}
