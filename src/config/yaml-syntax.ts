import type { LineCounter, YAMLError } from 'yaml';
import type { Problem } from '../../kernel/problem.ts';

const MAX_PROBLEMS = 50;

/** One problem a line: what follows on the same line is mostly a consequence of the first. */
export function syntaxProblems(errors: readonly YAMLError[], text: string, lineCounter: LineCounter): Problem[] {
  const byLine = new Map<number, Problem>();
  for (const error of errors) {
    const { line } = lineCounter.linePos(error.pos[0]);
    if (byLine.has(line)) continue;
    if (byLine.size === MAX_PROBLEMS) break;
    const start = lineCounter.lineStarts[line - 1] ?? 0;
    const lineText = text.slice(start, lineCounter.lineStarts[line] ?? text.length);
    byLine.set(line, { ...explain(error, lineText), line });
  }
  return [...byLine.values()];
}

function explain({ code, message }: YAMLError, lineText: string): Problem {
  if (code === 'MULTIPLE_DOCS') {
    return {
      message: 'A second document begins here, but a configuration is one.',
      suggestion: 'Put it into a file of its own, or take out the line ---.',
    };
  }
  if (code === 'TAB_AS_INDENT') {
    return { message: 'The line is indented with a tab.', suggestion: 'YAML is indented with spaces.' };
  }
  if (/:\s+[^\s"'#|>{[].*?:(\s|$)/.test(lineText) && /^(BLOCK_AS_IMPLICIT_KEY|BAD_INDENT)$/.test(code)) {
    return {
      message: 'A value holds a colon that YAML takes for the end of a key.',
      suggestion: 'Put the value in quotes: key: "text: with a colon".',
    };
  }
  const unquoted = /[[{,].*\$(\{|parent)/.test(lineText);
  return {
    message: sentence(message),
    ...(unquoted && { suggestion: 'Within { } and [ ], put text that holds braces in quotes.' }),
  };
}

export function sentence(message: string): string {
  return message.endsWith('.') ? message : `${message}.`;
}
