import { canonicalJson } from '../../kernel/canonical-json.ts';
import { type UserError, UserErrors, userError } from '../errors.ts';
import type { ConfigurationState, Revision } from '../models/revision.ts';
import type { Tenant } from '../models/tenant.ts';
import { TakenError } from '../store/collection.ts';
import { change } from './change.ts';
import type { AdminContext } from './context.ts';
import { keepDocument } from './entries.ts';
import { readState } from './latest.ts';
import type { SchemaChange } from './ports.ts';
import { type FieldUser, type Preview, previewState, type ReadDocument } from './preview.ts';
import { sha256 } from './sha256.ts';

export interface PublishRequest {
  readonly message?: string | null | undefined;
  /** Whether clients may break by it. */
  readonly allowBreaking?: boolean | null | undefined;
}

export interface Published {
  readonly revision: Revision;
  readonly preview: Preview;
}

/** A publish that was refused, with what it would have done. */
export class PublishRefused extends UserErrors {
  readonly preview: Preview;
  constructor(errors: readonly UserError[], preview: Preview) {
    super(errors);
    this.preview = preview;
  }
}

export interface Commit {
  readonly latest: Revision | undefined;
  readonly next: ConfigurationState;
  readonly request: PublishRequest;
  readonly documents: readonly ReadDocument[];
  readonly restores?: number;
  /** Done once nothing stands in the way; what it gives takes it back, where somebody else was quicker. */
  readonly prepare?: () => Promise<() => Promise<void>>;
}

const MOST_STATE_BYTES = 15 * 1_048_576;
const MOST_MESSAGE_CHARACTERS = 2_000;

/** One document is written last, and it is the whole of what is published: a publish happens, or it does not. */
export async function commit(
  context: AdminContext,
  of: Tenant,
  { latest, next, request, documents, restores, prepare }: Commit,
): Promise<Published> {
  const preview = await previewState(context, of, readState(latest), next, documents);
  const state = canonicalJson(next);
  const errors = [...preview.errors, ...mistakes(state, request)];
  if (errors.length > 0) throw new PublishRefused(errors, preview);
  if (preview.entries.length === 0) throw userError('INVALID', [], 'There is nothing to publish: this is what serves.');
  const { breaking } = preview.changes;
  if (breaking.length > 0 && request.allowBreaking !== true)
    throw new PublishRefused(breakingErrors(breaking, preview.users), preview);
  for (const document of documents) await keepDocument(context, of, document);
  const takeBack = await prepare?.();
  const number = (latest?.number ?? 0) + 1;
  const record = {
    _id: context.store.revisions.newId(),
    tenant: of._id,
    number,
    author: context.actor.id,
    message: request.message ?? '',
    restores: restores ?? null,
    state,
    hash: sha256(state),
  };
  const told = {
    action: restores === undefined ? 'configuration.publish' : 'configuration.rollBack',
    tenant: of._id,
    entity: record._id,
    entityName: `revision ${number}`,
  };
  const entries = preview.entries.map(({ kind, name }) => `${kind}.${name}`);
  const after = { number, message: record.message, entries, ...(restores === undefined ? {} : { restores }) };
  try {
    const revision = await change(context, { ...told, after }, () => insertRevision(context, record));
    return { revision, preview };
  } catch (error) {
    if (error instanceof UserErrors) await takeBack?.();
    throw error;
  }
}

async function insertRevision(
  { store }: AdminContext,
  record: Parameters<AdminContext['store']['revisions']['insert']>[1],
): Promise<Revision> {
  try {
    return await store.revisions.insert({ all: false, tenant: record.tenant }, record);
  } catch (error) {
    if (!(error instanceof TakenError)) throw error;
    const message = 'Somebody else published at the same time. Look at what they did, and publish again.';
    throw userError('STALE', [], message);
  }
}

function mistakes(state: string, { message }: PublishRequest): UserError[] {
  const found: UserError[] = [];
  const bytes = Buffer.byteLength(state);
  if (bytes > MOST_STATE_BYTES)
    found.push({
      code: 'INVALID',
      path: [],
      message: `The whole configuration has ${bytes} bytes, and may have ${MOST_STATE_BYTES}.`,
    });
  if ((message ?? '').length > MOST_MESSAGE_CHARACTERS)
    found.push({
      code: 'INVALID',
      path: ['message'],
      message: `must have ${MOST_MESSAGE_CHARACTERS} characters at the most`,
    });
  return found;
}

const MOST_TOLD = 50;

export function breakingErrors(breaking: readonly SchemaChange[], users: readonly FieldUser[]): UserError[] {
  const using = users.map(({ productName, apps }) => `${productName} (${apps} ${apps === 1 ? 'app' : 'apps'})`);
  const whose = using.length === 0 ? '' : ` Products that use what changes: ${[...new Set(using)].join(', ')}.`;
  const way = `Clients may break by this change: ${breaking.length} of its changes are breaking.${whose} Publish with allowBreaking if that is meant.`;
  return [
    { code: 'INVALID', path: ['allowBreaking'], message: way },
    ...breaking
      .slice(0, MOST_TOLD)
      .map(({ path, message }) => ({ code: 'INVALID' as const, path: ['graph', path], message })),
  ];
}
