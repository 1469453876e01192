import { LineCounter, parseDocument, type Document as YamlDocument } from 'yaml';
import { describeError } from '../../kernel/errors.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { repeatedKeys } from '../../kernel/yaml-keys.ts';
import { yamlNestsDeeperThan } from '../../kernel/yaml-nesting.ts';
import { isJsonObject, type JsonObject } from './json-object.ts';

export interface ParsedText {
  readonly text: string;
  readonly root: JsonObject;
  /** Where the text is YAML. */
  readonly yaml?: { readonly document: YamlDocument.Parsed; readonly lines: LineCounter };
}

const MAX_ALIASES = 1_000;
const MAX_DEPTH = 200;
const MAX_TOLD_ERRORS = 10;

/** Reads JSON or YAML. @throws ProblemsError with file and line */
export function parseText(raw: string, file: string): ParsedText {
  const text = raw.replace(/^\uFEFF/, '');
  const json = parseJson(text);
  if (isJsonObject(json)) return { text, root: json };

  if (yamlNestsDeeperThan(text, MAX_DEPTH)) {
    throw new ProblemsError([{ file, message: `The document nests deeper than ${MAX_DEPTH} levels.` }]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true, uniqueKeys: false });
  if (document.errors.length > 0) throw syntaxErrors(document, file);
  const repeated = repeatedKeys(document, MAX_TOLD_ERRORS).map(({ name, offset }): Problem => {
    const message = `The document has a syntax error: Map keys must be unique, and "${name}" is there again.`;
    return { file, line: lines.linePos(offset).line, message };
  });
  if (repeated.length > 0) throw new ProblemsError(repeated);
  const root = toObject(document, file);
  if (!isJsonObject(root)) {
    throw new ProblemsError([
      { file, line: 1, message: 'The document is not an OpenAPI document: it is not an object.' },
    ]);
  }
  return { text, root, yaml: { document, lines } };
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

function syntaxErrors({ errors }: YamlDocument.Parsed, file: string): ProblemsError {
  return new ProblemsError(
    errors.slice(0, MAX_TOLD_ERRORS).map((error): Problem => {
      const message = `The document has a syntax error: ${error.message.split('\n', 1)[0]?.replace(/:$/, '')}.`;
      return error.linePos === undefined ? { file, message } : { file, line: error.linePos[0].line, message };
    }),
  );
}

function toObject(document: YamlDocument.Parsed, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    throw new ProblemsError([{ file, message: `The document cannot be read: ${describeError(error)}.` }]);
  }
}
