import { relative } from 'node:path';
import type { Problem } from '../../kernel/problem.ts';
import type { YamlPath } from './path-text.ts';
import type { Position } from './yaml-document.ts';

export interface PrintOptions {
  /** Absolute path of skein.yaml. */
  readonly file: string;
  locate(path: YamlPath): Position | undefined;
  /** What the last line counts, in the singular. Default `mistake`. */
  readonly counted?: string;
  /** ANSI colours, for terminals. */
  readonly color?: boolean;
}

/** Where a problem is. Line and column are 0 where they are not known; the file is empty where it is of no file. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * The problems as text, one place a line and its way out below, in the order of files and lines. Paths are relative to
 * the working directory. Empty if there are none.
 */
export function formatProblems(problems: readonly Problem[], options: PrintOptions): string {
  if (problems.length === 0) return '';
  const paint = (code: number, text: string) => (options.color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const placed = problems.map((problem) => ({ problem, place: placeOf(problem, options) }));
  placed.sort((a, b) => comparePlaces(a.place, b.place));
  const lines = placed.map(({ problem, place }) => {
    const where = placeText(place);
    const first = where === '' ? clean(problem.message) : `${paint(36, where)}  ${clean(problem.message)}`;
    return problem.suggestion === undefined ? first : `${first}\n  ${paint(2, clean(problem.suggestion))}`;
  });
  const { counted = 'mistake' } = options;
  const count = problems.length === 1 ? `1 ${counted}.` : `${problems.length} ${counted}s.`;
  return `${lines.join('\n')}\n${paint(1, count)}\n`;
}

export function placeOf(problem: Problem, options: Pick<PrintOptions, 'file' | 'locate'>): Place {
  if (problem.file !== undefined) return { file: shown(problem.file), line: problem.line ?? 0, column: 0 };
  if (problem.path === undefined) return { file: '', line: 0, column: 0 };
  const { line, column } = options.locate(problem.path) ?? { line: 0, column: 0 };
  return { file: shown(options.file), line, column };
}

export function placeText({ file, line, column }: Place): string {
  if (line === 0) return file;
  return column === 0 ? `${file}:${line}` : `${file}:${line}:${column}`;
}

export function comparePlaces(a: Place, b: Place): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}

function shown(file: string): string {
  if (/^https?:/.test(file)) return clean(file);
  const path = relative('', file);
  return clean(path === '' || path.startsWith('..') ? file : path);
}

/** Messages may quote other people's documents: nothing of those reaches the terminal as a control character. */
export function clean(text: string): string {
  return text
    .replace(/\r?\n/g, '\n  ')
    .replace(/[\p{Cc}\p{Bidi_Control}]/gu, (char) =>
      char === '\n' ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
}
