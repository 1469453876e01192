import { newSecret } from '../../admin/secrets/new-secret.ts';

/** What keys and tokens are known by, here and in the store. */
export { hashSecret as digest } from '../../admin/secrets/new-secret.ts';

/** A new key: 192 bits, with a prefix that secret scanners can know. */
export function generateKey(): string {
  return newSecret('skein').text;
}

/** Whether a text has the form that `generateKey` gives. Keys of skein.yaml may have any. */
export function isGeneratedKey(text: string): boolean {
  return /^skein_[\w-]{32}$/.test(text);
}
