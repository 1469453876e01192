import type { Problem } from '../../kernel/problem.ts';
import { pathText } from '../config/path-text.ts';
import { type Place, type PrintOptions, placeOf } from '../config/print-problems.ts';
import { groupNotices } from './notices.ts';

/** What a check of a configuration found. */
export interface Findings extends Pick<PrintOptions, 'file' | 'locate'> {
  readonly problems: readonly Problem[];
  readonly notices: readonly Problem[];
  readonly unreachable: readonly { readonly source: string; readonly reason: string }[];
  /** Links that need a source that cannot be reached. */
  readonly uncheckedLinks: readonly string[];
}

/** One JSON object, with a line feed at its end. */
export function jsonFindings(findings: Findings, ok: boolean): string {
  const { problems, notices, unreachable, uncheckedLinks } = findings;
  const told = (all: readonly Problem[]) => all.map((problem) => toJson(problem, findings));
  const value = { ok, problems: told(problems), notices: told(notices), unreachable, uncheckedLinks };
  return `${JSON.stringify(value, null, 2)}\n`;
}

function toJson(problem: Problem, findings: Findings): object {
  const { file, line, column } = placeOf(problem, findings);
  const { message, suggestion, path = [] } = problem;
  const source = sourceOf(problem);
  return {
    message,
    ...(source !== undefined && { source }),
    ...(path.length > 0 && { option: pathText(path) }),
    ...(file !== '' && { file }),
    ...(line > 0 && { line }),
    ...(column > 0 && { column }),
    ...(suggestion !== undefined && { suggestion }),
  };
}

/** The name in `sources` that a problem is about. */
export function sourceOf({ path }: Problem): string | undefined {
  return path?.[0] === 'sources' && path[1] !== undefined ? String(path[1]) : undefined;
}

/**
 * Workflow commands of GitHub Actions
 * (https://docs.github.com/actions/using-workflows/workflow-commands-for-github-actions), one a line.
 */
export function githubFindings(findings: Findings, all: boolean, strict: boolean): string {
  const { problems, notices, unreachable } = findings;
  const lines = problems.map((problem) => command('error', placeOf(problem, findings), textOf(problem)));
  for (const { source, reason } of unreachable) {
    const at = placeOf({ message: '', path: ['sources', source] }, findings);
    const text = `The source ${source} cannot be reached and was not checked: ${reason}`;
    lines.push(command(strict ? 'error' : 'warning', at, text));
  }
  if (all) for (const notice of notices) lines.push(command('notice', placeOf(notice, findings), textOf(notice)));
  else {
    for (const { source, reason, notices: group } of groupNotices(notices)) {
      const [first] = group;
      if (first === undefined) continue;
      const text = group.length === 1 ? textOf(first) : `${source}: ${group.length} × ${reason}`;
      lines.push(command('notice', placeOf(first, findings), text));
    }
  }
  return lines.join('');
}

function textOf({ message, suggestion }: Problem): string {
  return suggestion === undefined ? message : `${message}\n${suggestion}`;
}

function command(level: 'error' | 'warning' | 'notice', { file, line, column }: Place, text: string): string {
  const properties = [
    ...(file === '' ? [] : [`file=${escapeProperty(file)}`]),
    ...(line === 0 ? [] : [`line=${line}`]),
    ...(column === 0 ? [] : [`col=${column}`]),
  ];
  const head = properties.length === 0 ? level : `${level} ${properties.join(',')}`;
  return `::${head}::${escapeText(text)}\n`;
}

function escapeText(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeText(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
