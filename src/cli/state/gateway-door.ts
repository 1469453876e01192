import { request } from 'undici';
import type { StateDiff } from '../../../admin/gitops/plan.ts';
import { type StateError, StateErrors } from '../../../admin/gitops/state-error.ts';
import { describeError } from '../../../kernel/errors.ts';
import { documentName } from '../../../sources/upstream/fetch-document.ts';
import { DoorError, type StateDoor } from './door.ts';

const TIMEOUT_MS = 300_000;
const MOST_BYTES = 128 * 1_048_576;
const PATH = '/admin/graphql';

const STATE = `{
  diff {
    changes { action tenant kind name path fields { path before after } }
    unchanged
    breaking { tenant path message }
  }
  errors { path line message code }
}`;
const EXPORT =
  'mutation($tenants: [String!]) { result: exportState(tenants: $tenants) { text errors { path message code } } }';
const DIFF = `mutation($text: String!, $prune: Boolean) { result: diffState(text: $text, prune: $prune) ${STATE} }`;
const APPLY = `mutation($text: String!, $prune: Boolean, $message: String, $allowBreaking: Boolean) {
  result: applyState(text: $text, prune: $prune, message: $message, allowBreaking: $allowBreaking) ${STATE}
}`;

interface Result {
  readonly text?: string | null;
  readonly diff?: StateDiff | null;
  readonly errors: readonly StateError[];
}

/** The state by a running gateway's admin schema. @throws DoorError for what is no address, or without a token */
export function openGatewayDoor(address: string, token: string | undefined): StateDoor {
  const url = readAddress(address);
  const name = documentName(url.href);
  if (token === undefined)
    throw new DoorError(
      `${name} asks who administers.`,
      'Set SKEIN_ADMIN_TOKEN to the token of a platform administrator.',
    );
  const ask = async (query: string, variables: Readonly<Record<string, unknown>>): Promise<Result> => {
    const { status, body } = await post(url, token, JSON.stringify({ query, variables }), name);
    return read(status, body, name);
  };
  const diffOf = ({ diff, errors }: Result): StateDiff => {
    if (diff === null || diff === undefined) throw new StateErrors(errors);
    return { ...diff, changes: diff.changes.map((change) => ({ ...change, action: actionOf(change.action) })) };
  };
  return {
    name,
    async export(tenants) {
      const { text, errors } = await ask(EXPORT, { tenants: tenants ?? null });
      if (typeof text !== 'string') throw new StateErrors(errors);
      return text;
    },
    diff: async (text, given) => diffOf(await ask(DIFF, { text, ...given })),
    apply: async (text, given) => diffOf(await ask(APPLY, { text, ...given })),
    remarks: () => [],
    close: async () => {},
  };
}

/** `/admin/graphql` where it names no path. @throws DoorError */
export function readAddress(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new DoorError('The address of the gateway must be an http:// or https:// URL.');
  if (url.username !== '' || url.password !== '')
    throw new DoorError('The address of the gateway has a password in it.', 'Set SKEIN_ADMIN_TOKEN instead.');
  if (url.pathname === '/') url.pathname = PATH;
  return url;
}

/** Redirects are not followed: the token stays there. */
async function post(url: URL, token: string, body: string, name: string): Promise<{ status: number; body: string }> {
  try {
    const answer = await request(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/graphql-response+json, application/json;q=0.9',
      },
      body,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MOST_BYTES) throw new Error(`its answer has more than ${MOST_BYTES} bytes`);
      chunks.push(chunk);
    }
    return { status: answer.statusCode, body: Buffer.concat(chunks).toString('utf8') };
  } catch (error) {
    throw new DoorError(`${name} cannot be asked: ${describeError(error)}.`);
  }
}

function read(status: number, body: string, name: string): Result {
  let answer: {
    readonly data?: { readonly result?: Result } | null;
    readonly errors?: readonly { message?: unknown }[];
  };
  try {
    answer = JSON.parse(body) as typeof answer;
  } catch {
    throw new DoorError(`${name} answered with status ${status}, and not as the admin schema of a gateway does.`);
  }
  const result = answer.data?.result;
  if (result !== undefined && result !== null) return result;
  const told = (answer.errors ?? []).map(({ message }) => String(message)).join(' ');
  const way =
    status === 401 || status === 403 ? 'SKEIN_ADMIN_TOKEN must be the token of a platform administrator.' : undefined;
  throw new DoorError(`${name} refused with status ${status}: ${told || 'it did not say why'}`, way);
}

function actionOf(action: string): StateDiff['changes'][number]['action'] {
  return action.toLowerCase() as StateDiff['changes'][number]['action'];
}
