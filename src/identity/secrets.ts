import { hash, randomBytes } from 'node:crypto';

/** What keys and tokens are known by: SHA-256 in base64url. */
export function digest(secret: string): string {
  return hash('sha256', secret, 'base64url');
}

/** A new key: 192 bits, with a prefix that secret scanners can know. */
export function generateKey(): string {
  return `skein_${randomBytes(24).toString('base64url')}`;
}

/** Whether a text has the form that `generateKey` gives. Keys of skein.yaml may have any. */
export function isGeneratedKey(text: string): boolean {
  return /^skein_[\w-]{32}$/.test(text);
}
