import type { Environment } from '../config/substitute.ts';
import type { Terminal } from './terminal.ts';

export type OptionName = keyof typeof OPTIONS;
export type OptionValues = { readonly [Name in OptionName]?: string | boolean | undefined };

/** What a command was called with. `env` has what its options say, too. */
export interface CommandCall {
  readonly values: OptionValues;
  readonly env: Environment;
  readonly terminal: Terminal;
}

export interface Command {
  /** One line. */
  readonly summary: string;
  readonly usage: string;
  /** What it does beyond the summary, in lines. */
  readonly details: string;
  readonly options: readonly OptionName[];
  readonly exitCodes: Readonly<Record<number, string>>;
  readonly examples: readonly string[];
  /** Resolves with the exit code. What it needs is imported when it runs: help and mistakes need not wait for it. */
  run(call: CommandCall): Promise<number>;
}

/** Every option of every command. */
export const OPTIONS = {
  config: {
    type: 'string',
    value: 'FILE',
    text: 'The configuration, or the folder of a skein.yaml   (SKEIN_CONFIG, default ./skein.yaml)',
  },
  port: { type: 'string', value: 'PORT', text: 'Port to listen on, 0 for any free one   (PORT, default 4000)' },
  host: { type: 'string', value: 'HOST', text: 'Address to listen on   (HOST, default 127.0.0.1)' },
  all: { type: 'boolean', text: 'List every notice, not only how many there are of each sort' },
  strict: { type: 'boolean', text: 'A source that cannot be reached is a mistake, too' },
  format: { type: 'string', value: 'FORMAT', text: 'How to say it; see below   (default text)' },
  source: { type: 'string', value: 'NAME', text: 'The SDL of this source alone, as it comes into the graph' },
  supergraph: { type: 'boolean', text: 'The supergraph that the sources compose to, with its @join directives' },
  from: { type: 'string', value: 'PLACE', text: 'What there was before' },
  to: { type: 'string', value: 'PLACE', text: 'What there is now   (default: the configuration)' },
  help: { type: 'boolean', short: 'h', text: 'Show this help' },
} as const satisfies Record<string, { type: 'string' | 'boolean'; value?: string; short?: string; text: string }>;

const SHOWS_ALL = 'The configuration has mistakes; all of them are told.';
const USAGE = 'The command cannot be understood; nothing was done.';

export const COMMANDS: Readonly<Record<string, Command>> = {
  start: {
    summary: 'Read skein.yaml, build the graph, and serve it.',
    usage: 'skein start [options]',
    details: `A source that cannot be reached is left out, and joins the graph when it answers. SIGTERM and SIGINT drain: what
is under way is finished, within limits.drainTimeoutMs.`,
    options: ['config', 'port', 'host'],
    exitCodes: { 0: 'It was stopped by a signal.', 1: `${SHOWS_ALL} Or the port is taken.`, 2: USAGE },
    examples: ['skein start', 'SKEIN_API_KEY=secret skein start --port 8080 --host 0.0.0.0'],
    async run({ env }) {
      const { startGateway } = await import('../main.ts');
      return (await startGateway(env)).closed;
    },
  },
  validate: {
    summary: 'Check skein.yaml and every document it names.',
    usage: 'skein validate [options]',
    details: `Mistakes go to stderr, each with its file, line and way out. What documents say and the graph cannot is a notice:
notices go to stdout, by source and reason.

Formats
  text     For people.
  json     One object on stdout: ok, problems, notices, unreachable, uncheckedLinks. A problem has a message, and, where
           they are known, source, option, file, line, column and suggestion.
  github   Workflow commands of GitHub Actions, which show at the lines of a pull request.`,
    options: ['config', 'all', 'strict', 'format'],
    exitCodes: {
      0: 'There are no mistakes. There may be notices, and sources that could not be reached.',
      1: 'There are mistakes; with --strict, a source that could not be reached is one.',
      2: USAGE,
    },
    examples: ['skein validate', 'skein validate --config staging/ --all', 'skein validate --strict --format github'],
    run: async (call) => (await import('./validate.ts')).validate(call),
  },
  print: {
    summary: 'Print the SDL of the graph, of one source, or of the supergraph.',
    usage: 'skein print [options]',
    details: `The SDL goes to stdout, sorted: equal graphs give equal text. A source that cannot be reached is missing from it, and
stderr says so. One source is printed even if it does not fit the others.`,
    options: ['config', 'source', 'supergraph', 'strict'],
    exitCodes: {
      0: 'The SDL was printed.',
      1: `${SHOWS_ALL} Or no such source is there; with --strict, a source could not be reached.`,
      2: USAGE,
    },
    examples: [
      'skein print > schema.graphql',
      'skein print --source catalog',
      'skein print --strict --supergraph > supergraph.graphql',
    ],
    run: async (call) => (await import('./print.ts')).print(call),
  },
  diff: {
    summary: 'Show what a change of the graph adds, changes and breaks.',
    usage: 'skein diff --from PLACE [--to PLACE] [options]',
    details: `A place is a skein.yaml or its folder, a file of SDL, or the URL of a running gateway's /graphql. A gateway is asked
for its schema with the key SKEIN_API_KEY, where that is set.

Formats
  text     For people: breaking, dangerous and safe changes, and a line that counts them.
  json     One object on stdout: breaking, dangerous and safe, each a list of changes with path, message and type.`,
    options: ['config', 'from', 'to', 'format'],
    exitCodes: {
      0: 'No change breaks a client.',
      1: 'A change is breaking.',
      2: 'The command cannot be understood, or a schema cannot be had: a file or gateway cannot be read, a configuration has mistakes, or a source of it cannot be reached.',
    },
    examples: [
      'skein diff --from https://api.example.com/graphql',
      'skein diff --from main/skein.yaml --to skein.yaml',
      'skein diff --from schema.graphql --format json',
    ],
    run: async (call) => (await import('./diff.ts')).diff(call),
  },
};
