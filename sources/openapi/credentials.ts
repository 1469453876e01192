import { createRedactor, type Redact } from '../upstream/redactor.ts';
import type { OpenapiOptions } from './options.ts';

type Credential = OpenapiOptions['security'][string];

/** What is sent of a credential, after the prefix of its scheme. */
export function credentialText(credential: Credential): string {
  if (typeof credential === 'string') return credential;
  return Buffer.from(`${credential.username}:${credential.password}`).toString('base64');
}

/** Takes the secrets of a source's configuration out of texts. */
export function createSourceRedactor({ endpoint, headers, security }: OpenapiOptions): Redact {
  const texts = Object.values(security).flatMap((credential) =>
    typeof credential === 'string' ? [credential] : [credentialText(credential), credential.password],
  );
  return createRedactor({ endpoint, headers, texts });
}
