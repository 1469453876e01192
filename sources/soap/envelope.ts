import type { Arguments } from '../source.ts';
import type { Encoders, XmlOutput } from './encode.ts';
import { ENVELOPE_11, ENVELOPE_12, PASSWORD_TEXT, SECURITY } from './namespaces.ts';
import type { OperationPlan, SoapVersion } from './plan.ts';
import { escapeText } from './xml-text.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Compiles what writes the envelope of an operation. It throws InputError. */
export function createEnvelopeWriter(
  { input, headers }: OperationPlan,
  version: SoapVersion,
  security: string,
  encoders: Encoders,
): (args: Arguments) => string {
  const namespace = version === '1.2' ? ENVELOPE_12 : ENVELOPE_11;
  const writeBody = encoders.body(input);
  const writeHeaders = headers.map((field) => encoders.header(field));
  return (args) => {
    const header: XmlOutput = { text: security, namespaces: new Set() };
    for (const write of writeHeaders) write(args, header);
    const body: XmlOutput = { text: '', namespaces: header.namespaces };
    writeBody(args, body);
    const declared = encoders.declare(body.namespaces);
    const head = header.text === '' ? '' : `<soap:Header>${header.text}</soap:Header>`;
    return `<?xml version="1.0" encoding="utf-8"?>\n<soap:Envelope xmlns:soap="${namespace}"${declared}>${head}<soap:Body>${body.text}</soap:Body></soap:Envelope>`;
  };
}

/** The user name token of WS-Security 1.0, with the password as it is. @throws InputError */
export function usernameToken({ username, password }: Credentials, version: SoapVersion): string {
  const mustUnderstand = version === '1.2' ? 'true' : '1';
  return `<wsse:Security xmlns:wsse="${SECURITY}" soap:mustUnderstand="${mustUnderstand}"><wsse:UsernameToken><wsse:Username>${escapeText(username)}</wsse:Username><wsse:Password Type="${PASSWORD_TEXT}">${escapeText(password)}</wsse:Password></wsse:UsernameToken></wsse:Security>`;
}

/** Headers of a request: SOAP 1.1, section 6.1; SOAP 1.2 part 2, section 7.5 and RFC 3902. */
export function requestHeaders(action: string, version: SoapVersion): Record<string, string> {
  // What comes out of a document must not end the value, or the line.
  const quoted = wellFormed(action).replace(/[^\x20-\x7e]|["\\]/gu, encodeURIComponent);
  if (version === '1.1') return { 'content-type': 'text/xml; charset=utf-8', soapaction: `"${quoted}"` };
  const parameter = quoted === '' ? '' : `; action="${quoted}"`;
  return { 'content-type': `application/soap+xml; charset=utf-8${parameter}` };
}

function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}
