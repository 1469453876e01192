import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Problem } from '../kernel/problem.ts';
import { formatProblems } from './config/print-problems.ts';
import { type ConfigReading, readConfig, readConfigText } from './config/read-config.ts';
import type { Environment } from './config/substitute.ts';

/** skein.yaml as it is at the start. */
export interface StartConfig {
  readonly reading: ConfigReading;
  /** Where there is none, it reads as an empty one. */
  readonly hasFile: boolean;
}

/** Without a skein.yaml, and without one that was asked for, the store has all there is. */
export async function readStartConfig(file: string, isNamed: boolean, env: Environment): Promise<StartConfig> {
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  if (!isThere && !isNamed) return { reading: await readConfigText('{}', resolve(file), env), hasFile: false };
  return { reading: await readConfig(file, env), hasFile: true };
}

/** For the person at the terminal. */
export function printProblems(problems: readonly Problem[], { config, locate }: ConfigReading): void {
  const color = process.stderr.isTTY;
  process.stderr.write(formatProblems(problems, { file: config.file, locate, color }));
}
