import type { Problem } from '../../kernel/problem.ts';
import { documentName } from '../upstream/fetch-document.ts';
import type { XmlElement } from './xml.ts';

/** A place in a document. */
export interface Place {
  readonly file: string;
  readonly node: Pick<XmlElement, 'line'>;
}

/** What is found while compiling: mistakes of the document, and what the graph cannot say. Each once. */
export interface Findings {
  problem(place: Place, message: string, suggestion?: string): void;
  notice(place: Place, message: string): void;
  readonly problems: Problem[];
  readonly notices: Problem[];
}

const MAX_FINDINGS = 1_000;

export function createFindings(): Findings {
  const problems: Problem[] = [];
  const notices: Problem[] = [];
  const seen = new Set<string>();

  function add(to: Problem[], { file, node }: Place, message: string, suggestion?: string): void {
    const found = { message, file: documentName(file), line: node.line };
    const key = `${found.file}:${found.line} ${message}`;
    if (seen.has(key) || to.length > MAX_FINDINGS) return;
    seen.add(key);
    if (to.length === MAX_FINDINGS) to.push({ message: 'There is more of this kind, which is not listed.' });
    else to.push(suggestion === undefined ? found : { ...found, suggestion });
  }

  return {
    problems,
    notices,
    problem: (place, message, suggestion) => add(problems, place, message, suggestion),
    notice: (place, message) => add(notices, place, message),
  };
}
