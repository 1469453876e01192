import { UserErrors } from '../../../admin/errors.ts';
import type { StateError } from '../../../admin/gitops/state-error.ts';
import type { Problem } from '../../../kernel/problem.ts';
import { readEnvironment } from '../../config/environment.ts';
import { clean, formatProblems } from '../../config/print-problems.ts';
import type { CommandCall } from '../commands.ts';
import { EXIT, type Terminal } from '../terminal.ts';
import { DoorError, type StateDoor } from './door.ts';
import { openGatewayDoor } from './gateway-door.ts';

/**
 * Opens the store that the environment names, or asks the gateway that `--url` names, for as long as the work takes.
 * What goes wrong is told; then it resolves with 2, and for mistakes in the file with `mistakes`.
 */
export async function withDoor(
  { values, env, terminal }: CommandCall,
  { file, mistakes }: { readonly file?: string | undefined; readonly mistakes: number },
  work: (door: StateDoor) => Promise<number>,
): Promise<number> {
  let door: StateDoor | undefined;
  try {
    door = await openDoor(values.url, env);
    return await work(door);
  } catch (error) {
    tell(error, file, terminal);
    return error instanceof UserErrors ? mistakes : EXIT.usage;
  } finally {
    for (const remark of door?.remarks() ?? []) terminal.err(`${clean(remark)}\n`);
    await door?.close();
  }
}

async function openDoor(url: CommandCall['values']['url'], env: CommandCall['env']): Promise<StateDoor> {
  if (typeof url === 'string') return openGatewayDoor(url, readEnvironment(env).environment.adminToken);
  // Mongoose and all that builds graphs: who asks a gateway does not need it.
  return (await import('./store-door.ts')).openStoreDoor(env);
}

function tell(error: unknown, file: string | undefined, terminal: Terminal): void {
  if (error instanceof UserErrors) {
    const problems = error.errors.map((one) => problemOf(one, file));
    terminal.err(formatProblems(problems, { file: file ?? '', locate: () => undefined, color: terminal.color }));
  } else if (error instanceof DoorError) {
    const way = error.suggestion === undefined ? '' : `  ${error.suggestion}\n`;
    terminal.err(`${clean(error.message)}\n${way}`);
  } else throw error;
}

function problemOf({ path, message, line }: StateError, file: string | undefined): Problem {
  const told = path.length === 0 ? message : `${path.join('.')}: ${message}`;
  return { message: told, ...(file !== undefined && { file }), ...(line !== undefined && { line }) };
}
