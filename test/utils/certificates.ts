import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';

/** In PEM. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly certificate: string;
}

export interface CertificateOptions {
  /** A host name or an IPv4 address. */
  readonly name: string;
  /** Milliseconds since 1970, rounded down to seconds. Default: an hour ago, and in an hour. */
  readonly from?: number;
  readonly to?: number;
}

export interface Authority {
  readonly certificate: string;
  issue(options: CertificateOptions): KeyAndCertificate;
}

const HOUR_MS = 3_600_000;

/** An authority that issues X.509 certificates (RFC 5280), for as long as a test wants them to hold. */
export function createAuthority(name = 'Test authority'): Authority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = { name, key: own.privateKey };
  const isAuthority = extension('551d13', true, sequence(der(0x01, Buffer.from([0xff]))));
  return {
    certificate: write({ name }, own.publicKey, issuer, isAuthority),
    issue(options) {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const { name: host } = options;
      const alternative = isIP(host) === 4 ? der(0x87, Buffer.from(host.split('.').map(Number))) : text(0x82, host);
      const certificate = write(options, publicKey, issuer, extension('551d11', false, sequence(alternative)));
      return { certificate, key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })) };
    },
  };
}

function write(
  { name, from = Date.now() - HOUR_MS, to = Date.now() + HOUR_MS }: CertificateOptions,
  publicKey: KeyObject,
  issuer: { readonly name: string; readonly key: KeyObject },
  ...extensions: Buffer[]
): string {
  const withSha256 = sequence(der(0x06, Buffer.from('2a8648ce3d040302', 'hex')));
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(15)]);
  const content = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    withSha256,
    commonName(issuer.name),
    sequence(time(from), time(to)),
    commonName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = der(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', content, issuer.key)]));
  const base64 = sequence(content, withSha256, signature)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
}

/** Tag, length and value (X.690). */
function der(tag: number, value: Buffer): Buffer {
  const { length } = value;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), value]);
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function text(tag: number, value: string): Buffer {
  return der(tag, Buffer.from(value));
}

function commonName(name: string): Buffer {
  const attribute = sequence(der(0x06, Buffer.from('550403', 'hex')), text(0x0c, name));
  return sequence(der(0x31, attribute));
}

function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replace(/\D/g, '').slice(2, 14);
  return text(0x17, `${digits}Z`);
}

function extension(id: string, isCritical: boolean, value: Buffer): Buffer {
  const critical = isCritical ? [der(0x01, Buffer.from([0xff]))] : [];
  return sequence(der(0x06, Buffer.from(id, 'hex')), ...critical, der(0x04, value));
}
