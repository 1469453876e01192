/** A value cannot be written; `path` leads from the argument to it. It is told to the client. */
export class InputError extends Error {
  override readonly name = 'InputError';
  readonly path: (string | number)[] = [];
}

// Control characters and halves of pairs are no characters of XML 1.0, escaped or not (section 2.2).
const ILLEGAL = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const IN_TEXT = /[&<>\r]/g;
const IN_ATTRIBUTE = /[&<>"\t\n\r]/g;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

const escaped = (character: string): string => ESCAPES[character] ?? character;

/** @throws InputError for characters that XML cannot carry */
export function escapeText(text: string): string {
  refuseIllegal(text);
  return text.replace(IN_TEXT, escaped);
}

/** For values between double quotes. @throws InputError */
export function escapeAttribute(text: string): string {
  refuseIllegal(text);
  return text.replace(IN_ATTRIBUTE, escaped);
}

function refuseIllegal(text: string): void {
  const found = ILLEGAL.exec(text);
  if (found === null) return;
  const code = found[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  throw new InputError(`has a character that XML cannot carry: U+${code}`);
}

const NAME = /^[\p{L}_][\p{L}\p{N}\p{M}_.\u00b7-]*$/u;

/** Whether it can be the name of an element or attribute, without a prefix. */
export function isXmlName(name: string): boolean {
  return NAME.test(name);
}
