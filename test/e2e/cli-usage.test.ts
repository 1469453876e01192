import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { type CliFolder, createCliFolder } from '../utils/run-cli.ts';

describe('the command line', () => {
  let folder: CliFolder;
  beforeAll(async () => {
    folder = await createCliFolder({ 'skein.yaml': '' });
  });
  afterAll(() => folder.remove());

  it.each(Object.keys(COMMANDS))('has help for %s, with its options, exit codes and examples', async (name) => {
    const command = COMMANDS[name];
    const { code, stdout, stderr } = await folder.run([name, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const option of command?.options ?? []) expect(stdout).toContain(`\n  --${option} `);
    for (const exitCode of Object.keys(command?.exitCodes ?? {})) expect(stdout).toContain(`\n  ${exitCode}   `);
    for (const example of command?.examples ?? []) expect(stdout).toContain(`\n  ${example}\n`);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
    expect((await folder.run(['help', name])).stdout).toBe(stdout);
  });

  it('lists every command in its help', async () => {
    const { code, stdout } = await folder.run(['--help']);
    expect(code).toBe(0);
    for (const [name, { summary }] of Object.entries(COMMANDS)) {
      expect(stdout).toMatch(new RegExp(`^  ${name} +${summary.replaceAll('.', '\\.')}$`, 'm'));
    }
    expect(await folder.run([])).toEqual({ code: 2, stdout: '', stderr: `${stdout}\n` });
  });

  it.each([
    [['frobnicate'], 'There is no command "frobnicate".\nThe commands are:\n  start '],
    [['toString'], 'There is no command "toString".'],
    [['skein.yaml'], 'There is no command "skein.yaml". To name a configuration: skein start --config skein.yaml'],
    [['validate', 'a.yaml'], 'Did you mean: skein validate --config a.yaml'],
    [['diff', 'a.graphql', 'b.graphql'], 'Did you mean: skein diff --from OLD --to NEW'],
    [['validate', '--cofnig', 'a'], 'There is no option \'--cofnig\'. Did you mean "--config"?'],
    [['validate', '--config'], "The option '--config' needs a value behind it."],
    [['validate', '--config='], "The option '--config' needs a value behind it."],
    [['validate', '--all=3'], "The option '--all' takes no value."],
    [['print', '--port', '1'], 'The command "print" has no option \'--port\'.\nRun "skein print --help"'],
    [['validate', '--format', 'jsno'], 'The format must be "text", "json" or "github". Did you mean "json"?'],
    [['diff', '--from', 'x', '--format', 'github'], 'The format must be "text" or "json".'],
    [['diff'], 'The option --from is missing'],
    [['print', '--source', 'a', '--supergraph'], 'Either --source or --supergraph'],
  ])('refuses %j with the way out', async (args, message) => {
    const { code, stdout, stderr } = await folder.run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});
