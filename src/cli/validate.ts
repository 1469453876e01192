import { formatProblems } from '../config/print-problems.ts';
import { loadGraph } from '../graph/load-graph.ts';
import type { CommandCall } from './commands.ts';
import type { Findings } from './findings.ts';
import { githubFindings, jsonFindings } from './findings.ts';
import { chooseFormat } from './formats.ts';
import { formatNotices } from './notices.ts';
import { EXIT } from './terminal.ts';

const FORMATS = ['text', 'json', 'github'] as const;

/** `skein validate`: checks everything `skein start` would, without listening. */
export async function validate({ values, env, terminal }: CommandCall): Promise<number> {
  const format = chooseFormat(values.format, FORMATS, terminal);
  if (format === undefined) return EXIT.usage;
  const { reading, graph, problems: mistakes } = await loadGraph(env);
  // A start would leave out what services say that makes no sense; here it is a mistake like any other.
  const problems = graph?.failures() ?? mistakes;
  const unreachable = (graph?.states() ?? []).flatMap(({ name, inGraph, unreachable: reason }) =>
    inGraph || reason === undefined ? [] : [{ source: name, reason }],
  );
  const findings: Findings = {
    problems,
    notices: graph?.notices() ?? [],
    unreachable,
    uncheckedLinks: graph?.uncheckedLinks() ?? [],
    file: reading.config.file,
    locate: reading.locate,
  };
  await graph?.dispose();
  const ok = problems.length === 0 && (unreachable.length === 0 || values.strict !== true);
  if (format === 'json') terminal.out(jsonFindings(findings, ok));
  else if (format === 'github') terminal.out(githubFindings(findings, values.all === true, values.strict === true));
  else {
    terminal.err(formatProblems(problems, { ...findings, color: terminal.color }));
    const said = values.strict === true ? terminal.err : terminal.out;
    said(unreachableText(findings));
    terminal.out(formatNotices(findings.notices, { ...findings, all: values.all === true }));
    if (ok) terminal.out('No mistakes.\n');
  }
  return ok ? EXIT.ok : EXIT.mistakes;
}

/** What could not be checked, and why. */
function unreachableText({ unreachable, uncheckedLinks }: Findings): string {
  const lines = unreachable.map(({ source, reason }) => `${source} cannot be reached and was not checked: ${reason}\n`);
  if (lines.length > 0 && uncheckedLinks.length > 0) {
    lines.push(`Links that were not checked, as they need it: ${uncheckedLinks.join(', ')}\n`);
  }
  return lines.join('');
}
