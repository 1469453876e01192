import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { userError } from '../errors.ts';
import { type EncryptionKey, MAKE_KEY, makeKeyFile, readEncryptionKey, readKeyFile } from './encryption-keys.ts';

/**
 * Whose secret it is: a ciphertext that is moved to another record does not open there. It is the tenant's name, not its
 * id, so that a ciphertext in git opens in every store that has the tenant.
 */
export interface SecretContext {
  readonly tenantName: string;
  readonly secretName: string;
}

export interface EncryptionOptions {
  /** SKEIN_ENCRYPTION_KEY: 32 bytes in base64, base64url or hex. It encrypts. */
  readonly key?: string | undefined;
  /** Keys that only decrypt. */
  readonly previous?: readonly string[] | undefined;
  /** Path of a file whose key encrypts where no key is given; made when it is first needed. Undefined: there is none. */
  readonly keyFile?: string | undefined;
}

/** Whether a text opens for a record. */
export type Openable = 'yes' | 'unknown key' | 'no';

export interface Encryption {
  /** @throws UserErrors INVALID where there is no key */
  encrypt(text: string, context: SecretContext): string;
  /** @throws Error for what cannot be opened; without the text, encrypted or not */
  decrypt(text: string, context: SecretContext): string;
  opens(text: string, context: SecretContext): Openable;
  /** Whether the present key is another one than it was encrypted with. */
  needsRotation(text: string): boolean;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const FORM = /^v1:([A-Za-z0-9_-]{8}):([A-Za-z0-9_-]{16}):([A-Za-z0-9_-]{22,})$/;

/** Whether it has the form `v1:<key id>:<nonce>:<ciphertext and tag>`, in base64url. */
export function isEncrypted(text: string): boolean {
  return FORM.test(text);
}

/**
 * AES-256-GCM (NIST SP 800-38D) with random nonces of 96 bits. The key id, and whose secret it is, are authenticated.
 *
 * @throws Error for a key that is none
 */
export function createEncryption({ key, previous = [], keyFile }: EncryptionOptions): Encryption {
  const given = key === undefined || key === '' ? undefined : readEncryptionKey(key, 'SKEIN_ENCRYPTION_KEY');
  const known = new Map<string, EncryptionKey>();
  for (const text of previous) {
    const one = readEncryptionKey(text, 'Each key of SKEIN_ENCRYPTION_KEY_PREVIOUS');
    known.set(one.id, one);
  }
  if (given !== undefined) known.set(given.id, given);
  let ofFile: EncryptionKey | undefined;
  const fromFile = (make: boolean): EncryptionKey | undefined => {
    if (keyFile === undefined) return undefined;
    ofFile ??= make ? makeKeyFile(keyFile) : readKeyFile(keyFile);
    return ofFile;
  };
  const present = (): EncryptionKey => {
    const found = given ?? fromFile(true);
    if (found !== undefined) return found;
    const way = `Make a key with "${MAKE_KEY}", start every instance with it as SKEIN_ENCRYPTION_KEY, and keep it safe: without it the secrets are lost. Or name an environment variable or a file instead.`;
    throw userError('INVALID', ['value'], `The gateway has no key to encrypt secrets with. ${way}`);
  };
  /** One that went from the key file to a key of its own still opens what the file encrypted. */
  const find = (id: string): EncryptionKey | undefined => {
    const found = known.get(id);
    if (found !== undefined) return found;
    const kept = fromFile(false);
    return kept?.id === id ? kept : undefined;
  };

  const encryption: Encryption = {
    encrypt(text, context) {
      const { id, bytes } = present();
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', bytes, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(associated(id, context));
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `v1:${id}:${nonce.toString('base64url')}:${sealed.toString('base64url')}`;
    },
    decrypt(text, context) {
      const { tenantName, secretName } = context;
      const what = `The secret "${secretName}" of the tenant "${tenantName}"`;
      const [, id, nonce, content] = FORM.exec(text) ?? [];
      if (id === undefined || nonce === undefined || content === undefined)
        throw new Error(`${what} is not encrypted in a way that is known.`);
      const key = find(id);
      if (key === undefined)
        throw new Error(
          `${what} is encrypted with the key ${id}, which is not there. Add it to SKEIN_ENCRYPTION_KEY_PREVIOUS.`,
        );
      const sealed = Buffer.from(content, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', key.bytes, Buffer.from(nonce, 'base64url'), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(associated(id, context));
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      try {
        return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8');
      } catch {
        throw new Error(`${what} cannot be decrypted: it was changed, or is of another tenant or name. Give it again.`);
      }
    },
    opens(text, context) {
      const [, id] = FORM.exec(text) ?? [];
      if (id !== undefined && find(id) === undefined) return 'unknown key';
      try {
        encryption.decrypt(text, context);
        return 'yes';
      } catch {
        return 'no';
      }
    },
    needsRotation(text) {
      return FORM.exec(text)?.[1] !== present().id;
    },
  };
  return encryption;
}

function associated(keyId: string, { tenantName, secretName }: SecretContext): Buffer {
  return Buffer.from(JSON.stringify(['skein secret', 'v1', keyId, tenantName, secretName]));
}
