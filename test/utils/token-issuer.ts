import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

export interface TokenIssuer {
  /** Its address, which its tokens name. */
  readonly url: string;
  /** How often its keys were asked for. */
  readonly asked: () => number;
  /** Signs with a new key from now on, which is published with the others. */
  rotate(kid: string, options?: { alg?: string; publish?: boolean; withdraw?: boolean }): Promise<void>;
  /** A token that lasts five minutes from `now`, with these claims over the usual ones; null takes one out. */
  sign(claims?: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>): Promise<string>;
  /** The public key that it signs with. */
  publicKey(): JWK;
  /** From now on it answers so instead; undefined: as it should. */
  answerWith(answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined): void;
  /** What its discovery document says, over what it should. */
  discovery: Record<string, unknown>;
  close(): Promise<void>;
}

/** An OpenID provider as far as tokens are concerned: it publishes keys, and signs with one of them. */
export async function startTokenIssuer(now: () => number = Date.now): Promise<TokenIssuer> {
  let published: JWK[] = [];
  let current: { privateKey: CryptoKey; jwk: JWK; alg: string } | undefined;
  let answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  let asked = 0;
  const server = createServer((request, response) => {
    if (request.url !== '/.well-known/openid-configuration') asked += 1;
    if (answer !== undefined) return answer(request, response);
    const body =
      request.url === '/.well-known/openid-configuration'
        ? { issuer: url, jwks_uri: `${url}/keys`, ...issuer.discovery }
        : { keys: published };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const signer = () => {
    if (current === undefined) throw new Error('It has no key.');
    return current;
  };
  const issuer: TokenIssuer = {
    url,
    asked: () => asked,
    discovery: {},
    async rotate(kid, { alg = 'ES256', publish = true, withdraw = false } = {}) {
      const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
      const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' };
      current = { privateKey, jwk, alg };
      published = [...(withdraw ? [] : published), ...(publish ? [jwk] : [])];
    },
    async sign(claims = {}, header = {}) {
      const { privateKey, jwk, alg } = signer();
      const iat = Math.floor(now() / 1_000);
      const all = { iss: url, aud: 'skein', sub: 'ada', iat, exp: iat + 300, ...claims };
      const payload = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null)) as JWTPayload;
      const protectedHeader = { alg, kid: jwk.kid, ...header } as { alg: string };
      return new SignJWT(payload).setProtectedHeader(protectedHeader).sign(privateKey);
    },
    publicKey: () => signer().jwk,
    answerWith(next) {
      answer = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  await issuer.rotate('first');
  return issuer;
}
