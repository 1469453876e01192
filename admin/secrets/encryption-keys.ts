import { hash, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describeError } from '../../kernel/errors.ts';

export interface EncryptionKey {
  /** Tells keys apart, and nothing about them. */
  readonly id: string;
  readonly bytes: Buffer;
}

const KEY_BYTES = 32;

/** How to make a key, for messages. */
export const MAKE_KEY = 'openssl rand -base64 32';

/**
 * A key of 32 bytes in base64, base64url or hex.
 *
 * @throws Error for anything else; what was given is not told
 */
export function readEncryptionKey(text: string, name: string): EncryptionKey {
  const given = text.trim();
  const isHex = /^[0-9a-f]{64}$/i.test(given);
  const isBase64 = /^([A-Za-z0-9+/]{43}=?|[A-Za-z0-9_-]{43}=?)$/.test(given);
  const bytes = isHex ? Buffer.from(given, 'hex') : isBase64 ? Buffer.from(given, 'base64') : undefined;
  if (bytes?.length !== KEY_BYTES)
    throw new Error(`${name} must be ${KEY_BYTES} bytes in base64 or hex, and is not. Make one with: ${MAKE_KEY}`);
  return keyOf(bytes);
}

function keyOf(bytes: Buffer): EncryptionKey {
  return {
    id: hash('sha256', Buffer.concat([Buffer.from('skein encryption key\n'), bytes]), 'base64url').slice(0, 8),
    bytes,
  };
}

/** The key of the file; undefined where there is none. @throws Error for one that holds no key */
export function readKeyFile(file: string): EncryptionKey | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`The key file ${file} cannot be read: ${describeError(error)}.`);
  }
  return readEncryptionKey(text, `The key file ${file}`);
}

/** The key of the file, which is made where there is none. Of several processes that do it at once, all get the same. */
export function makeKeyFile(file: string): EncryptionKey {
  const found = readKeyFile(file);
  if (found !== undefined) return found;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const made = `${file}.${randomBytes(6).toString('hex')}`;
  writeFileSync(made, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { flag: 'wx', mode: 0o600, flush: true });
  try {
    // It is there as a whole, or not at all.
    linkSync(made, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(made, { force: true });
  }
  const key = readKeyFile(file);
  if (key === undefined) throw new Error(`The key file ${file} is gone.`);
  return key;
}
