import type { OpenapiOptions } from './options.ts';

type Credential = OpenapiOptions['security'][string];

/** What is sent of a credential, after the prefix of its scheme. */
export function credentialText(credential: Credential): string {
  if (typeof credential === 'string') return credential;
  return Buffer.from(`${credential.username}:${credential.password}`).toString('base64');
}

const SECRET_HEADER = /authorization|cookie|key|token|secret|password|credential|session/i;
/** What is shorter stands in too many words to be taken out of them. */
const MIN_SECRET_LENGTH = 6;

/** Takes the secrets of a source's configuration out of texts: services repeat requests in their errors. */
export function createRedactor({ headers, security }: OpenapiOptions): (text: string) => string {
  const secrets = new Set<string>();
  const add = (secret: string) => {
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) {
      if (form.length >= MIN_SECRET_LENGTH) secrets.add(form);
    }
  };
  for (const [name, value] of Object.entries(headers)) {
    if (!SECRET_HEADER.test(name)) continue;
    add(value);
    add(value.replace(/^[\w-]+ +/, ''));
  }
  for (const credential of Object.values(security)) {
    add(credentialText(credential));
    if (typeof credential !== 'string') add(credential.password);
  }
  // A secret may be part of another one.
  const longestFirst = [...secrets].sort((one, other) => other.length - one.length);
  return (text) => longestFirst.reduce((redacted, secret) => redacted.replaceAll(secret, '***'), text);
}
