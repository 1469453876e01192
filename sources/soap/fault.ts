import { toJson } from './json-xml.ts';
import { ENVELOPE_11, ENVELOPE_12 } from './namespaces.ts';
import type { XmlElement } from './xml.ts';

/** A fault: SOAP 1.1, section 4.4; SOAP 1.2 part 1, section 5.4. */
export interface SoapFault {
  /** Local name, e.g. `Client`. */
  readonly code: string;
  /** Whose mistake it is; undefined where the code does not tell. */
  readonly blames: 'sender' | 'receiver' | undefined;
  readonly message: string;
  /** What the service says beyond, as JSON, or cut as text where it is large; undefined for nothing. */
  detail(redact: (text: string) => string): unknown;
}

const SENDER: ReadonlySet<string> = new Set([
  'client',
  'sender',
  'mustunderstand',
  'versionmismatch',
  'dataencodingunknown',
]);
const RECEIVER: ReadonlySet<string> = new Set(['server', 'receiver']);
const MAX_DETAIL_CHARACTERS = 16_384;

export function readFault(body: XmlElement): SoapFault | undefined {
  const fault = body.children.find(
    ({ local, namespace }) => local === 'Fault' && (namespace === ENVELOPE_11 || namespace === ENVELOPE_12),
  );
  if (fault === undefined) return undefined;
  const member = (...names: string[]) => fault.children.find((child) => names.includes(child.local));
  const code = codeOf(member('faultcode') ?? within(member('Code'), 'Value'));
  const kind = code.split('.', 1)[0]?.toLowerCase() ?? '';
  const message = (member('faultstring') ?? within(member('Reason'), 'Text'))?.text.trim();
  const detail = member('detail', 'Detail');
  return {
    code,
    blames: SENDER.has(kind) ? 'sender' : RECEIVER.has(kind) ? 'receiver' : undefined,
    message: message === undefined || message === '' ? code : message,
    detail: (redact) => (detail === undefined ? undefined : shown(detail, redact)),
  };
}

function codeOf(node: XmlElement | undefined): string {
  return node?.text.trim().split(':').at(-1) ?? '';
}

function within(node: XmlElement | undefined, local: string): XmlElement | undefined {
  return node?.children.find((child) => child.local === local);
}

function shown(detail: XmlElement, redact: (text: string) => string): unknown {
  const text = redact(JSON.stringify(toJson(detail)));
  return text.length > MAX_DETAIL_CHARACTERS
    ? Buffer.from(text.slice(0, MAX_DETAIL_CHARACTERS)).toString()
    : parse(text);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
