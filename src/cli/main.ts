#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { didYouMean } from '../../kernel/suggest.ts';

const HELP = `Skein: REST, gRPC, GraphQL and models behind one graph.

Usage: skein <command> [options]

Commands
  start       Read skein.yaml, build the graph, and serve it.
  validate    Check skein.yaml and every document it names; exit 1 on mistakes.

Options
  --config FILE   The configuration file             (SKEIN_CONFIG, default ./skein.yaml)
  --port PORT     Port to listen on, 0 for any       (PORT, default 4000)
  --host HOST     Address to listen on               (HOST, default 127.0.0.1)
  --help          Show this help
  --version       Show the version

Environment
  SKEIN_API_KEY   The key callers send, where skein.yaml says so; made at start when empty
  SKEIN_DATA      Folder for what is kept on disk    (default ./.skein)
  SKEIN_LOG       Least level that is logged: trace, debug, info, warn, error, fatal, silent
  \${NAME} in skein.yaml reads any other variable.
`;

const COMMANDS = ['start', 'validate'];

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\nRun "skein --help" for the options.\n`);
    return 2;
  }
  const { values, positionals } = parsed;
  const [command] = positionals;
  if (values.version === true) {
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  if (values.help === true || command === undefined) {
    process.stdout.write(HELP);
    return values.help === true ? 0 : 2;
  }
  const env = {
    ...process.env,
    ...(values.config === undefined ? {} : { SKEIN_CONFIG: values.config }),
    ...(values.port === undefined ? {} : { PORT: values.port }),
    ...(values.host === undefined ? {} : { HOST: values.host }),
  };
  if (!COMMANDS.includes(command)) {
    process.stderr.write(`There is no command "${command}".${didYouMean(command, COMMANDS)}\n`);
    return 2;
  }
  // Help and mistakes need not wait for the gateway's modules.
  const { startGateway, validateConfig } = await import('../main.ts');
  return command === 'start' ? (await startGateway(env)).closed : validateConfig(env);
}

function parse(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      port: { type: 'string' },
      host: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean', short: 'v' },
    },
  });
}

function version(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    try {
      return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
    } catch {
      if (dirname(folder) === folder) return 'unknown';
    }
  }
}
