import { isJsonObject, type JsonObject, member, type OpenapiDocument, textMember, UnusableError } from './document.ts';

/** One operation of the document, not yet looked into. */
export interface Operation {
  /** The operationId, or `GET /path` where there is none: for errors, logs and notices. */
  readonly label: string;
  /** `GET /path`. */
  readonly key: string;
  readonly operationId: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly node: JsonObject;
  readonly pathItem: JsonObject;
  /** Line in the document. */
  readonly line: () => number | undefined;
}

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'] as const;

/** All operations in the order of the document. `onUnusable` hears of paths that cannot be read. */
export function listOperations(
  document: OpenapiDocument,
  onUnusable: (path: string, reason: string) => void,
): Operation[] {
  const paths = member(document.root, 'paths');
  if (!isJsonObject(paths)) return [];
  return Object.entries(paths).flatMap(([path, raw]) => {
    if (!path.startsWith('/')) return [];
    try {
      const { value } = document.resolve(raw);
      if (!isJsonObject(value)) throw new UnusableError('it is not an object');
      if (member(value, 'trace') !== undefined) onUnusable(path, 'TRACE is not offered');
      return METHODS.flatMap((method) => toOperation(document, path, value, method));
    } catch (error) {
      if (!(error instanceof UnusableError)) throw error;
      onUnusable(path, error.message);
      return [];
    }
  });
}

function toOperation(
  document: OpenapiDocument,
  path: string,
  pathItem: JsonObject,
  method: (typeof METHODS)[number],
): Operation[] {
  const node = member(pathItem, method);
  if (!isJsonObject(node)) return [];
  const key = `${method.toUpperCase()} ${path}`;
  const operationId = textMember(node, 'operationId');
  return [
    {
      label: operationId ?? key,
      key,
      operationId,
      method: method.toUpperCase(),
      path,
      node,
      pathItem,
      line: () => document.lineOf(['paths', path, method]),
    },
  ];
}
