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
  format: { type: 'string', value: 'FORMAT', text: 'How to say it; see below   (default: the first one)' },
  source: { type: 'string', value: 'NAME', text: 'The SDL of this source alone, as it comes into the graph' },
  supergraph: { type: 'boolean', text: 'The supergraph that the sources compose to, with its @join directives' },
  from: { type: 'string', value: 'PLACE', text: 'What there was before' },
  to: { type: 'string', value: 'PLACE', text: 'What there is now   (default: the configuration)' },
  state: { type: 'string', value: 'FILE', text: 'A file of state: what "skein apply" would change' },
  tenant: {
    type: 'string',
    value: 'NAME',
    text: 'Only this tenant; for an export, also several with commas in between   (default: all)',
  },
  output: { type: 'string', value: 'FILE', text: 'Write to this file, not to stdout' },
  file: { type: 'string', value: 'FILE', text: 'The state that there should be, as "skein export" writes it' },
  prune: { type: 'boolean', text: 'Archive what the file leaves out' },
  message: { type: 'string', value: 'TEXT', text: 'Why, for those who read the list of revisions' },
  'allow-breaking': { type: 'boolean', text: 'Publish although clients may break by it' },
  'dry-run': { type: 'boolean', text: 'Check everything, show the changes, and make none' },
  url: { type: 'string', value: 'URL', text: 'Ask this gateway, e.g. https://api.example.com/admin/graphql' },
  since: { type: 'string', value: 'MOMENT', text: 'Not before this moment, e.g. 2030-01-31T12:00:00Z' },
  until: { type: 'string', value: 'MOMENT', text: 'Before this moment   (default: now)' },
  actor: { type: 'string', value: 'ID', text: 'Only what this user did' },
  action: { type: 'string', value: 'ACTION', text: 'Only this, e.g. key.create' },
  entity: { type: 'string', value: 'ID', text: 'Only what was done to the thing with this id' },
  help: { type: 'boolean', short: 'h', text: 'Show this help' },
} as const satisfies Record<string, { type: 'string' | 'boolean'; value?: string; short?: string; text: string }>;

/** Where commands find the state of the control plane. */
const WHERE = `The state is in the store that MONGODB_URI names, or else in the folder SKEIN_DATA; no gateway has to run. With --url
it is asked of a gateway that runs, with the token SKEIN_ADMIN_TOKEN of a platform administrator.`;

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
    summary: 'Show what a change of the graph, or of the state in git, brings.',
    usage: 'skein diff --from PLACE [--to PLACE] [options]\n       skein diff --state FILE [options]',
    details: `With --from, two graphs are compared. A place is a skein.yaml or its folder, a file of SDL, or the URL of a running
gateway's /graphql. A gateway is asked for its schema with the key SKEIN_API_KEY, where that is set.

With --state, a file of state is compared with what there is: it shows what "skein apply" would change, with secrets
masked.

${WHERE}

Formats
  text     For people: breaking, dangerous and safe changes, and a line that counts them; with --state, every change
           with its fields.
  json     One object on stdout: breaking, dangerous and safe, each a list of changes with path, message and type; with
           --state, changes, unchanged and breaking.`,
    options: ['config', 'from', 'to', 'state', 'prune', 'url', 'format'],
    exitCodes: {
      0: 'No change breaks a client; with --state, nothing would change.',
      1: 'A change is breaking; with --state, something would change.',
      2: 'The command cannot be understood, or a schema cannot be had: a file or gateway cannot be read, a configuration has mistakes, or a source of it cannot be reached. With --state, also: the file has mistakes, or the store cannot be opened.',
    },
    examples: [
      'skein diff --from https://api.example.com/graphql',
      'skein diff --from main/skein.yaml --to skein.yaml',
      'skein diff --from schema.graphql --format json',
      'skein diff --state skein-state.yaml --prune',
    ],
    run: async (call) =>
      call.values.state === undefined
        ? (await import('./diff.ts')).diff(call)
        : (await import('./state/commands.ts')).diffWithState(call),
  },
  export: {
    summary: 'Write the state of the control plane as YAML, for git.',
    usage: 'skein export [options]',
    details: `Tenants with their users, apps, keys, plans, products, grants, secrets, and what they have published. Everything is in
the order of names, without ids and times: equal states give equal texts. Of keys there are hashes, and of secrets what
they were encrypted to: keys go on working where the file is applied, and secrets open under the same encryption key.

${WHERE}`,
    options: ['tenant', 'output', 'url'],
    exitCodes: { 0: 'It was written.', 1: 'A tenant is not there.', 2: `${USAGE} Or the store cannot be opened.` },
    examples: [
      'skein export --output skein-state.yaml',
      'skein export --tenant acme,globex > two.yaml',
      'skein export --url https://api.example.com/admin/graphql > skein-state.yaml',
    ],
    run: async (call) => (await import('./state/commands.ts')).exportToYaml(call),
  },
  apply: {
    summary: 'Make the control plane what a file of state says.',
    usage: 'skein apply --file FILE [options]',
    details: `Everything in the file is checked before anything is changed, and all mistakes are told, each with its line. Applied
again, it changes nothing: no revision is made. What was interrupted is finished by applying the file again.

What the file leaves out stays, unless --prune is given: then it is archived, within the tenants of the file. Tenants
that are left out are archived only by a file with "allTenants: true", as an export of all tenants has it.

${WHERE}`,
    options: ['file', 'prune', 'message', 'allow-breaking', 'dry-run', 'url', 'format'],
    exitCodes: {
      0: 'There is what the file says; with --dry-run, nothing stands in its way.',
      1: 'The file has mistakes, or clients would break; nothing was changed. Or somebody else changed the same: apply again.',
      2: `${USAGE} Or the file cannot be read, or the store cannot be opened.`,
    },
    examples: [
      'skein apply --file skein-state.yaml --dry-run',
      'skein apply --file skein-state.yaml --prune --message "Release 12"',
      'skein apply --file skein-state.yaml --url https://api.example.com/admin/graphql',
    ],
    run: async (call) => (await import('./state/commands.ts')).applyFromYaml(call),
  },
  audit: {
    summary: 'Write the audit log as lines of JSON, or as CSV.',
    usage: 'skein audit [options]',
    details: `Who changed what, when and from where, the oldest first, with secrets masked. It is written as it comes, however much
there is; a file of --output is there when it is complete, and not before. The export itself is an entry of the log.

The log is in the store that MONGODB_URI names, or else in the folder SKEIN_DATA; no gateway has to run. With --url it
is asked of a gateway that runs, with the token SKEIN_ADMIN_TOKEN of a platform administrator, or of an owner, admin or
analyst of a tenant, who gets what is of that tenant.

Formats
  ndjson   One JSON object a line. The default.
  csv      A table with a line of names, for spreadsheets: what they would run has an apostrophe in front.`,
    options: ['tenant', 'since', 'until', 'actor', 'action', 'entity', 'format', 'output', 'url'],
    exitCodes: {
      0: 'All of it was written.',
      1: 'The tenant is not there.',
      2: `${USAGE} Or the store or the gateway cannot be asked, refuses, or breaks off: then what went to stdout is not complete.`,
    },
    examples: [
      'skein audit --since 2030-01-01T00:00:00Z --until 2030-02-01T00:00:00Z --output january.ndjson',
      'skein audit --tenant acme --action key.create --format csv > keys.csv',
      'skein audit --url https://api.example.com/admin/graphql | jq .actorName',
    ],
    run: async (call) => (await import('./state/audit.ts')).audit(call),
  },
  'rotate-secrets': {
    summary: 'Encrypt all secrets with the present encryption key.',
    usage: 'skein rotate-secrets',
    details: `SKEIN_ENCRYPTION_KEY is the key that they are encrypted with; SKEIN_ENCRYPTION_KEY_PREVIOUS names those that they were
encrypted with before, with commas in between. First start all gateways with both, then run this, then take the previous
key away. It may be interrupted and run again at any time. The store is that of MONGODB_URI, or in SKEIN_DATA.`,
    options: [],
    exitCodes: {
      0: 'All secrets are encrypted with the present key.',
      1: 'Some cannot be opened with any of the keys; all others are encrypted anew.',
      2: `${USAGE} Or there is no key, or the store cannot be opened.`,
    },
    examples: ['SKEIN_ENCRYPTION_KEY_PREVIOUS="$OLD" SKEIN_ENCRYPTION_KEY="$NEW" skein rotate-secrets'],
    run: async (call) => (await import('./state/rotate-secrets.ts')).rotate(call),
  },
};
