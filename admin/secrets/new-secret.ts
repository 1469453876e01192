import { hash, randomBytes } from 'node:crypto';

export interface NewSecret {
  /** To be shown once, and kept nowhere. */
  readonly text: string;
  /** SHA-256 in base64url: what is kept. A secret of 192 bits needs no salt. */
  readonly hash: string;
  /** How it begins. */
  readonly prefix: string;
}

const SHOWN = 6;

/** A new secret of 192 bits, or a given one, with a beginning that secret scanners can know. */
export function newSecret(kind: 'skein' | 'skein_admin' | 'skein_webhook', given?: string): NewSecret {
  const text = given ?? `${kind}_${randomBytes(24).toString('base64url')}`;
  const prefix = text.startsWith(`${kind}_`) ? text.slice(0, kind.length + 1 + SHOWN) : text.slice(0, 4);
  return { text, hash: hashSecret(text), prefix };
}

export function hashSecret(text: string): string {
  return hash('sha256', text, 'base64url');
}
