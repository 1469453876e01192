import { request as send } from 'undici';
import { userError } from '../../../admin/errors.ts';
import { describeError } from '../../../kernel/errors.ts';
import { documentName } from '../../../sources/upstream/fetch-document.ts';
import { type AuditQuestion, NobodyReads, type TakePart } from './audit.ts';
import { DoorError } from './door.ts';
import { readAddress } from './gateway-door.ts';

const TIMEOUT_MS = 120_000;
const MOST_ERROR_BYTES = 65_536;
const WAY =
  'SKEIN_ADMIN_TOKEN must be the token of a user who may read the audit log: a platform administrator, or an owner, admin or analyst of a tenant.';

/**
 * The export of a gateway that runs. Redirects are not followed: the token stays there.
 *
 * @throws UserErrors for what it cannot take, DoorError for a gateway that refuses, cannot be asked, or breaks off
 */
export async function auditOfGateway(
  address: string,
  token: string | undefined,
  { request, format }: AuditQuestion,
  take: TakePart,
): Promise<void> {
  const url = readAddress(address);
  url.pathname = url.pathname.replace(/\/graphql$/, '/audit-log');
  const name = documentName(url.href);
  if (token === undefined) throw new DoorError(`${name} asks who administers.`, WAY);
  for (const [filter, value] of Object.entries({ tenant: request.tenant, ...request.where }))
    if (value !== undefined) url.searchParams.set(filter, value instanceof Date ? value.toISOString() : value);
  url.searchParams.set('format', format);
  const headers = { authorization: `Bearer ${token}`, accept: '*/*' };
  const answer = await send(url, { headers, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS }).catch(
    (error: unknown) => Promise.reject(new DoorError(`${name} cannot be asked: ${describeError(error)}.`)),
  );
  const isExport = /^(application\/x-ndjson|text\/csv)/.test(String(answer.headers['content-type']));
  if (answer.statusCode !== 200 || !isExport) throw await refusal(answer, name);
  answer.body.setEncoding('utf8');
  const parts = answer.body as AsyncIterable<string>;
  try {
    for await (const part of parts) await take(part);
  } catch (error) {
    if (error instanceof DoorError || error instanceof NobodyReads) throw error;
    throw new DoorError(`${name} broke off: ${describeError(error)}. What was written is not complete.`);
  }
}

async function refusal({ statusCode, body }: Awaited<ReturnType<typeof send>>, name: string): Promise<Error> {
  let text = '';
  for await (const part of body.setEncoding('utf8') as AsyncIterable<string>) {
    text += part;
    if (text.length > MOST_ERROR_BYTES) break;
  }
  let told: string | undefined;
  try {
    const { errors } = JSON.parse(text) as { errors: readonly { message: unknown }[] };
    told = errors.map(({ message }) => String(message)).join(' ');
  } catch {
    return new DoorError(`${name} answered with status ${statusCode}, and not as the audit log of a gateway does.`);
  }
  if (statusCode === 400) return userError('INVALID', [], told);
  const way = statusCode === 401 || statusCode === 403 ? WAY : undefined;
  return new DoorError(`${name} refused with status ${statusCode}: ${told}`, way);
}
