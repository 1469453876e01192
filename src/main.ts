import { randomUUID } from 'node:crypto';
import { describeError } from '../kernel/errors.ts';
import { systemClock } from '../kernel/ports.ts';
import type { Problem } from '../kernel/problem.ts';
import { exampleQuery, formatBanner } from './banner.ts';
import { readEnvironment } from './config/environment.ts';
import { formatProblems } from './config/print-problems.ts';
import type { ConfigReading } from './config/read-config.ts';
import type { Environment } from './config/substitute.ts';
import { createGateway, type Gateway } from './gateway.ts';
import { loadGraph } from './graph/load-graph.ts';
import { createLiveSettings } from './live-settings.ts';
import { createLog } from './log.ts';
import { createCounters } from './policy/counters/create-counters.ts';
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
  const { environment } = readEnvironment(env);
  const log = createLog(environment.logLevel);
  const { reading, graph, problems } = await loadGraph(env, { log });
  if (graph === undefined) {
    printProblems(problems, reading);
    return { closed: Promise.resolve(1) };
  }
  await graph.probe();

  const settings = createLiveSettings(reading.config);
  const { keys } = settings;
  const [shown] = keys;
  const gateway = createGateway({
    graph,
    keyring: settings.keyring,
    limits: settings.limits,
    cors: settings.cors,
    rates: createRates({ counters: createCounters(reading.config.rates, { clock: systemClock, log }), log }),
    graphiql: {
      developmentKey: keys.find(({ generated, graphiql }) => generated || graphiql)?.key,
      defaultQuery: exampleQuery(graph),
    },
    clock: systemClock,
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
        tookMs: Math.round(performance.now() - startedAt),
      }),
    );
  } catch (error) {
    process.stderr.write(`${listenProblem(error, environment.host, environment.port)}\n`);
    await gateway.close();
    return { closed: Promise.resolve(1) };
  }
  const reloader = createReloader({ graph, reading, settings, env, log });
  const onHangup = () => void reloader.reload(graph.files(), true);
  process.on('SIGHUP', onHangup);
  const closed = closeOnSignal(gateway, env.npm_lifecycle_event !== undefined, () => {
    process.off('SIGHUP', onHangup);
    reloader.stop();
  });
  return { closed };
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
