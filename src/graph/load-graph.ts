import type { Log } from '../../kernel/ports.ts';
import { silentLog } from '../../kernel/ports.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import type { GenerationOptions } from '../../schema/registry.ts';
import { readEnvironment } from '../config/environment.ts';
import { type ConfigReading, readConfig } from '../config/read-config.ts';
import type { SkeinConfig } from '../config/schema.ts';
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

/** What a configuration says of how documents are planned. */
export function generationOptions({ limits, overrides }: SkeinConfig): GenerationOptions {
  return { rules: [createQueryLimits(limits)], maxTokens: limits.tokens, overrides };
}

/** Everything `skein start` does before it listens. The graph is for the caller to dispose. */
export async function loadGraph(
  env: Environment,
  { configFile, checksEnvironment = true, log = silentLog }: LoadGraphOptions = {},
): Promise<LoadedGraph> {
  const { environment, problems } = readEnvironment(env);
  const reading = await readConfig(configFile ?? environment.configFile, env);
  const generation = generationOptions(reading.config);
  try {
    const known = [...(checksEnvironment ? problems : []), ...reading.problems];
    return { reading, graph: await createGraph(reading.config, known, { log, generation }), problems: [] };
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    return { reading, graph: undefined, problems: error.problems };
  }
}
