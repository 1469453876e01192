import { isMap, isScalar, LineCounter, parseDocument, type Document as YamlDocument } from 'yaml';
import { describeError } from '../../kernel/errors.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Path into the document, from its root. */
export type DocumentPath = readonly (string | number)[];

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of an object's own key: documents come from others, and `constructor` is a name like any other. */
export function member(object: unknown, key: string): unknown {
  return isJsonObject(object) && Object.hasOwn(object, key) ? object[key] : undefined;
}

export function textMember(object: unknown, key: string): string | undefined {
  const value = member(object, key);
  return typeof value === 'string' ? value : undefined;
}

/** A part of the document that cannot be used; what needs it is left out with a notice. */
export class UnusableError extends Error {
  override readonly name = 'UnusableError';
}

export interface OpenapiDocument {
  readonly file: string;
  readonly root: JsonObject;
  /** Follows `$ref`s to what they stand for. @throws UnusableError when they lead nowhere. */
  resolve(node: unknown): Resolved;
  /** Line of a key, counted from 1, where it can be told at a reasonable price. */
  lineOf(path: DocumentPath): number | undefined;
}

export interface Resolved {
  readonly value: unknown;
  /** Name of the schema below `components`, if the last reference was to one. */
  readonly component?: string;
}

const MAX_REFERENCE_HOPS = 32;
const MAX_ALIASES = 1_000;
/** Above this size lines are not told: finding one needs the slow parser. */
const MAX_BYTES_FOR_LINES = 2_000_000;
const COMPONENT = /^#\/components\/schemas\/([^/]+)$/;

/** @throws ProblemsError when the text is not an OpenAPI 3.0 or 3.1 document */
export function readDocument(text: string, file: string): OpenapiDocument {
  const lines = new LineCounter();
  let yaml: YamlDocument.Parsed | undefined;
  const parseYaml = () => {
    yaml ??= parseDocument(text, { lineCounter: lines });
    return yaml;
  };
  const root = parse(text, file, parseYaml);
  checkVersion(root, file);

  return {
    file,
    root,
    resolve(node) {
      let value = node;
      let component: string | undefined;
      for (let hop = 0; hop < MAX_REFERENCE_HOPS; hop++) {
        const reference = textMember(value, '$ref');
        if (reference === undefined) return component === undefined ? { value } : { value, component };
        value = lookUp(root, reference);
        const name = COMPONENT.exec(reference)?.[1];
        component = name === undefined ? undefined : unescapePointer(name);
      }
      throw new UnusableError('a $ref leads in a circle');
    },
    lineOf(path) {
      if (text.length > MAX_BYTES_FOR_LINES) return undefined;
      const offset = offsetOf(parseYaml(), path);
      return offset === undefined ? undefined : lines.linePos(offset).line;
    },
  };
}

function parse(text: string, file: string, parseYaml: () => YamlDocument.Parsed): JsonObject {
  const root = parseJson(text) ?? yamlToObject(parseYaml(), file);
  if (!isJsonObject(root)) {
    throw new ProblemsError([
      { file, line: 1, message: 'The document is not an OpenAPI document: it is not an object.' },
    ]);
  }
  return root;
}

/** JSON by the quick parser; anything else, wrong JSON included, is for the one that tells lines. */
function parseJson(text: string): unknown {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function yamlToObject(yaml: YamlDocument.Parsed, file: string): unknown {
  if (yaml.errors.length > 0) {
    throw new ProblemsError(
      yaml.errors.slice(0, 10).map((error): Problem => {
        const message = `The document has a syntax error: ${error.message.split('\n', 1)[0]?.replace(/:$/, '')}.`;
        return error.linePos === undefined ? { file, message } : { file, line: error.linePos[0].line, message };
      }),
    );
  }
  try {
    return yaml.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    throw new ProblemsError([{ file, message: `The document cannot be read: ${describeError(error)}.` }]);
  }
}

function checkVersion(root: JsonObject, file: string): void {
  const version = member(root, 'openapi') ?? member(root, 'swagger');
  if (version !== undefined && /^3\.[01](\.|$)/.test(String(version))) return;
  const problem: Problem =
    version === undefined
      ? { file, line: 1, message: 'The document does not say `openapi: 3.x`, so it is not an OpenAPI document.' }
      : { file, line: 1, message: `The document is of OpenAPI ${String(version)}; versions 3.0 and 3.1 can be read.` };
  const suggestion = 'Convert the document to OpenAPI 3.0 or 3.1.';
  throw new ProblemsError([version === undefined ? problem : { ...problem, suggestion }]);
}

function lookUp(root: JsonObject, reference: string): unknown {
  if (!reference.startsWith('#')) throw new UnusableError(`$ref "${reference}" leaves the document`);
  if (reference !== '#' && !reference.startsWith('#/'))
    throw new UnusableError(`$ref "${reference}" is an anchor, which is not supported`);
  let value: unknown = root;
  for (const step of reference.split('/').slice(1)) {
    const key = unescapePointer(step);
    value = Array.isArray(value) ? value[Number(key)] : member(value, key);
    if (value === undefined) throw new UnusableError(`$ref "${reference}" leads nowhere`);
  }
  return value;
}

function unescapePointer(step: string): string {
  const plain = step.replaceAll('~1', '/').replaceAll('~0', '~');
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain;
  }
}

function offsetOf(yaml: YamlDocument.Parsed, path: DocumentPath): number | undefined {
  const parent = path.length === 1 ? yaml.contents : yaml.getIn(path.slice(0, -1), true);
  if (!isMap(parent)) return undefined;
  const last = String(path.at(-1));
  const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === last);
  return isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
}
