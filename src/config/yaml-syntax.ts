import type { LineCounter, YAMLError } from 'yaml';
import type { Problem } from '../../kernel/problem.ts';

const MAX_PROBLEMS = 50;

/** After these the reader is lost: what it says of the lines below follows from them. */
const DERAILING: ReadonlySet<string> = new Set([
  'TAB_AS_INDENT',
  'BAD_INDENT',
  'BLOCK_AS_IMPLICIT_KEY',
  'BLOCK_IN_FLOW',
  'MISSING_CHAR',
  'UNEXPECTED_TOKEN',
]);

/** One problem a line, up to the first that hides what comes below it; a second document is told in any case. */
export function syntaxProblems(errors: readonly YAMLError[], text: string, lineCounter: LineCounter): Problem[] {
  const byLine = new Map<number, Problem>();
  let isLost = false;
  for (const error of errors) {
    if (isLost && error.code !== 'MULTIPLE_DOCS') continue;
    isLost ||= DERAILING.has(error.code);
    const { line } = lineCounter.linePos(error.pos[0]);
    if (byLine.has(line)) continue;
    if (byLine.size === MAX_PROBLEMS) break;
    const start = lineCounter.lineStarts[line - 1] ?? 0;
    const lineText = text.slice(start, lineCounter.lineStarts[line] ?? text.length);
    const below = text.slice(start + lineText.length).match(/^ *(?=[^\s#])/m)?.[0].length ?? 0;
    byLine.set(line, { ...explain(error, lineText, below), line });
  }
  return [...byLine.values()];
}

/** `below` is how many spaces the next line with anything in it begins with. */
function explain({ code, message }: YAMLError, lineText: string, below: number): Problem {
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
  if (code === 'BLOCK_AS_IMPLICIT_KEY' && below > lineText.search(/\S/)) {
    return {
      message: 'The lines below are indented deeper, but this line has a value already.',
      suggestion: 'Keys of one map begin in the same column.',
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
