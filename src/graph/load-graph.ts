import type { Log } from '../../kernel/ports.ts';
import { silentLog } from '../../kernel/ports.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { readEnvironment } from '../config/environment.ts';
import { type ConfigReading, readConfig } from '../config/read-config.ts';
import type { Environment } from '../config/substitute.ts';
import { createQueryLimits } from '../policy/query-limits.ts';
import { createGraph, type Graph } from './graph.ts';

export type LoadedGraph =
  | { readonly reading: ConfigReading; readonly graph: Graph; readonly problems: readonly [] }
  | { readonly reading: ConfigReading; readonly graph: undefined; readonly problems: readonly Problem[] };

export interface LoadGraphOptions {
  /** Default: what `env` says. */
  readonly configFile?: string;
  /** Variables of the gateway with wrong values are mistakes, too. */
  readonly checksEnvironment?: boolean;
  readonly log?: Log;
}

/** Everything `skein start` does before it listens. The graph is for the caller to dispose. */
export async function loadGraph(
  env: Environment,
  { configFile, checksEnvironment = true, log = silentLog }: LoadGraphOptions = {},
): Promise<LoadedGraph> {
  const { environment, problems } = readEnvironment(env);
  const reading = await readConfig(configFile ?? environment.configFile, env);
  const { limits, overrides } = reading.config;
  const generation = { rules: [createQueryLimits(limits)], maxTokens: limits.tokens, overrides };
  try {
    const known = [...(checksEnvironment ? problems : []), ...reading.problems];
    return { reading, graph: await createGraph(reading.config, known, { log, generation }), problems: [] };
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    return { reading, graph: undefined, problems: error.problems };
  }
}
