import {
  Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { describeError } from '../../kernel/errors.ts';
import type { Problem } from '../../kernel/problem.ts';
import { yamlNestsDeeperThan } from '../../kernel/yaml-nesting.ts';
import { pathText, quote, type YamlPath } from './path-text.ts';
import { asNumberOrBoolean, type Environment, substitute } from './substitute.ts';
import { sentence, syntaxProblems } from './yaml-syntax.ts';

const MAX_DEPTH = 64;
const MAX_ALIASES = 100;

export interface Position {
  /** Counted from 1, as is `column`. */
  readonly line: number;
  readonly column: number;
}

/** A YAML file with environment values put in. */
export interface YamlDocument {
  /** The data; every substituted scalar is a string. `undefined` where the text is no YAML. */
  readonly value: unknown;
  /** The data as it is written: nothing is put in. `undefined` where there are mistakes. */
  readonly asWritten: unknown;
  /** Where the key or item at `path` stands; the nearest thing around it, if there is none. */
  locate(path: YamlPath): Position | undefined;
  /** The scalar at `path` came from the environment, in whole or in part. */
  isSubstituted(path: YamlPath): boolean;
  /** The scalar at `path` could not be substituted, and that is already among the problems. */
  hasFailed(path: YamlPath): boolean;
  /** Paths of all such scalars. */
  readonly failures: readonly YamlPath[];
  /** Paths of keys that are there more than once: which of them is meant cannot be known. */
  readonly repeated: readonly YamlPath[];
  /** The number or boolean that a scalar of one substitution alone can be read as, quoted or not. */
  alternative(path: YamlPath): number | boolean | undefined;
}

type Node = ParsedNode | null;

/**
 * Parses YAML, then substitutes within string values: a value of the environment cannot change the structure. Keys stay
 * as they are. Mistakes in the text go to `report`.
 */
export function parseYaml(
  text: string,
  file: string,
  environment: Environment,
  report: (problem: Problem) => void,
): YamlDocument {
  const lineCounter = new LineCounter();
  if (yamlNestsDeeperThan(text, MAX_DEPTH)) {
    report({ message: `The file nests deeper than ${MAX_DEPTH} levels.`, file });
    return NOTHING;
  }
  const document = parseDocument(text, {
    lineCounter,
    prettyErrors: false,
    uniqueKeys: false,
    schema: 'core',
    resolveKnownTags: false,
    logLevel: 'error',
  });
  for (const warning of document.warnings) {
    report({ message: sentence(warning.message), file, line: lineCounter.linePos(warning.pos[0]).line });
  }
  if (document.errors.length > 0) {
    for (const problem of syntaxProblems(document.errors, text, lineCounter)) report({ ...problem, file });
    return NOTHING;
  }
  return createYamlDocument(document, lineCounter, environment, report);
}

/** The same of data that is no text, and has no lines. */
export function yamlOfData(
  data: unknown,
  environment: Environment,
  report: (problem: Problem) => void,
): Omit<YamlDocument, 'locate'> {
  if (nestsDeeper(data, MAX_DEPTH)) {
    report({ message: `It nests deeper than ${MAX_DEPTH} levels.`, path: [] });
    return NOTHING;
  }
  const document = new Document(data, { aliasDuplicateObjects: false, schema: 'core' });
  return createYamlDocument(document as unknown as Document.Parsed, new LineCounter(), environment, report);
}

function nestsDeeper(data: unknown, levels: number): boolean {
  if (typeof data !== 'object' || data === null) return false;
  return levels === 0 || Object.values(data).some((value) => nestsDeeper(value, levels - 1));
}

function createYamlDocument(
  document: Document.Parsed,
  lineCounter: LineCounter,
  environment: Environment,
  report: (problem: Problem) => void,
): YamlDocument {
  const anchors = new Map<string, ParsedNode>();
  const targets = new Map<unknown, ParsedNode>();
  const alternatives = new Map<unknown, number | boolean>();
  const substituted = new Set<unknown>();
  const failed = new Set<unknown>();
  const failures: YamlPath[] = [];
  const repeated: YamlPath[] = [];
  const open = new Set<unknown>();
  let usable = true;

  function walk(node: Node, path: YamlPath): void {
    if (node === null) return;
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target !== undefined && !open.has(target)) {
        targets.set(node, target);
        return;
      }
      usable = false;
      const why = target === undefined ? 'there is no such anchor before it' : 'the anchor contains the alias itself';
      report({ message: `${pathText(path)} is the alias *${node.source}, but ${why}.`, path });
      return;
    }
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    open.add(node);
    if (isMap(node)) walkMap(node, path);
    else if (isSeq(node)) node.items.forEach((item, index) => void walk(item, [...path, index]));
    else if (isScalar(node)) substituteScalar(node, path);
    open.delete(node);
  }

  function walkMap(map: YAMLMap.Parsed, path: YamlPath): void {
    const seen = new Map<string, { line: number; told: boolean }>();
    for (const { key, value } of map.items) {
      if (!isScalar(key)) {
        usable = false;
        report({ message: `A key ${inside(path)} is not plain text.`, path });
        continue;
      }
      const name = keyText(key);
      const line = lineOf(key);
      const first = seen.get(name);
      if (first === undefined) seen.set(name, { line, told: false });
      else if (!first.told) {
        first.told = true;
        const message = `The key ${quote(name)} ${inside(path)} is there more than once; the first is on line ${first.line}.`;
        report({ message, path: [...path, name] });
        repeated.push([...path, name]);
      }
      walk(value, [...path, name]);
    }
  }

  function substituteScalar(scalar: Scalar, path: YamlPath): void {
    if (typeof scalar.value !== 'string') return;
    const result = substitute(scalar.value, environment);
    if (result.malformed) {
      report({
        message: `${pathText(path)} has a "\${" that is neither \${NAME} nor \${NAME:-default}.`,
        path,
        suggestion: 'Write $${ for a literal ${.',
      });
    }
    for (const name of new Set(result.unset)) {
      const secret = name.startsWith('secrets.') ? name.slice('secrets.'.length) : undefined;
      report(
        secret === undefined
          ? {
              message: `${pathText(path)} takes the environment variable ${name}, which is not set.`,
              path,
              suggestion: `Set ${name}, or give a default: \${${name}:-default}.`,
            }
          : {
              message: `${pathText(path)} takes the secret "${secret}", which is not there.`,
              path,
              suggestion: `Create a secret of that name in the admin schema.`,
            },
      );
    }
    if (result.malformed || result.unset.length > 0) {
      failed.add(scalar);
      failures.push(path);
      return;
    }
    scalar.value = result.text;
    if (!result.changed) return;
    substituted.add(scalar);
    const alternative = result.whole && scalar.tag === undefined ? asNumberOrBoolean(result.text) : undefined;
    if (alternative !== undefined) alternatives.set(scalar, alternative);
  }

  function lineOf(node: { range?: readonly [number, number, number] | null }): number {
    return lineCounter.linePos(node.range?.[0] ?? 0).line;
  }

  /** The node at a path and the offset where it, or the last thing on the way to it, begins. */
  function find(path: YamlPath): { node: unknown; offset: number | undefined } {
    let node: unknown = document.contents;
    let offset: number | undefined;
    for (const segment of path) {
      const collection = targets.get(node) ?? node;
      if (isMap(collection)) {
        const pair = collection.items.findLast((item) => isScalar(item.key) && keyText(item.key) === String(segment));
        if (pair === undefined || !isScalar(pair.key)) return { node: undefined, offset };
        offset = pair.key.range?.[0] ?? offset;
        node = pair.value;
      } else if (isSeq(collection) && typeof segment === 'number') {
        const item = collection.items[segment] as ParsedNode | undefined;
        if (item === undefined) return { node: undefined, offset };
        offset = item.range?.[0] ?? offset;
        node = item;
      } else return { node: undefined, offset };
    }
    return { node: targets.get(node) ?? node, offset };
  }

  const toData = () => document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown;
  let [asWritten, value]: [unknown, unknown] = [undefined, undefined];
  try {
    asWritten = toData();
  } catch {
    // What is wrong with its aliases is told below.
  }
  walk(document.contents, []);
  try {
    if (usable) value = toData();
  } catch (error) {
    report({ message: `The file cannot be read: ${describeError(error)}.`, path: [] });
  }
  return {
    value,
    asWritten: failures.length + repeated.length > 0 ? undefined : asWritten,
    locate(path) {
      const { offset } = find(path);
      if (offset === undefined) return undefined;
      const { line, col } = lineCounter.linePos(offset);
      return { line, column: col };
    },
    isSubstituted: (path) => substituted.has(find(path).node),
    hasFailed: (path) => failed.has(find(path).node),
    failures,
    repeated,
    alternative: (path) => alternatives.get(find(path).node),
  };
}

const NOTHING: YamlDocument = {
  value: undefined,
  asWritten: undefined,
  locate: () => undefined,
  isSubstituted: () => false,
  hasFailed: () => false,
  failures: [],
  repeated: [],
  alternative: () => undefined,
};

function keyText(key: Scalar): string {
  return key.value === null || key.value === undefined ? '' : String(key.value);
}

function inside(path: YamlPath): string {
  return path.length === 0 ? 'at the top of the file' : `in ${pathText(path)}`;
}
