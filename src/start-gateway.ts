import { randomUUID } from 'node:crypto';
import type { SkeinError } from '../kernel/errors.ts';
import type { Clock, Log } from '../kernel/ports.ts';
import { exampleQuery } from './banner.ts';
import type { ControlPlane } from './control/control-plane.ts';
import type { TenantGraph } from './control/tenant-graphs.ts';
import { createGateway, type Gateway } from './gateway.ts';
import type { Caller } from './identity/caller.ts';
import type { LiveSettings } from './live-settings.ts';
import type { Metrics } from './metering/metrics/metrics.ts';
import type { UsageSinkState } from './metering/usage-sink.ts';
import { createAccessPolicy } from './policy/access.ts';
import { createCounters } from './policy/counters/create-counters.ts';
import { createRates } from './policy/rates/rates.ts';
import { createAdmin } from './start-admin.ts';
import type { DefaultGraph } from './start-graph.ts';
import { modelsView } from './surfaces/models-view.ts';

export interface AssemblyDeps {
  readonly control: ControlPlane;
  readonly adminToken: string | undefined;
  readonly main: DefaultGraph;
  readonly settings: LiveSettings;
  readonly metrics: Metrics;
  /** How usage records stand. */
  usage(): UsageSinkState;
  readonly clock: Clock;
  readonly log: Log;
}

/** The gateway over the graphs of all tenants. */
export function assembleGateway(deps: AssemblyDeps): Gateway {
  const { control, adminToken, main, settings, metrics, usage, clock, log } = deps;
  const { graph, reading } = main;
  const ids = { next: randomUUID };
  const access = createAccessPolicy();
  const counters = createCounters(reading.config.rates, { clock, log });
  const found = ({ tenant }: Caller): TenantGraph => control.graphOf(tenant) ?? refuse(control.lackOf(tenant));
  return createGateway({
    graph,
    graphOf(caller) {
      const { graph: own, access: ofCaller } = found(caller);
      return { registry: own.registry, access: ofCaller };
    },
    modelsOf(caller) {
      const { graph: own, access: ofCaller } = found(caller);
      return modelsView(own, ofCaller);
    },
    access,
    holdsGrants: ({ app }, grants) => control.directory().holdsGrants(app, grants),
    onIdentitiesChanged: (listener) => control.onChange(listener),
    admin: createAdmin({ control, settings, adminToken, clock, ids, log }),
    storeHealth: () => control.health(),
    metrics,
    standing: () => ({ ...control.standing(), usage: usage() }),
    onClosed: () => control.dispose(),
    keyring: settings.keyring,
    limits: settings.limits,
    cors: settings.cors,
    rates: createRates({ counters, log, productsUsed: access.grantsUsed }),
    graphiql: {
      developmentKey: settings.keys.find(({ generated, graphiql }) => generated || graphiql)?.key,
      defaultQuery: exampleQuery(graph),
    },
    clock,
    ids,
    log,
    tell: (line) => process.stderr.write(`${line}\n`),
  });
}

function refuse(error: SkeinError): never {
  throw error;
}
