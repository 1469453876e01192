import { isMap, isScalar, type LineCounter, type Document as YamlDocument } from 'yaml';
import type { DocumentPath } from './document.ts';
import type { ParsedText } from './parse-document.ts';

/** Paths and their operations are as deep as lines are told. */
const MAX_DEPTH = 3;
const QUOTE = 34;

/** Tells lines of what stands below `paths`. The index is made when the first line is asked for. */
export function createLineIndex(parsed: ParsedText): (path: DocumentPath) => number | undefined {
  let lines: ReadonlyMap<string, number> | undefined;
  return (path) => {
    lines ??= parsed.yaml === undefined ? indexJson(parsed.text) : indexYaml(parsed.yaml.document, parsed.yaml.lines);
    return lines.get(keyOf(path));
  };
}

function keyOf(path: DocumentPath): string {
  return path.join('\u0000');
}

function indexYaml(document: YamlDocument.Parsed, lines: LineCounter): Map<string, number> {
  const found = new Map<string, number>();
  const visit = (node: unknown, path: readonly string[]) => {
    if (!isMap(node)) return;
    for (const { key, value } of node.items) {
      if (!isScalar(key)) continue;
      const own = [...path, String(key.value)];
      if (own[0] !== 'paths') continue;
      if (key.range) found.set(keyOf(own), lines.linePos(key.range[0]).line);
      if (own.length < MAX_DEPTH) visit(value, own);
    }
  };
  visit(document.contents, []);
  return found;
}

/** One pass over text that is known to be JSON. */
function indexJson(text: string): Map<string, number> {
  const found = new Map<string, number>();
  const path: string[] = [];
  let depth = 0;
  let line = 1;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === 10) line++;
    else if (character === 123 || character === 91) depth++;
    else if (character === 125 || character === 93) depth--;
    else if (character === QUOTE) {
      const end = endOfString(text, at);
      if (depth <= MAX_DEPTH && (depth === 1 || path[0] === 'paths') && isKey(text, end)) {
        path.length = depth;
        path[depth - 1] = JSON.parse(text.slice(at, end)) as string;
        if (path[0] === 'paths') found.set(keyOf(path), line);
      }
      at = end - 1;
    }
  }
  return found;
}

/** The place behind the closing quote. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text[before] === '\\') before--;
    if ((end - before) % 2 === 1) return end + 1;
  }
}

function isKey(text: string, end: number): boolean {
  let at = end;
  while (/\s/.test(text.charAt(at))) at++;
  return text[at] === ':';
}
