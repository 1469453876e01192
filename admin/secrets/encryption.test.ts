import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UserErrors } from '../errors.ts';
import { createEncryption, isEncrypted } from './encryption.ts';

const STRIPE = { tenantName: 'acme', secretName: 'stripe' };
const newKey = (encoding: BufferEncoding = 'base64') => randomBytes(32).toString(encoding);

test('what is encrypted opens again, whatever the text is', () => {
  const { encrypt, decrypt, needsRotation } = createEncryption({ key: newKey() });
  for (const text of ['sk_live_1', 'ключ', 'a\n\0b', 'x'.repeat(65_536), '']) {
    const sealed = encrypt(text, STRIPE);
    expect(decrypt(sealed, STRIPE)).toBe(text);
    expect(isEncrypted(sealed)).toBe(true);
    expect(needsRotation(sealed)).toBe(false);
  }
});

test('equal texts are encrypted differently, and tell nothing but their length', () => {
  const { encrypt } = createEncryption({ key: newKey() });
  const sealed = Array.from({ length: 200 }, () => encrypt('sk_live_1', STRIPE));
  expect(new Set(sealed.map((text) => text.split(':')[2])).size).toBe(200);
  expect(sealed.join()).not.toContain(Buffer.from('sk_live_1').toString('base64url'));
});

test('a ciphertext opens for its own record only', () => {
  const { encrypt, decrypt, opens } = createEncryption({ key: newKey() });
  const sealed = encrypt('sk_live_1', STRIPE);
  for (const other of [
    { ...STRIPE, tenantName: 'globex' },
    { ...STRIPE, secretName: 'stripe2' },
    { tenantName: 'acme","stripe', secretName: '' },
  ]) {
    expect(() => decrypt(sealed, other)).toThrow(/cannot be decrypted/);
    expect(opens(sealed, other)).toBe('no');
  }
});

test('a ciphertext with any character changed does not open', () => {
  const { encrypt, opens } = createEncryption({ key: newKey() });
  const sealed = encrypt('sk_live_1', STRIPE);
  for (let index = 0; index < sealed.length - 1; index += 1) {
    const other = sealed[index] === 'A' ? 'B' : 'A';
    const changed = `${sealed.slice(0, index)}${other}${sealed.slice(index + 1)}`;
    expect(opens(changed, STRIPE), `character ${index}`).not.toBe('yes');
  }
  expect(opens(sealed.slice(0, -4), STRIPE)).toBe('no');
  expect(opens('sk_live_1', STRIPE)).toBe('no');
});

test.each(['base64', 'base64url', 'hex'] as const)('a key may be in %s', (encoding) => {
  const bytes = randomBytes(32);
  const sealed = createEncryption({ key: bytes.toString('base64') }).encrypt('secret', STRIPE);
  expect(createEncryption({ key: ` ${bytes.toString(encoding)}\n` }).decrypt(sealed, STRIPE)).toBe('secret');
});

test.each(['short', 'x'.repeat(32), newKey().slice(0, 40), newKey('hex').slice(1), `${newKey()}${newKey()}`])(
  'what is no key is refused, and not told: %j',
  (key) => {
    const message = (make: () => unknown) => {
      try {
        make();
      } catch (error) {
        return (error as Error).message;
      }
      throw new Error('It was taken.');
    };
    const told = message(() => createEncryption({ key }));
    expect(told).toBe(
      'SKEIN_ENCRYPTION_KEY must be 32 bytes in base64 or hex, and is not. Make one with: openssl rand -base64 32',
    );
    expect(message(() => createEncryption({ key: newKey(), previous: [key] }))).toContain('_PREVIOUS must be 32 bytes');
  },
);

test('keys of before still open, and what they encrypted needs rotation', () => {
  const [old, now] = [newKey(), newKey()];
  const sealed = createEncryption({ key: old }).encrypt('secret', STRIPE);
  const both = createEncryption({ key: now, previous: [old] });
  expect(both.decrypt(sealed, STRIPE)).toBe('secret');
  expect(both.needsRotation(sealed)).toBe(true);
  expect(both.needsRotation(both.encrypt('secret', STRIPE))).toBe(false);
  const without = createEncryption({ key: now });
  expect(without.opens(sealed, STRIPE)).toBe('unknown key');
  expect(() => without.decrypt(sealed, STRIPE)).toThrow(/which is not there. Add it to SKEIN_ENCRYPTION_KEY_PREVIOUS/);
});

test('with no key nothing is encrypted, and the mistake says how to make one', () => {
  const encryption = createEncryption({ key: '' });
  const attempt = () => encryption.encrypt('sk_live_1', STRIPE);
  expect(attempt).toThrow(UserErrors);
  expect(attempt).toThrow(/openssl rand -base64 32/);
  expect(attempt).not.toThrow(/sk_live_1/);
});

describe('the key file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'skein-key-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('is made once it is needed, for its owner alone, and kept', () => {
    const keyFile = join(folder, 'data', 'encryption.key');
    const encryption = createEncryption({ keyFile });
    expect(encryption.opens('v1:AAAAAAAA:AAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAA', STRIPE)).toBe('unknown key');
    expect(readdirSync(folder)).toEqual([]);
    const sealed = encryption.encrypt('secret', STRIPE);
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'data'))).toEqual(['encryption.key']);
    expect(createEncryption({ keyFile }).decrypt(sealed, STRIPE)).toBe('secret');
    const text = readFileSync(keyFile, 'utf8');
    createEncryption({ keyFile }).encrypt('secret', STRIPE);
    expect(readFileSync(keyFile, 'utf8')).toBe(text);
  });

  test('still opens what it encrypted when there is a key', () => {
    const keyFile = join(folder, 'encryption.key');
    const sealed = createEncryption({ keyFile }).encrypt('secret', STRIPE);
    const encryption = createEncryption({ key: newKey(), keyFile });
    expect(encryption.decrypt(sealed, STRIPE)).toBe('secret');
    expect(encryption.needsRotation(sealed)).toBe(true);
  });

  test('with something else in it is refused and left as it is', () => {
    const keyFile = join(folder, 'encryption.key');
    writeFileSync(keyFile, 'something else');
    expect(() => createEncryption({ keyFile }).encrypt('secret', STRIPE)).toThrow(/must be 32 bytes/);
    expect(readFileSync(keyFile, 'utf8')).toBe('something else');
  });
});
