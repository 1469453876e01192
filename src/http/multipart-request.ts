import { type FormData, Response } from 'undici';
import { SkeinError } from '../../kernel/errors.ts';
import type { OperationParams } from '../operations.ts';

/** Files that one request may bring, and places that may refer to them. */
const MAX_PLACES = 100;

export function isMultipart(contentType: string | undefined): contentType is string {
  return /^multipart\/form-data\s*;/i.test(contentType ?? '');
}

/**
 * Parameters of a GraphQL multipart request (https://github.com/jaydenseric/graphql-multipart-request-spec): fields
 * `operations` and `map`, and a field for each file, which is put where `operations` has null in its variables. The
 * body was read before, so its files are in memory.
 *
 * A form needs no leave of ours to be sent from another site's page. What keeps such a page out is that a request is
 * only looked at with a key in its Authorization header, which a form cannot set and browsers never add by themselves.
 *
 * @throws SkeinError BAD_REQUEST
 */
export async function readMultipartParams(body: Buffer, contentType: string): Promise<OperationParams> {
  const form = await readForm(body, contentType);
  const operations = readJson(form, 'operations');
  const map = form.has('map') ? readJson(form, 'map') : {};
  const places = Object.entries(map).flatMap(([field, paths]) => {
    if (!Array.isArray(paths)) throw badRequest('The field "map" must have a list of paths for each file.');
    return paths.map((path: unknown) => ({ field, path }));
  });
  if (places.length > MAX_PLACES) throw badRequest(`No more than ${MAX_PLACES} files can be sent in one request.`);
  for (const { field, path } of places) {
    const file = form.get(field);
    if (file === null || typeof file === 'string') throw badRequest(`The file ${quoted(field)} is missing.`);
    put(operations, path, file);
  }
  return operations;
}

async function readForm(body: Buffer, contentType: string): Promise<FormData> {
  try {
    return await new Response(body, { headers: { 'content-type': contentType } }).formData();
  } catch (cause) {
    throw badRequest('The request body is not a valid form.', cause);
  }
}

function readJson(form: FormData, name: string): Record<string, unknown> {
  const text = form.get(name);
  if (typeof text !== 'string') throw badRequest(`The form needs a field "${name}" with JSON.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw badRequest(`The field "${name}" is not valid JSON.`, cause);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw badRequest(`The field "${name}" must be a JSON object.`);
}

/** Only where there is a null: a path must not make lists of a billion items, nor reach what objects inherit. */
function put(operations: Record<string, unknown>, path: unknown, file: unknown): void {
  const steps = typeof path === 'string' ? path.split('.') : [];
  const last = steps.pop();
  let holder: unknown = operations;
  for (const step of steps) holder = isHolder(holder) && Object.hasOwn(holder, step) ? holder[step] : undefined;
  if (steps[0] !== 'variables' || last === undefined || !isHolder(holder) || ownValue(holder, last) !== null) {
    throw badRequest(`The path ${quoted(path)} in "map" does not lead to a null in the variables.`);
  }
  holder[last] = file;
}

function isHolder(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function ownValue(holder: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(holder, key) ? holder[key] : undefined;
}

function quoted(value: unknown): string {
  return JSON.stringify(String(value).slice(0, 100));
}

function badRequest(message: string, cause?: unknown): SkeinError {
  return new SkeinError('BAD_REQUEST', message, { cause });
}
