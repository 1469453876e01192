import type { UserError } from '../errors.ts';
import { UserErrors } from '../errors.ts';
import type { Resource, ResourceKind, StoredDocument } from '../models/resource.ts';
import type { ConfigurationState, PublishedEntry } from '../models/revision.ts';
import type { Tenant } from '../models/tenant.ts';
import { TakenError } from '../store/collection.ts';
import type { AdminContext } from './context.ts';
import { unmask } from './masking.ts';
import { MOST_OPTION_BYTES } from './read-options.ts';
import { sha256 } from './sha256.ts';

/** An entry of the configuration as it is given. */
export interface EntryInput {
  readonly name: string;
  /** As under `<kind>.<name>` in skein.yaml. */
  readonly options: unknown;
  /** The text of the document that the options name; undefined: the one there is stays, null: there is none. */
  readonly document?: { readonly name: string; readonly text: string } | null | undefined;
  /** The version that was seen; of an entry that exists, it must be given. */
  readonly version?: number | null | undefined;
}

export interface ReadEntry {
  readonly published: PublishedEntry;
  readonly document:
    | { readonly id: string; readonly name: string; readonly text: string; readonly hash: string }
    | undefined;
}

export const MOST_DOCUMENT_BYTES = 12 * 1_048_576;
const MOST_NAME_CHARACTERS = 200;

/**
 * Checks what can be checked of an entry by itself. Secrets that come back masked, and a document that is not given, are
 * those of the entry that there is.
 *
 * @throws UserErrors with all of it
 */
export function readEntry(
  { ports }: AdminContext,
  kind: ResourceKind,
  input: EntryInput,
  tenant: Tenant,
  known?: Pick<Resource, 'options' | 'document'>,
): ReadEntry {
  const { name, document } = input;
  const errors: UserError[] = [];
  const invalid = (path: readonly string[], message: string) => errors.push({ code: 'INVALID', path, message });
  if (name === '' || name.length > MOST_NAME_CHARACTERS || name === '__proto__')
    invalid(['name'], `must be a name of ${MOST_NAME_CHARACTERS} characters at the most`);
  const before: unknown = known === undefined ? undefined : JSON.parse(known.options);
  const options = unmask(input.options, before, ['options'], (path) =>
    invalid(path, 'is a masked secret: give the secret itself, or name one of the secrets that are kept'),
  );
  const bytes = Buffer.byteLength(JSON.stringify(options ?? null));
  if (bytes > MOST_OPTION_BYTES) invalid(['options'], `has ${bytes} bytes, and may have ${MOST_OPTION_BYTES}`);
  else errors.push(...ports.checkEntry(kind, name, options));
  let kept: ReadEntry['document'];
  if (document !== undefined && document !== null) {
    const { name: file, text } = document;
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(file))
      invalid(['document', 'name'], 'must be a plain file name, e.g. openapi.yaml');
    if (Buffer.byteLength(text) > MOST_DOCUMENT_BYTES)
      invalid(['document', 'text'], `may have ${MOST_DOCUMENT_BYTES} bytes at the most`);
    const hash = sha256(text);
    kept = { id: `doc_${sha256(`${tenant._id}\n${file}\n${hash}`).slice(0, 40)}`, name: file, text, hash };
  }
  if (errors.length > 0) throw new UserErrors(errors);
  const id = document === undefined ? known?.document : kept?.id;
  return { published: { options, ...(typeof id === 'string' ? { document: id } : {}) }, document: kept };
}

/** Documents never change, so that one that is there stays. */
export async function keepDocument(
  { store }: AdminContext,
  tenant: Tenant,
  { id, name, text, hash }: NonNullable<ReadEntry['document']>,
): Promise<void> {
  const scope = { all: false, tenant: tenant._id } as const;
  if ((await store.documents.get(scope, id)) !== undefined) return;
  try {
    await store.documents.insert(scope, { _id: id, tenant: tenant._id, name, hash, text });
  } catch (error) {
    if (!(error instanceof TakenError)) throw error;
  }
}

/** The documents that a state names; those of one tenant, where it is given. */
export async function documentsOf(
  { store }: AdminContext,
  state: ConfigurationState,
  tenant?: Tenant,
): Promise<readonly StoredDocument[]> {
  const ids = Object.values(state).flatMap((entries) =>
    Object.values(entries).flatMap(({ document }) => document ?? []),
  );
  const scope = tenant === undefined ? ({ all: true } as const) : ({ all: false, tenant: tenant._id } as const);
  return ids.length === 0 ? [] : store.documents.all(scope, { _id: { $in: ids } });
}
