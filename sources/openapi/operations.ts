import type { OpenapiDocument } from './document.ts';
import { isJsonObject, type JsonObject, listMember, member, textMember, UnusableError } from './json-object.ts';

/** One operation of the document, not yet looked into. */
export interface Operation {
  /** The operationId, or `GET /path` where there is none: for errors, logs and notices. */
  readonly label: string;
  /** `GET /path`. */
  readonly key: string;
  readonly operationId: string | undefined;
  /** All that `operations` and filters may call it. */
  readonly names: readonly string[];
  readonly tags: readonly string[];
  readonly method: string;
  readonly path: string;
  readonly node: JsonObject;
  readonly pathItem: JsonObject;
  /** Line in the document. */
  readonly line: () => number | undefined;
}

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'] as const;
const MAX_TOLD = 5;

/** All operations in the order of the document. `onNotice` hears of what stands beside them and is not offered. */
export function listOperations(
  document: OpenapiDocument,
  onNotice: (message: string, operation?: Operation) => void,
): Operation[] {
  const paths = member(document.root, 'paths');
  const operations = (isJsonObject(paths) ? Object.entries(paths) : []).flatMap(([path, raw]) => {
    if (!path.startsWith('/')) {
      if (!path.startsWith('x-')) onNotice(`${path}: a path begins with /.`);
      return [];
    }
    try {
      const { value } = document.resolve(raw);
      if (!isJsonObject(value)) throw new UnusableError('it is not an object');
      if (member(value, 'trace') !== undefined) onNotice(`${path}: TRACE is not offered.`);
      return METHODS.flatMap((method) => toOperation(document, path, value, method));
    } catch (error) {
      if (!(error instanceof UnusableError)) throw error;
      onNotice(`${path}: ${error.message}.`);
      return [];
    }
  });
  tellOfMore(document.root, operations, onNotice);
  tellDuplicates(operations, onNotice);
  return operations;
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
  const operationId = textMember(node, 'operationId') || undefined;
  return [
    {
      label: operationId ?? key,
      key,
      operationId,
      names: operationId === undefined ? [key] : [operationId, key],
      tags: listMember(node, 'tags').filter((tag) => typeof tag === 'string'),
      method: method.toUpperCase(),
      path,
      node,
      pathItem,
      line: () => document.lineOf(['paths', path, method]),
    },
  ];
}

/** What the service itself calls, and hosts other than the endpoint. */
function tellOfMore(
  root: JsonObject,
  operations: readonly Operation[],
  onNotice: (message: string, operation?: Operation) => void,
) {
  const webhooks = member(root, 'webhooks');
  if (isJsonObject(webhooks) && Object.keys(webhooks).length > 0) {
    const names = Object.keys(webhooks);
    const more = names.length > MAX_TOLD ? ', …' : '';
    onNotice(`The webhooks (${names.slice(0, MAX_TOLD).join(', ')}${more}) are not offered: the service calls them.`);
  }
  const addresses = addressesOf(root);
  for (const operation of operations) {
    const { node, pathItem, label } = operation;
    const callbacks = member(node, 'callbacks');
    if (isJsonObject(callbacks) && Object.keys(callbacks).length > 0) {
      onNotice(`${label}: its callbacks are not offered: the service calls them.`, operation);
    }
    if ([node, pathItem].some((holder) => hasOtherServers(holder, addresses))) {
      onNotice(`${label}: servers of its own are not called, the endpoint is.`, operation);
    }
  }
}

function addressesOf(holder: JsonObject): Set<string | undefined> {
  return new Set(listMember(holder, 'servers').map((server) => textMember(server, 'url')?.replace(/\/$/, '')));
}

function hasOtherServers(holder: JsonObject, addresses: ReadonlySet<string | undefined>): boolean {
  return [...addressesOf(holder)].some((address) => !addresses.has(address));
}

function tellDuplicates(operations: readonly Operation[], onNotice: (message: string, operation?: Operation) => void) {
  const byId = new Map<string, Operation[]>();
  for (const operation of operations) {
    if (operation.operationId === undefined) continue;
    const same = byId.get(operation.operationId);
    if (same === undefined) byId.set(operation.operationId, [operation]);
    else same.push(operation);
  }
  for (const [operationId, same] of byId) {
    if (same.length === 1) continue;
    const keys = same.slice(0, MAX_TOLD).map(({ key }) => key);
    const more = same.length > MAX_TOLD ? ', …' : '';
    onNotice(
      `The operationId "${operationId}" is that of ${same.length} operations: ${keys.join(', ')}${more}.`,
      same[1],
    );
  }
}
