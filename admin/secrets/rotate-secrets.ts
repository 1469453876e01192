import { describeError } from '../../kernel/errors.ts';
import { UserErrors } from '../errors.ts';
import type { Secret } from '../models/secret.ts';
import type { AdminContext } from '../stores/context.ts';
import { secrets } from '../stores/secrets.ts';
import type { Encryption } from './encryption.ts';

export interface RotatedSecrets {
  readonly rotated: number;
  /** Under the present key already. */
  readonly unchanged: number;
  /** Those that no key opens, each in a sentence. */
  readonly failed: readonly string[];
}

const EVERYWHERE = { all: true } as const;
const PAGE = 500;
const MOST_TRIES = 5;

/**
 * Encrypts every secret with the present key, archived ones too. It can be interrupted and run again at any time, also
 * while gateways serve that have both keys; a secret that is given anew at the same time keeps what was given.
 */
export async function rotateSecrets(context: AdminContext, encryption: Encryption): Promise<RotatedSecrets> {
  const { store } = context;
  const names = new Map<string, string>();
  const failed: string[] = [];
  let rotated = 0;
  let unchanged = 0;
  let after: { readonly value: string } | undefined;
  for (;;) {
    const sort = { field: '_id', descending: false };
    const { records, hasMore } = await store.secrets.page(EVERYWHERE, { place: 'value' }, { first: PAGE, sort, after });
    for (const secret of records) {
      const tenantName = names.get(secret.tenant) ?? (await store.tenants.get(EVERYWHERE, secret.tenant))?.name ?? '';
      names.set(secret.tenant, tenantName);
      const result = await rotate(context, encryption, secret, tenantName);
      if (result === 'rotated') rotated += 1;
      else if (result === 'unchanged') unchanged += 1;
      else failed.push(result.reason);
    }
    const last = records.at(-1);
    if (!hasMore || last === undefined) return { rotated, unchanged, failed };
    after = { value: last._id };
  }
}

async function rotate(
  context: AdminContext,
  encryption: Encryption,
  first: Secret,
  tenantName: string,
): Promise<'rotated' | 'unchanged' | { readonly reason: string }> {
  let secret: Secret | undefined = first;
  for (let tries = 1; secret !== undefined; tries += 1) {
    if (secret.place !== 'value' || !encryption.needsRotation(secret.content)) return 'unchanged';
    const whose = { tenantName, secretName: secret.name };
    let text: string;
    try {
      text = encryption.decrypt(secret.content, whose);
    } catch (error) {
      return { reason: describeError(error) };
    }
    const content = encryption.encrypt(text, whose);
    try {
      await secrets.write(context, secret, 'rotate', { content });
      return 'rotated';
    } catch (error) {
      const isStale = error instanceof UserErrors && error.errors.some(({ code }) => code === 'STALE');
      if (!isStale || tries === MOST_TRIES) throw error;
      secret = await context.store.secrets.get(EVERYWHERE, secret._id);
    }
  }
  return 'unchanged';
}
