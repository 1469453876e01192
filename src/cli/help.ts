import { COMMANDS, type Command, OPTIONS, type OptionName } from './commands.ts';

const NAME_WIDTH = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
const OPTION_WIDTH = 18;

export function generalHelp(): string {
  const commands = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(NAME_WIDTH)}   ${summary}`);
  return `Skein: REST, gRPC, SOAP, GraphQL, federation subgraphs and models behind one graph.

Usage: skein <command> [options]

Commands
${commands.join('\n')}

Options
${optionLine('config')}
${optionLine('help')}; "skein <command> --help" for the options of a command
  ${'--version'.padEnd(OPTION_WIDTH)}Show the version

Environment
  SKEIN_CONFIG    The configuration file             (default ./skein.yaml)
  PORT, HOST      Where to listen                    (default 4000, 127.0.0.1)
  SKEIN_API_KEY   The key callers send, where skein.yaml says so; made at start when empty
  SKEIN_DATA      Folder for what is kept on disk    (default ./.skein)
  MONGODB_URI     Where the control plane is kept    (default: in a file in SKEIN_DATA)
  SKEIN_ADMIN_TOKEN      What a platform administrator signs in with; made and printed at the first start
  SKEIN_ENCRYPTION_KEY   What secrets are encrypted with; make one with "openssl rand -base64 32"
  SKEIN_LOG       Least level that is logged: trace, debug, info, warn, error, fatal, silent
  \${NAME} in skein.yaml reads any other variable.
`;
}

export function commandHelp({ summary, usage, details, options, exitCodes, examples }: Command): string {
  const codes = Object.entries(exitCodes).map(([code, meaning]) => `  ${code}   ${wrap(meaning, 6)}`);
  return `${summary}

Usage: ${usage}

${details}

Options
${[...options, 'help' as const].map(optionLine).join('\n')}

Exit codes
${codes.join('\n')}

Examples
${examples.map((example) => `  ${example}`).join('\n')}
`;
}

function optionLine(name: OptionName): string {
  const option = OPTIONS[name];
  const shown = 'value' in option ? `--${name} ${option.value}` : `--${name}`;
  return `  ${shown.padEnd(OPTION_WIDTH)}${option.text}`;
}

const LINE_WIDTH = 110;

function wrap(text: string, indent: number): string {
  let line = '';
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    if (indent + line.length + 1 + word.length > LINE_WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`);
}
