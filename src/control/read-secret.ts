import { readFileSync } from 'node:fs';
import type { Secret } from '../../admin/models/secret.ts';
import type { Tenant } from '../../admin/models/tenant.ts';
import type { Encryption } from '../../admin/secrets/encryption.ts';
import { describeError } from '../../kernel/errors.ts';
import type { Log } from '../../kernel/ports.ts';
import type { Environment } from '../config/substitute.ts';

export interface SecretReading {
  readonly encryption: Encryption;
  readonly env: Environment;
  readonly log: Log;
}

/** The value of a secret; undefined where it cannot be had, which the log tells without telling more. */
export function readSecret(
  { name, place, content }: Pick<Secret, 'name' | 'place' | 'content'>,
  tenant: Tenant,
  { encryption, env, log }: SecretReading,
): string | undefined {
  try {
    if (place === 'environment') return env[content];
    if (place === 'file') return readSecretFile(content);
    return encryption.decrypt(content, { tenantName: tenant.name, secretName: name });
  } catch (error) {
    log.error({ tenant: tenant.name, secret: name, reason: describeError(error) }, 'a secret cannot be read');
    return undefined;
  }
}

/** @throws Error when there is nothing in it: it is being written */
function readSecretFile(path: string): string {
  const text = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  if (text === '') throw new Error('The file is empty.');
  return text;
}
