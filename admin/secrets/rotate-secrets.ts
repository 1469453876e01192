import { describeError } from '../../kernel/errors.ts';
import { UserErrors } from '../errors.ts';
import type { StoredRecord } from '../models/record.ts';
import type { Collection } from '../store/collection.ts';
import type { AdminContext } from '../stores/context.ts';
import { secrets } from '../stores/secrets.ts';
import { WEBHOOK_SECRET, webhooks } from '../stores/webhooks.ts';
import type { Encryption } from './encryption.ts';

export interface RotatedSecrets {
  readonly rotated: number;
  /** Under the present key already. */
  readonly unchanged: number;
  /** Those that no key opens, each in a sentence. */
  readonly failed: readonly string[];
}

/** Records of a kind that hold something encrypted. */
interface Kind<T extends StoredRecord> {
  readonly collection: Collection<T>;
  /** What it is encrypted for, beside the name of its tenant; undefined where it holds nothing. */
  kept(record: T): { readonly secretName: string; readonly content: string } | undefined;
  write(record: T, content: string): Promise<unknown>;
}

const EVERYWHERE = { all: true } as const;
const PAGE = 500;
const MOST_TRIES = 5;

/**
 * Encrypts every secret, and what every webhook signs with, with the present key, archived ones too. It can be interrupted
 * and run again at any time, also while gateways serve that have both keys; a secret that is given anew at the same time
 * keeps what was given.
 */
export async function rotateSecrets(context: AdminContext, encryption: Encryption): Promise<RotatedSecrets> {
  const { store } = context;
  const results = [
    await rotateAll(context, encryption, {
      collection: store.secrets,
      kept: ({ place, name, content }) => (place === 'value' ? { secretName: name, content } : undefined),
      write: (secret, content) => secrets.write(context, secret, 'rotate', { content }),
    }),
    await rotateAll(context, encryption, {
      collection: store.webhooks,
      kept: ({ secret }) => ({ secretName: WEBHOOK_SECRET, content: secret }),
      write: (webhook, secret) => webhooks.write(context, webhook, 'rotate', { secret }),
    }),
  ];
  return {
    rotated: results.reduce((sum, { rotated }) => sum + rotated, 0),
    unchanged: results.reduce((sum, { unchanged }) => sum + unchanged, 0),
    failed: results.flatMap(({ failed }) => failed),
  };
}

async function rotateAll<T extends StoredRecord & { readonly tenant: string }>(
  { store }: AdminContext,
  encryption: Encryption,
  kind: Kind<T>,
): Promise<RotatedSecrets> {
  const names = new Map<string, string>();
  const failed: string[] = [];
  let rotated = 0;
  let unchanged = 0;
  let after: { readonly value: string } | undefined;
  for (;;) {
    const sort = { field: '_id', descending: false };
    const { records, hasMore } = await kind.collection.page(EVERYWHERE, {}, { first: PAGE, sort, after });
    for (const record of records) {
      if (kind.kept(record) === undefined) continue;
      const tenantName = names.get(record.tenant) ?? (await store.tenants.get(EVERYWHERE, record.tenant))?.name ?? '';
      names.set(record.tenant, tenantName);
      const result = await rotate(encryption, kind, record, tenantName);
      if (result === 'rotated') rotated += 1;
      else if (result === 'unchanged') unchanged += 1;
      else failed.push(result.reason);
    }
    const last = records.at(-1);
    if (!hasMore || last === undefined) return { rotated, unchanged, failed };
    after = { value: last._id };
  }
}

async function rotate<T extends StoredRecord>(
  encryption: Encryption,
  { collection, kept, write }: Kind<T>,
  first: T,
  tenantName: string,
): Promise<'rotated' | 'unchanged' | { readonly reason: string }> {
  let record: T | undefined = first;
  for (let tries = 1; record !== undefined; tries += 1) {
    const found = kept(record);
    if (found === undefined || !encryption.needsRotation(found.content)) return 'unchanged';
    const whose = { tenantName, secretName: found.secretName };
    let text: string;
    try {
      text = encryption.decrypt(found.content, whose);
    } catch (error) {
      return { reason: describeError(error) };
    }
    try {
      await write(record, encryption.encrypt(text, whose));
      return 'rotated';
    } catch (error) {
      const isStale = error instanceof UserErrors && error.errors.some(({ code }) => code === 'STALE');
      if (!isStale || tries === MOST_TRIES) throw error;
      record = await collection.get(EVERYWHERE, record._id);
    }
  }
  return 'unchanged';
}
