import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { describeError } from '../../kernel/errors.ts';
import { repeatedKeys } from '../../kernel/yaml-keys.ts';
import { yamlNestsDeeperThan } from '../../kernel/yaml-nesting.ts';
import { StateErrors } from './state-error.ts';

const MOST_BYTES = 64 * 1_048_576;
/** That of options of an entry, and the way there. */
const MOST_DEPTH = 64 + 8;
const MOST_ALIASES = 100;
const MOST_TOLD = 50;

export interface ReadText {
  readonly value: unknown;
  /** The line of what is at the path, or of what is nearest to it; from 1. */
  line(path: readonly string[]): number | undefined;
}

/** @throws StateErrors for what is no YAML, too large or too deep */
export function readText(text: string): ReadText {
  const bytes = Buffer.byteLength(text);
  if (bytes > MOST_BYTES) throw whole(`The state has ${bytes} bytes, and may have ${MOST_BYTES}.`);
  if (yamlNestsDeeperThan(text, MOST_DEPTH)) throw whole(`The state is nested more than ${MOST_DEPTH} levels deep.`);
  const lines = new LineCounter();
  const document = parseDocument(text, { stringKeys: true, uniqueKeys: false, logLevel: 'silent', lineCounter: lines });
  if (document.errors.length > 0) {
    throw new StateErrors(
      document.errors.slice(0, MOST_TOLD).map(({ message, linePos }) => ({
        code: 'INVALID' as const,
        path: [],
        message: `This is no YAML: ${(message.split('\n', 1)[0] ?? '').replace(/ at line \d+, column \d+:?$/, '')}.`,
        line: linePos?.[0].line,
      })),
    );
  }
  const repeated = repeatedKeys(document, MOST_TOLD);
  if (repeated.length > 0) {
    throw new StateErrors(
      repeated.map(({ name, offset }) => ({
        code: 'INVALID' as const,
        path: [],
        message: `This is no YAML: Map keys must be unique, and "${name}" is there again.`,
        line: lines.linePos(offset).line,
      })),
    );
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    throw whole(`The state cannot be read: ${describeError(error)}.`);
  }
  return {
    value,
    line(path) {
      const offset = offsetOf(document.contents, path);
      return offset === undefined ? undefined : lines.linePos(offset).line;
    },
  };
}

function offsetOf(contents: Node | null, path: readonly string[]): number | undefined {
  let node: unknown = contents;
  let offset = contents?.range?.[0];
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step);
      if (pair === undefined) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      offset = (node as Node | undefined)?.range?.[0] ?? offset;
    } else break;
  }
  return offset;
}

function whole(message: string): StateErrors {
  return new StateErrors([{ code: 'INVALID', path: [], message }]);
}
