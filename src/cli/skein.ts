import { parseArgs } from 'node:util';
import { didYouMean } from '../../kernel/suggest.ts';
import type { Environment } from '../config/substitute.ts';
import { readVersion } from '../read-version.ts';
import { COMMANDS, type Command, OPTIONS, type OptionName, type OptionValues } from './commands.ts';
import { commandHelp, generalHelp } from './help.ts';
import { EXIT, type Terminal } from './terminal.ts';

const SEE_HELP = 'Run "skein --help" for the commands and their options.';

/** Which environment variable an option stands for. */
const VARIABLES = { config: 'SKEIN_CONFIG', port: 'PORT', host: 'HOST' } as const;

/** Runs the command that `argv` names. Resolves with the exit code. */
export async function skein(argv: readonly string[], env: Environment, terminal: Terminal): Promise<number> {
  const refuse = (message: string): number => {
    terminal.err(`${message}\n`);
    return EXIT.usage;
  };
  const parsed = parse(argv);
  if (typeof parsed === 'string') return refuse(`${parsed}\n${SEE_HELP}`);
  const { version, ...values } = parsed.values;
  const [first, ...others] = parsed.positionals;
  const asksForHelp = values.help === true || first === 'help';
  const [name, ...rest] = first === 'help' ? others : parsed.positionals;
  if (version === true) {
    terminal.out(`${readVersion()}\n`);
    return EXIT.ok;
  }
  if (name === undefined) {
    if (!asksForHelp) return refuse(generalHelp());
    terminal.out(generalHelp());
    return EXIT.ok;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) return refuse(unknownCommand(name));
  if (asksForHelp) {
    terminal.out(commandHelp(command));
    return EXIT.ok;
  }
  const wrong = wrongUse(name, command, values, rest);
  if (wrong !== undefined) return refuse(`${wrong}\nRun "skein ${name} --help" for its options.`);
  const overridden: Record<string, string | undefined> = { ...env };
  for (const [option, variable] of Object.entries(VARIABLES)) {
    const value = values[option as keyof typeof VARIABLES];
    if (typeof value === 'string') overridden[variable] = value;
  }
  return command.run({ values, env: overridden, terminal });
}

interface Parsed {
  readonly values: OptionValues & { readonly version?: boolean | undefined };
  readonly positionals: readonly string[];
}

/** What the command line says, or why it says nothing. */
function parse(argv: readonly string[]): Parsed | string {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { ...OPTIONS, version: { type: 'boolean', short: 'v' } },
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const [, option = ''] = /'(--?[^'\s]+)/.exec(message) ?? [];
    if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
      const known = [...Object.keys(OPTIONS), 'version'].map((name) => `--${name}`);
      return `There is no option '${option}'.${didYouMean(option, known)}`;
    }
    if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE') return optionValue(option, message);
    return message;
  }
}

function optionValue(option: string, message: string): string {
  const wantsNone = message.includes('does not take');
  return wantsNone ? `The option '${option}' takes no value.` : `The option '${option}' needs a value behind it.`;
}

function unknownCommand(name: string): string {
  const names = Object.keys(COMMANDS);
  if (/\.ya?ml$/.test(name))
    return `There is no command "${name}". To name a configuration: skein start --config ${name}`;
  const commands = Object.entries(COMMANDS).map(([known, { summary }]) => `  ${known.padEnd(10)}${summary}`);
  return `There is no command "${name}".${didYouMean(name, names)}\nThe commands are:\n${commands.join('\n')}`;
}

function wrongUse(
  name: string,
  { options }: Command,
  values: OptionValues,
  [extra]: readonly string[],
): string | undefined {
  const takes = (option: OptionName) => options.includes(option);
  if (extra !== undefined) {
    if (takes('file')) return `The command "${name}" takes options only. Did you mean: skein ${name} --file ${extra}`;
    const way = takes('from') ? 'skein diff --from OLD --to NEW' : `skein ${name} --config ${extra}`;
    return `The command "${name}" takes options only, but there is "${extra}". Did you mean: ${way}`;
  }
  for (const option of Object.keys(values) as OptionName[]) {
    if (option !== 'help' && !takes(option)) return `The command "${name}" has no option '--${option}'.`;
    if (values[option] === '') return `The option '--${option}' needs a value behind it.`;
  }
  return undefined;
}
