import type { Problem } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import type { OpenapiDocument } from './document.ts';
import { isJsonObject, member, textMember, UnusableError } from './json-object.ts';
import type { Operation } from './operations.ts';
import type { OpenapiOptions } from './options.ts';
import { clientHeaders } from './usable-headers.ts';

/** Where the credential of a security scheme goes: plain data, without the credential. */
export interface CredentialPlace {
  /** Name of the scheme, in the document and in `security` of the options. */
  readonly scheme: string;
  readonly place: 'header' | 'query' | 'cookie';
  /** Headers in lower case. */
  readonly name: string;
  /** Stands before it, e.g. `Bearer `. */
  readonly prefix: string;
}

export interface SecurityReader {
  /** The credentials that an operation is sent. What it needs and nobody has is remembered for `notices`. */
  of(operation: Operation): readonly CredentialPlace[];
  /** An operation has a parameter for credentials that no client gives. */
  countParameter(): void;
  /** To be called when all operations were asked for. */
  notices(): string[];
}

interface Scheme {
  readonly place: CredentialPlace;
  readonly form: 'text' | 'password';
}

const SCHEME_TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
/** Schemes that answer a challenge: a fixed text is not enough for them. */
const CHALLENGED = /^(?:digest|negotiate|hoba|mutual|scram-.*|vapid|dpop)$/i;

/** `report` hears of credentials that fit no scheme of the document. */
export function createSecurityReader(
  document: OpenapiDocument,
  options: OpenapiOptions,
  report: (problem: Problem) => void,
): SecurityReader {
  const declared = member(member(document.root, 'components'), 'securitySchemes');
  const schemes = new Map<string, Scheme | UnusableError>();
  for (const name of isJsonObject(declared) ? Object.keys(declared) : []) {
    schemes.set(
      name,
      attempt(() => readScheme(name, document.resolve(member(declared, name)).value)),
    );
  }
  for (const [name, credential] of Object.entries(options.security)) {
    const problem = credentialProblem(name, credential, schemes);
    if (problem !== undefined) report({ path: ['security', name], ...problem });
  }
  const headers = clientHeaders(options);
  const used = new Set<string>();
  const missing = new Map<string, number>();
  let parameters = 0;

  const isSent = (name: string) => Object.hasOwn(options.security, name) && isUsable(schemes.get(name));
  /** By a header of the configuration, or one that the client's go on as. */
  const isThereAnyway = (name: string): boolean => {
    const scheme = schemes.get(name);
    if (!isUsable(scheme)) return false;
    const { place, name: key } = scheme.place;
    if (place === 'header') return headers.has(key) || (key === 'authorization' && hasUserInfo(options.endpoint));
    return place === 'cookie' && headers.has('cookie');
  };

  return {
    of({ node }) {
      const alternatives = alternativesOf(member(node, 'security') ?? member(document.root, 'security'));
      const complete = alternatives.filter((names) => names.every((name) => isSent(name) || isThereAnyway(name)));
      const chosen = complete.find((names) => names.length > 0) ?? complete[0];
      if (chosen === undefined) {
        for (const name of alternatives[0] ?? []) {
          if (!isSent(name) && !isThereAnyway(name)) missing.set(name, (missing.get(name) ?? 0) + 1);
        }
        return [];
      }
      return chosen.flatMap((name) => {
        const scheme = schemes.get(name);
        if (!isSent(name) || !isUsable(scheme)) return [];
        used.add(name);
        return [scheme.place];
      });
    },
    countParameter() {
      parameters += 1;
    },
    notices() {
      const unsent = [...missing].map(([name, count]) => missingNotice(name, count, schemes.get(name)));
      const idle = Object.keys(options.security).filter((name) => isSent(name) && !used.has(name));
      return [
        ...unsent,
        ...(parameters === 0 ? [] : [parameterNotice(parameters)]),
        ...idle.map(
          (name) =>
            `No operation asks for the security scheme "${name}", so its credential is never sent: use "headers" to send it always.`,
        ),
      ];
    },
  };
}

function isUsable(scheme: Scheme | UnusableError | undefined): scheme is Scheme {
  return scheme !== undefined && !(scheme instanceof UnusableError);
}

/** One list of scheme names for each alternative; without any requirement, one that needs nothing. */
function alternativesOf(security: unknown): string[][] {
  if (!Array.isArray(security) || security.length === 0) return [[]];
  return security.map((names) => (isJsonObject(names) ? Object.keys(names) : []));
}

function readScheme(scheme: string, raw: unknown): Scheme {
  const type = textMember(raw, 'type');
  const authorization = (prefix: string, form: Scheme['form'] = 'text'): Scheme => ({
    place: { scheme, place: 'header', name: 'authorization', prefix },
    form,
  });
  switch (type) {
    case 'apiKey':
      return { place: keyPlace(scheme, raw), form: 'text' };
    case 'oauth2':
    case 'openIdConnect':
      return authorization('Bearer ');
    case 'basic':
      return authorization('Basic ', 'password');
    case 'http': {
      const name = textMember(raw, 'scheme') ?? '';
      if (/^basic$/i.test(name)) return authorization('Basic ', 'password');
      if (/^bearer$/i.test(name)) return authorization('Bearer ');
      if (!SCHEME_TOKEN.test(name) || CHALLENGED.test(name)) {
        throw new UnusableError(`the HTTP scheme "${name.slice(0, 50)}" is not supported`);
      }
      return authorization(`${name} `);
    }
    default:
      throw new UnusableError(`the type "${String(type).slice(0, 50)}" is not supported`);
  }
}

function keyPlace(scheme: string, raw: unknown): CredentialPlace {
  const [place, name] = [textMember(raw, 'in'), textMember(raw, 'name')];
  if (name === undefined || (place !== 'header' && place !== 'query' && place !== 'cookie')) {
    throw new UnusableError('it does not say where its key goes');
  }
  if (place !== 'header') return { scheme, place, name, prefix: '' };
  const header = name.toLowerCase();
  if (!SCHEME_TOKEN.test(header) || RESERVED.test(header)) {
    throw new UnusableError(`a key cannot be sent in the header "${header.slice(0, 50)}"`);
  }
  return { scheme, place, name: header, prefix: '' };
}

/** Headers of the connection and of the message itself. */
const RESERVED =
  /^(?:connection|content-.*|expect|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|host|accept|accept-encoding|cookie)$/;

function credentialProblem(
  name: string,
  credential: OpenapiOptions['security'][string],
  schemes: ReadonlyMap<string, Scheme | UnusableError>,
): Problem | undefined {
  const scheme = schemes.get(name);
  if (scheme === undefined) {
    const guess = didYouMean(name, schemes.keys()).trim();
    const listed = [...schemes.keys()].slice(0, 10).join(', ');
    const suggestion = guess || (listed === '' ? 'Use "headers" instead.' : `The document has ${listed}.`);
    return { message: `The document has no security scheme "${name}".`, suggestion };
  }
  if (scheme instanceof UnusableError) {
    return { message: `The security scheme "${name}" cannot be used, because ${scheme.message}.` };
  }
  if (scheme.form === 'password' && typeof credential === 'string') {
    return {
      message: `The security scheme "${name}" is HTTP basic: it needs a username and a password.`,
      suggestion: 'Give them as `{ username: …, password: … }`.',
    };
  }
  if (scheme.form === 'text' && typeof credential !== 'string') {
    return { message: `The security scheme "${name}" needs a key or token as text, not a username and password.` };
  }
  if (typeof credential === 'string' && !/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(credential)) {
    return {
      message: `The credential of the security scheme "${name}" is empty or has characters that cannot be sent.`,
      suggestion: 'Look for line breaks and spaces at its ends.',
    };
  }
  return undefined;
}

function missingNotice(name: string, count: number, scheme: Scheme | UnusableError | undefined): string {
  const operations = count === 1 ? 'One operation asks' : `${count} operations ask`;
  const start = `${operations} for the security scheme "${name}"`;
  if (scheme === undefined) return `${start}, which the document does not declare.`;
  if (scheme instanceof UnusableError) return `${start}, which cannot be used, because ${scheme.message}.`;
  const { place, name: key } = scheme.place;
  const forwarded = key.toLowerCase() === 'authorization' ? `"forwardHeaders" as ${FORWARDED}` : '"forwardHeaders"';
  const others = place === 'query' ? '' : `, or its ${place} "${key}" in "headers" or ${forwarded}`;
  return `${start}, for which there is no credential: put one into "security"${others.replace(`cookie "${key}"`, 'cookie')}.`;
}

/** The client's own header "authorization" is for the gateway, and never goes on. */
const FORWARDED = '{ name: x-service-authorization, as: authorization }';

function parameterNotice(count: number): string {
  const operations = count === 1 ? 'One operation has' : `${count} operations have`;
  return `${operations} a parameter for the header "authorization", which is left out: what is sent in it comes from "security", "headers" or "forwardHeaders" with ${FORWARDED}.`;
}

function hasUserInfo(endpoint: string): boolean {
  return URL.canParse(endpoint) && new URL(endpoint).username !== '';
}

function attempt(read: () => Scheme): Scheme | UnusableError {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnusableError) return error;
    throw error;
  }
}
