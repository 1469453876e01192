import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { createLineIndex } from './document-lines.ts';
import { type JsonObject, member } from './json-object.ts';
import { parseText } from './parse-document.ts';
import { createReferences } from './references.ts';
import { convertSwagger } from './swagger2.ts';

export { isJsonObject, type JsonObject, member, textMember, UnusableError } from './json-object.ts';

/** Path into the document, from its root. */
export type DocumentPath = readonly (string | number)[];

export type OpenapiVersion = '2.0' | '3.0' | '3.1';

export interface OpenapiDocument {
  readonly file: string;
  /** In the shape of OpenAPI 3, whatever the document's own version. */
  readonly root: JsonObject;
  readonly version: OpenapiVersion;
  /** Follows `$ref`s to what they stand for. @throws UnusableError when they lead nowhere. */
  resolve(node: unknown): Resolved;
  /** Line of a path or operation (`['paths', '/users', 'get']`), counted from 1. */
  lineOf(path: DocumentPath): number | undefined;
}

export interface Resolved {
  readonly value: unknown;
  /** Name of the schema below `components`, if the last reference was to one. */
  readonly component?: string;
}

/** @throws ProblemsError when the text is not an OpenAPI 2.0, 3.0 or 3.1 document */
export function readDocument(text: string, file: string): OpenapiDocument {
  const parsed = parseText(text, file);
  const version = versionOf(parsed.root, file);
  const root = version === '2.0' ? convertSwagger(parsed.root) : parsed.root;
  const references = createReferences(root);
  const lineOf = createLineIndex(parsed);
  return { file, root, version, resolve: references.resolve, lineOf };
}

function versionOf(root: JsonObject, file: string): OpenapiVersion {
  // YAML reads a bare 3.0 as a number.
  const swagger = member(root, 'swagger');
  const written = member(root, 'openapi') ?? swagger;
  const version = typeof written === 'number' && Number.isInteger(written) ? `${written}.0` : String(written);
  if (/^3\.1(\.|$)/.test(version)) return '3.1';
  if (/^3\.0(\.|$)/.test(version)) return '3.0';
  if (swagger !== undefined && version === '2.0') return '2.0';
  const problem: Problem =
    written === undefined
      ? { file, line: 1, message: 'The document does not say `openapi: 3.x`, so it is not an OpenAPI document.' }
      : {
          file,
          line: 1,
          message: `The document is of OpenAPI ${version.slice(0, 20)}; versions 2.0, 3.0 and 3.1 can be read.`,
          suggestion: 'Convert the document to OpenAPI 3.0 or 3.1.',
        };
  throw new ProblemsError([problem]);
}
