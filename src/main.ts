import { setFlagsFromString } from 'node:v8';
import { describeError } from '../kernel/errors.ts';
import { systemClock } from '../kernel/ports.ts';
import { ProblemsError } from '../kernel/problem.ts';
import { formatBanner } from './banner.ts';
import { readEnvironment } from './config/environment.ts';
import type { Environment } from './config/substitute.ts';
import { type StartedControlPlane, startControlPlane } from './control/start-store.ts';
import { createLiveSettings } from './live-settings.ts';
import { createLog } from './log.ts';
import { createMetrics } from './metering/metrics/metrics.ts';
import { createReloader } from './reload.ts';
import { printProblems, readStartConfig } from './start-config.ts';
import { assembleGateway } from './start-gateway.ts';
import { type DefaultGraph, startDefaultGraph } from './start-graph.ts';
import { closeOnSignal, listenWhileStarting } from './stop-on-signal.ts';

export interface RunningGateway {
  /** Resolves with the exit code when the gateway has stopped, or could not start. */
  readonly closed: Promise<number>;
}

/** By how much the heap may grow over what lived at the last collection before there is another one of all of it. */
const HEAP_GROWTH_PERCENT = 100;

/** How long tenants' graphs may hold up the start: those that are not built by then are built while it serves. */
const GRAPHS_PATIENCE_MS = 10_000;

/**
 * Environment → store → configuration → graphs → gateway → listen → shutdown. Mistakes go to stderr, all at once, and
 * `closed` resolves with 1. SIGTERM and SIGINT drain; a second one hurries.
 */
export async function startGateway(env: Environment): Promise<RunningGateway> {
  const startedAt = performance.now();
  // By itself V8 collects a heap again when it has grown by a tenth, if that is quick, and once more some seconds after work
  // that comes seldom, such as a change of the graph. Collections cost requests more than the memory does.
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`);
  setFlagsFromString('--no-memory-reducer');
  const { environment, problems: wrongVariables } = readEnvironment(env);
  const log = createLog(environment.logLevel);
  const clock = systemClock;
  const metrics = createMetrics();

  // 1. The store: a server that does not answer is waited for.
  const signals = listenWhileStarting();
  let started: StartedControlPlane;
  try {
    started = await startControlPlane({ environment, env, clock, log, metrics, signal: signals.signal });
  } catch (error) {
    if (signals.signal.aborted) return ended(0);
    process.stderr.write(`The store cannot be opened: ${describeError(error)}\n`);
    return ended(1);
  } finally {
    signals.release();
  }
  const { control, adminToken, usage } = started;
  if (signals.signal.aborted) {
    await control.dispose();
    return ended(0);
  }

  // 2. The graph of the default tenant, by skein.yaml and the store; then those of all others.
  const given = await readStartConfig(environment.configFile, env.SKEIN_CONFIG !== undefined, control.environment());
  let { reading } = given;
  let main: DefaultGraph;
  try {
    const onRead = (read: typeof reading) => {
      reading = read;
    };
    main = await startDefaultGraph({ control, given, known: wrongVariables, log, onRead });
  } catch (error) {
    await control.dispose();
    if (!(error instanceof ProblemsError)) throw error;
    printProblems(error.problems, reading);
    return ended(1);
  }
  const { graph } = main;
  await control.whenBuilt(GRAPHS_PATIENCE_MS);

  // 3. The gateway over them.
  const settings = createLiveSettings(reading.config, {
    directory: () => control.directory(),
    onKeyUsed: (id, at) => control.noteUse('keys', id, at),
    clock,
    log,
  });
  const gateway = assembleGateway({ control, adminToken, main, settings, metrics, usage, clock, log });
  try {
    const address = await gateway.listen(environment.port, environment.host);
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    const [shown] = settings.keys;
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
    return ended(1);
  }

  // 4. Changes of the file, and the end.
  const reloader = createReloader({
    ...{ graph, reading, settings, log },
    env: () => control.environment(),
    merge: main.merge,
    given: main.given,
    exclusively: main.exclusively,
    onPublished: () => control.published(),
    onTaken: (isTaken) => metrics.configurationTaken(isTaken),
  });
  control.onFileOutdated(() => void reloader.reload(new Set(), false));
  const onHangup = () => void reloader.reload(graph.files(), true);
  process.on('SIGHUP', onHangup);
  const closed = closeOnSignal(gateway, env.npm_lifecycle_event !== undefined, () => reloader.stop());
  // Until then: by itself it would end the process, and what is drained.
  return { closed: closed.finally(() => process.off('SIGHUP', onHangup)) };
}

function ended(code: number): RunningGateway {
  return { closed: Promise.resolve(code) };
}

function listenProblem(error: unknown, host: string, port: number): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EADDRINUSE') return `Port ${port} on ${host} is taken. Stop what uses it, or set PORT to another one.`;
  if (code === 'EACCES') return `Port ${port} on ${host} may not be used by this user. Set PORT to one above 1023.`;
  return `Cannot listen on ${host}:${port}: ${describeError(error)}.`;
}
