import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { skein } from '../../src/cli/skein.ts';

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliFolder {
  readonly path: string;
  /** Writes a file, and gives its absolute path. */
  write(name: string, text: string): Promise<string>;
  /** Runs a command in this process; paths in what it says are relative to the folder. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<CliResult>;
  remove(): Promise<void>;
}

/** A folder with these files, to run commands on. */
export async function createCliFolder(files: Readonly<Record<string, string>> = {}): Promise<CliFolder> {
  const path = await mkdtemp(join(tmpdir(), 'skein-cli-'));
  const write = async (name: string, text: string) => {
    const file = join(path, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    return file;
  };
  for (const [name, text] of Object.entries(files)) await write(name, text);
  return {
    path,
    write,
    async run(args, env = {}) {
      let stdout = '';
      let stderr = '';
      const terminal = {
        out: (text: string) => {
          stdout += text;
        },
        err: (text: string) => {
          stderr += text;
        },
        color: false,
      };
      const given = args.map((arg) => arg.replace(/^@/, `${path}/`));
      const code = await skein(
        given,
        { SKEIN_DATA: ':memory:', SKEIN_CONFIG: join(path, 'skein.yaml'), ...env },
        terminal,
      );
      const short = (text: string) => text.replaceAll(`${path}/`, '');
      return { code, stdout: short(stdout), stderr: short(stderr) };
    },
    remove: () => rm(path, { recursive: true }),
  };
}
