import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createAdminSchema } from '../admin/schema/index.ts';
import { describeError, SkeinError } from '../kernel/errors.ts';
import { systemClock } from '../kernel/ports.ts';
import { type Problem, ProblemsError } from '../kernel/problem.ts';
import type { Source } from '../sources/source.ts';
import { exampleQuery, formatBanner } from './banner.ts';
import { readEnvironment } from './config/environment.ts';
import { formatProblems } from './config/print-problems.ts';
import { type ConfigReading, readConfig, readConfigText, readSectionsAsWritten } from './config/read-config.ts';
import type { Environment } from './config/substitute.ts';
import { createAdminIdentity } from './control/admin-identity.ts';
import { type StartedControlPlane, startControlPlane } from './control/start-store.ts';
import { createGateway, type Gateway } from './gateway.ts';
import { createGraph, type Graph } from './graph/graph.ts';
import { generationOptions } from './graph/load-graph.ts';
import { createAdminDoor } from './http/admin-door.ts';
import { createGraphiql } from './http/graphiql.ts';
import { createLiveSettings } from './live-settings.ts';
import { createLog } from './log.ts';
import { createAccessPolicy } from './policy/access.ts';
import { createCounters } from './policy/counters/create-counters.ts';
import { createQueryLimits } from './policy/query-limits.ts';
import { createRates } from './policy/rates/rates.ts';
import { createReloader } from './reload.ts';

export interface RunningGateway {
  /** Resolves with the exit code when the gateway has stopped, or could not start. */
  readonly closed: Promise<number>;
}

/**
 * Environment → configuration → graph → gateway → listen → shutdown. Mistakes go to stderr, all at once, and `closed`
 * resolves with 1. SIGTERM and SIGINT drain; a second one hurries.
 */
export async function startGateway(env: Environment): Promise<RunningGateway> {
  const startedAt = performance.now();
  const { environment, problems: wrongVariables } = readEnvironment(env);
  const log = createLog(environment.logLevel);
  const clock = systemClock;
  const stopping = new AbortController();
  const stopWaiting = () => stopping.abort();
  process.once('SIGTERM', stopWaiting).once('SIGINT', stopWaiting);
  let started: StartedControlPlane;
  try {
    started = await startControlPlane({ environment, env, clock, log, signal: stopping.signal });
  } catch (error) {
    process.stderr.write(`The store cannot be opened: ${describeError(error)}\n`);
    return { closed: Promise.resolve(stopping.signal.aborted ? 0 : 1) };
  } finally {
    process.off('SIGTERM', stopWaiting).off('SIGINT', stopWaiting);
  }
  const { control, adminToken } = started;
  const given = await readStartConfig(environment.configFile, env.SKEIN_CONFIG !== undefined, control.environment());
  const merged = await control.mergeFile(given.reading, given.sections);
  const { reading } = merged;
  let graph: Graph;
  try {
    const known = [...wrongVariables, ...reading.problems];
    graph = await createGraph(reading.config, known, {
      ...{ log, generation: generationOptions(reading.config) },
      mayBeEmpty: true,
    });
  } catch (error) {
    await control.dispose();
    if (!(error instanceof ProblemsError)) throw error;
    printProblems(error.problems, reading);
    return { closed: Promise.resolve(1) };
  }
  await graph.probe();
  await merged.commit();

  let fromFile = given.reading.config;
  const settings = createLiveSettings(reading.config, {
    directory: () => control.directory(),
    onKeyUsed: (id, at) => control.noteUse('keys', id, at),
    clock,
    log,
  });
  let others: readonly Source[] = [];
  control.serve(
    graph,
    () => fromFile,
    async (sources) => {
      others = sources;
      const { config, problems: known } = await control.readDefault();
      const generation = generationOptions(config);
      const request = { config, known, generation, given: sources, changedFiles: NO_FILES, asksServices: false };
      return (await graph.change(request)).isNew;
    },
  );
  const { keys } = settings;
  const [shown] = keys;
  const access = createAccessPolicy();
  const counters = createCounters(reading.config.rates, { clock, log });
  const gateway = createGateway({
    graph,
    graphOf(caller) {
      const found = control.graphOf(caller.tenant);
      if (found === undefined) throw new SkeinError('GRAPH_NOT_READY', control.lackOf(caller.tenant));
      return { registry: found.graph.registry, access: found.access };
    },
    access,
    holdsGrants: ({ app }, grants) => {
      const held = app === undefined ? undefined : control.directory().app(app)?.grants;
      const ids = new Set([...(held?.values() ?? [])].map(({ id }) => id));
      return grants.every((id) => ids.has(id));
    },
    onIdentitiesChanged: (listener) => control.onChange(listener),
    admin: {
      door: createAdminDoor({
        schema: createAdminSchema(),
        identify: createAdminIdentity({
          directory: () => control.directory(),
          tokens: () => settings.tokens,
          clock,
          addressOf: (credentials) => settings.keyring.addressOf(credentials),
          onUsed: (id, at) => control.noteUse('tokens', id, at),
        }),
        contextOf: (actor) => control.contextOf(actor),
        rules: [createQueryLimits(ADMIN_LIMITS)],
        ids: { next: randomUUID },
        log,
      }),
      graphiql: createGraphiql({
        developmentKey: adminToken,
        defaultQuery: '{ viewer { id name tenant roles } }',
        endpoint: '/admin/graphql',
        title: 'Skein administration',
        keyPlaceholder: '<your administrator token>',
      }),
    },
    storeHealth: () => control.health(),
    onClosed: () => control.dispose(),
    keyring: settings.keyring,
    limits: settings.limits,
    cors: settings.cors,
    rates: createRates({ counters, log, productsUsed: access.grantsUsed }),
    graphiql: {
      developmentKey: keys.find(({ generated, graphiql }) => generated || graphiql)?.key,
      defaultQuery: exampleQuery(graph),
    },
    clock,
    ids: { next: randomUUID },
    log,
    tell: (line) => process.stderr.write(`${line}\n`),
  });
  try {
    const address = await gateway.listen(environment.port, environment.host);
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    process.stdout.write(
      formatBanner({
        url: `http://${host}:${address.port}`,
        graph,
        prompts: Object.keys(reading.config.prompts),
        key: shown === undefined ? undefined : { ...shown, development: shown.generated || shown.graphiql },
        adminToken,
        tookMs: Math.round(performance.now() - startedAt),
      }),
    );
  } catch (error) {
    process.stderr.write(`${listenProblem(error, environment.host, environment.port)}\n`);
    await gateway.close();
    return { closed: Promise.resolve(1) };
  }
  const reloader = createReloader({
    ...{ graph, reading, settings, log },
    env: () => control.environment(),
    async merge(next) {
      const merged = await control.mergeFile(next, await sectionsOf(next));
      fromFile = next.config;
      return merged;
    },
    given: () => others,
    onPublished: () => control.published(),
  });
  const onHangup = () => void reloader.reload(graph.files(), true);
  process.on('SIGHUP', onHangup);
  const closed = closeOnSignal(gateway, env.npm_lifecycle_event !== undefined, () => {
    process.off('SIGHUP', onHangup);
    reloader.stop();
  });
  return { closed };
}

const NO_FILES: ReadonlySet<string> = new Set();
/** Administrators' documents are their own, and may ask for all that an entity has. */
const ADMIN_LIMITS = { depth: 20, fields: 5_000 };

interface StartConfig {
  readonly reading: ConfigReading;
  readonly sections: Readonly<Record<string, unknown>>;
}

/** Without a skein.yaml, and without one that was asked for, the store has all there is. */
async function readStartConfig(file: string, isNamed: boolean, env: Environment): Promise<StartConfig> {
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  if (!isThere && !isNamed) return { reading: await readConfigText('{}', resolve(file), env), sections: {} };
  const reading = await readConfig(file, env);
  return { reading, sections: await sectionsOf(reading) };
}

async function sectionsOf({ config, problems }: ConfigReading): Promise<Readonly<Record<string, unknown>>> {
  return problems.length > 0 ? {} : readSectionsAsWritten(config.file);
}

function printProblems(problems: readonly Problem[], { config, locate }: ConfigReading): void {
  const color = process.stderr.isTTY;
  process.stderr.write(formatProblems(problems, { file: config.file, locate, color }));
}

function listenProblem(error: unknown, host: string, port: number): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EADDRINUSE') return `Port ${port} on ${host} is taken. Stop what uses it, or set PORT to another one.`;
  if (code === 'EACCES') return `Port ${port} on ${host} may not be used by this user. Set PORT to one above 1023.`;
  return `Cannot listen on ${host}:${port}: ${describeError(error)}.`;
}

const PARENT_CHECK_MS = 250;

function closeOnSignal(gateway: Gateway, startedByNpm: boolean, onClosing: () => void): Promise<number> {
  return new Promise((resolve, reject) => {
    let parentCheck: NodeJS.Timeout | undefined;
    const onSignal = () => {
      clearInterval(parentCheck);
      onClosing();
      gateway.close().then(() => {
        process.off('SIGTERM', onSignal);
        process.off('SIGINT', onSignal);
        resolve(0);
      }, reject);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
    if (!startedByNpm) return;
    // npm hands a signal to the shell it runs scripts in, and the shell dies of it without a word: its end is our signal.
    const parent = process.ppid;
    parentCheck = setInterval(() => {
      if (process.ppid !== parent) onSignal();
    }, PARENT_CHECK_MS).unref();
  });
}
