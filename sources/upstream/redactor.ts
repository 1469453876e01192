import { isRandom, isSecretName, isSecretParameter, isSecretSegment } from '../../kernel/secret-shapes.ts';

/** Takes secrets out of texts. */
export type Redact = (text: string) => string;

export interface Secrets {
  /** Its user info is secret, and what looks like a key in its path, or is called like one behind it. */
  readonly endpoint?: string | undefined;
  /** Those whose names say that they hold a secret, or whose values look like one. */
  readonly headers: Readonly<Record<string, string>>;
  /** More values, with text below names that say so at any depth; as `connectionParams` has them. */
  readonly params?: unknown;
  /** What is secret as it is. */
  readonly texts?: readonly string[];
}

const SECRET_WORD = /authorization|cookie|key|token|secret|password|credential|session/i;
/** What is shorter stands in too many words to be taken out of them. */
const MIN_SECRET_LENGTH = 6;

/** Takes the secrets of a source's configuration out of texts: services repeat requests in their errors. */
export function createRedactor({ endpoint = '', headers, params, texts = [] }: Secrets): Redact {
  const secrets = new Set<string>();
  const add = (secret: string) => {
    for (const form of [
      secret,
      encodeURIComponent(Buffer.from(secret).toString()),
      JSON.stringify(secret).slice(1, -1),
    ]) {
      if (form.length >= MIN_SECRET_LENGTH) secrets.add(form);
    }
  };
  const addWithScheme = (value: string) => {
    add(value);
    add(value.replace(/^[\w-]+ +/, ''));
  };
  for (const [name, value] of Object.entries(headers))
    if (isSecret(name) || isSecretSegment(value)) addWithScheme(value);
  for (const value of secretTexts(params, false)) addWithScheme(value);
  for (const text of texts) add(text);
  for (const text of secretsOfAddress(endpoint)) add(text);
  // A secret may be part of another one.
  const longestFirst = [...secrets].sort((one, other) => other.length - one.length);
  return (text) => longestFirst.reduce((redacted, secret) => redacted.replaceAll(secret, '***'), text);
}

function isSecret(name: string): boolean {
  return SECRET_WORD.test(name) || isSecretName(name);
}

function secretTexts(value: unknown, isBelow: boolean): readonly string[] {
  if (typeof value === 'string') return isBelow ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, own]) => secretTexts(own, isBelow || isSecret(name)));
}

function secretsOfAddress(endpoint: string): readonly string[] {
  if (!URL.canParse(endpoint)) return [];
  const url = new URL(endpoint);
  const parameters = [...url.searchParams, ...new URLSearchParams(url.hash.slice(1))];
  return [
    ...userInfo(url),
    ...url.pathname.split('/').filter(isSecretSegment),
    ...parameters.flatMap(([name, value]) => (isSecretParameter(name) || isRandom(value) ? [value] : [])),
  ];
}

/** The password, and what is sent for both. */
function userInfo(url: URL): readonly string[] {
  if (url.username === '' && url.password === '') return [];
  const [username, password] = [decodeUserInfo(url.username), decodeUserInfo(url.password)];
  // A key alone often stands as the name.
  const own = password === '' ? username : password;
  return [own, Buffer.from(`${username}:${password}`).toString('base64')];
}

/** Percent signs that encode nothing stand for themselves. */
export function decodeUserInfo(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
