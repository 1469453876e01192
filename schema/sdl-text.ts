/**
 * Where things stand in the text of an SDL, found without reading them: a graph has thousands of types, of which few are
 * looked at. The text is one that a parser takes; of another one no more is said than that a parser has to look.
 */

/** `type`, `interface`, `input` and `enum` without directives: most of what a graph defines. */
export interface DefinitionHead {
  readonly keyword: 'type' | 'interface' | 'input' | 'enum';
  readonly name: string;
  readonly interfaces: readonly string[];
  /** Of the opening brace. */
  readonly bodyStart: number;
}

export interface FieldPlace {
  readonly name: string;
  /** With its description. */
  readonly start: number;
  readonly end: number;
}

const QUOTE = 0x22;
const HASH = 0x23;
const AMPERSAND = 0x26;
const PAREN_L = 0x28;
const PAREN_R = 0x29;
const COMMA = 0x2c;
const COLON = 0x3a;
const AT = 0x40;
const BRACKET_L = 0x5b;
const BACKSLASH = 0x5c;
const BRACE_L = 0x7b;
const BRACE_R = 0x7d;
const BYTE_ORDER_MARK = 0xfeff;

/** The next character that is neither white space, a comma, nor part of a comment. */
export function skipIgnored(text: string, start: number): number {
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === HASH) at = endOfLine(text, at);
    else if (code > 0x20 && code !== COMMA && code !== BYTE_ORDER_MARK) return at;
  }
  return text.length;
}

/** The head of a definition that begins at `start`; undefined where a parser has to look. */
export function readHead(text: string, start: number): DefinitionHead | undefined {
  let at = start;
  if (text.charCodeAt(at) === QUOTE) at = skipIgnored(text, endOfString(text, at));
  const keyword = nameAt(text, at);
  if (!isKeyword(keyword)) return undefined;
  at = skipIgnored(text, at + keyword.length);
  const name = nameAt(text, at);
  if (name === '') return undefined;
  at = skipIgnored(text, at + name.length);
  const interfaces: string[] = [];
  if ((keyword === 'type' || keyword === 'interface') && nameAt(text, at) === 'implements') {
    at = skipIgnored(text, at + 'implements'.length);
    for (;;) {
      if (text.charCodeAt(at) === AMPERSAND) at = skipIgnored(text, at + 1);
      const implemented = nameAt(text, at);
      if (implemented === '') break;
      interfaces.push(implemented);
      at = skipIgnored(text, at + implemented.length);
    }
  }
  return text.charCodeAt(at) === BRACE_L ? { keyword, name, interfaces, bodyStart: at } : undefined;
}

/** Where a part in braces that begins at `start` ends; undefined where the text ends before. */
export function endOfBody(text: string, start: number, onType: (start: number) => void): number | undefined {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at) - 1;
    else if (code === HASH) at = endOfLine(text, at);
    else if (code === COLON) onType(at + 1);
    else if (code === BRACE_L) depth += 1;
    else if (code === BRACE_R) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}

/** The name of the type behind a colon, without its lists. */
export function typeNameAt(text: string, start: number): string {
  let at = skipIgnored(text, start);
  while (text.charCodeAt(at) === BRACKET_L) at = skipIgnored(text, at + 1);
  return nameAt(text, at);
}

/** The fields of an object type or interface whose braces open at `start`. */
export function* fieldsOfBody(text: string, start: number): Generator<FieldPlace, void, undefined> {
  let field: { readonly name: string; readonly start: number } | undefined;
  /** The last name that could be a field's, and where its description or itself begins. */
  let candidate = { name: '', start };
  /** Of a text that nothing has followed yet. */
  let textStart: number | undefined;
  let parens = 0;
  let at = start + 1;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      if (parens === 0) textStart = at;
      at = endOfString(text, at) - 1;
    } else if (code === HASH) at = endOfLine(text, at);
    else if (code === PAREN_L) parens += 1;
    else if (code === PAREN_R) parens -= 1;
    else if (parens > 0) continue;
    else if (code === BRACE_R) break;
    else if (code === COLON) {
      if (field !== undefined) yield { ...field, end: candidate.start };
      field = candidate;
    } else if (code === AT) at = endOfName(text, skipIgnored(text, at + 1)) - 1;
    else if (isNameContinue(code)) {
      const end = endOfName(text, at);
      candidate = { name: text.slice(at, end), start: textStart ?? at };
      textStart = undefined;
      at = end - 1;
    }
  }
  if (field !== undefined) yield { ...field, end: at };
}

function isKeyword(name: string): name is DefinitionHead['keyword'] {
  return name === 'type' || name === 'interface' || name === 'input' || name === 'enum';
}

function endOfString(text: string, start: number): number {
  if (text.startsWith('"""', start)) {
    let end = text.indexOf('"""', start + 3);
    while (end > 0 && text.charCodeAt(end - 1) === BACKSLASH) end = text.indexOf('"""', end + 3);
    return end < 0 ? text.length : end + 3;
  }
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) at += 1;
  }
  return text.length;
}

function endOfLine(text: string, start: number): number {
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x0a || code === 0x0d) return at;
  }
  return text.length;
}

function nameAt(text: string, start: number): string {
  return text.slice(start, endOfName(text, start));
}

function endOfName(text: string, start: number): number {
  let at = start;
  while (isNameContinue(text.charCodeAt(at))) at += 1;
  return at;
}

function isNameContinue(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || (code >= 0x30 && code <= 0x39) || code === 0x5f
  );
}
