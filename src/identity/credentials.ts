import type { IncomingMessage } from 'node:http';
import { SkeinError } from '../../kernel/errors.ts';

/** What a request shows of who sends it. */
export interface Credentials {
  readonly authorization?: string | undefined;
  /** `x-api-key`, as clients of Anthropic send it. An Authorization wins. */
  readonly apiKey?: string | undefined;
  readonly origin?: string | undefined;
  /** Of the peer of the socket, which may be a proxy. */
  readonly address?: string | undefined;
  /** `X-Forwarded-For`: believed of trusted proxies alone. */
  readonly forwardedFor?: string | undefined;
}

/** What is told of every key and token that there is not, whatever is wrong with it. */
export const NOT_VALID = 'The API key is not valid.';
const MAX_LENGTH = 16_384;

export function credentialsOf(request: IncomingMessage): Credentials {
  return new RequestCredentials(request);
}

/** The same, with an Authorization that did not come as a header: then that alone counts. */
export function withAuthorization(credentials: Credentials, authorization: string): Credentials {
  const { origin, address, forwardedFor } = credentials;
  return { authorization, origin, address, forwardedFor };
}

/** Most requests are never asked for more than their Authorization. */
class RequestCredentials implements Credentials {
  readonly #request: IncomingMessage;

  constructor(request: IncomingMessage) {
    this.#request = request;
  }

  get authorization(): string | undefined {
    return this.#request.headers.authorization;
  }

  get apiKey(): string | undefined {
    const header = this.#request.headers['x-api-key'];
    return typeof header === 'string' ? header : undefined;
  }

  get origin(): string | undefined {
    return this.#request.headers.origin;
  }

  get address(): string | undefined {
    return this.#request.socket.remoteAddress;
  }

  get forwardedFor(): string | undefined {
    const header = this.#request.headers['x-forwarded-for'];
    return typeof header === 'string' ? header : header?.join(',');
  }
}

/** What is told where there is none, and where there is something else. */
const KEY_WORDS = { missing: 'An API key is required: send it as "Authorization: Bearer <key>".', notValid: NOT_VALID };

/**
 * The key or the token.
 * @throws SkeinError UNAUTHENTICATED, in these words, without one, or with another scheme than Bearer (RFC 6750)
 */
export function secretOf({ authorization, apiKey }: Credentials, words = KEY_WORDS): string {
  const isMissing = authorization === undefined || authorization === '';
  if (isMissing && (apiKey === undefined || apiKey === '')) {
    throw new SkeinError('UNAUTHENTICATED', words.missing);
  }
  const secret = isMissing ? /^\S+$/.exec(apiKey ?? '')?.[0] : /^bearer +(\S+)$/i.exec(authorization)?.[1];
  if (secret === undefined || secret.length > MAX_LENGTH) {
    throw new SkeinError('UNAUTHENTICATED', words.notValid);
  }
  return secret;
}
