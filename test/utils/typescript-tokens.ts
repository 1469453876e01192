export interface Token {
  readonly type: 'word' | 'string' | 'punctuator' | 'regexp';
  /** Of a string: what stands between the quotes. */
  readonly text: string;
  /** Counted from 1. */
  readonly line: number;
}

/** Words after which a slash begins a regular expression. */
const BEFORE_REGEXP = new Set(
  'return typeof case in of instanceof new delete void throw do else await yield extends'.split(' '),
);

const WORD = /[\p{ID_Continue}$#@]+/uy;
const REGEXP = /\/(?:[^\\/[\r\n]|\\.|\[(?:[^\]\\\r\n]|\\.)*\])+\/[a-z]*/y;
const STRING = /'(?:[^'\\\r\n]|\\[\s\S])*'|"(?:[^"\\\r\n]|\\[\s\S])*"/y;
const TEMPLATE_PART = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*/y;
const SPACE = /\s+|\/\/[^\r\n]*|\/\*[\s\S]*?\*\//y;

/**
 * The tokens of TypeScript, as far as it takes to find imports: comments are left out, strings and regular expressions
 * are one token each, and the expressions within template literals are read as code.
 */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  /** For each open brace, whether it was opened by a template literal. */
  const braces: boolean[] = [];
  let position = 0;
  let line = 1;
  let counted = 0;

  function match(pattern: RegExp): string | undefined {
    pattern.lastIndex = position;
    const found = pattern.exec(source)?.[0];
    if (found) position += found.length;
    return found || undefined;
  }

  function push(type: Token['type'], text: string, start: number): void {
    for (; counted < start; counted += 1) if (source[counted] === '\n') line += 1;
    tokens.push({ type, text, line });
  }

  function template(start: number, isWhole: boolean): void {
    const text = match(TEMPLATE_PART) ?? '';
    if (source.startsWith('${', position)) {
      braces.push(true);
      position += 2;
      push('punctuator', '${', start);
      return;
    }
    position += 1;
    push(isWhole ? 'string' : 'punctuator', isWhole ? text : '`', start);
  }

  while (position < source.length) {
    const start = position;
    if (match(SPACE) !== undefined) continue;
    const word = match(WORD);
    if (word !== undefined) {
      push('word', word, start);
      continue;
    }
    const string = match(STRING);
    if (string !== undefined) {
      push('string', string.slice(1, -1), start);
      continue;
    }
    const character = source[start] ?? '';
    if (character === '/' && regexpMayFollow(tokens.at(-1))) {
      const regexp = match(REGEXP);
      if (regexp !== undefined) {
        push('regexp', regexp, start);
        continue;
      }
    }
    position += 1;
    if (character === '`') {
      template(start, true);
      continue;
    }
    if (character === '{') braces.push(false);
    if (character === '}' && braces.pop() === true) template(start, false);
    else push('punctuator', character, start);
  }
  return tokens;
}

function regexpMayFollow(before: Token | undefined): boolean {
  if (before === undefined) return true;
  if (before.type === 'word') return BEFORE_REGEXP.has(before.text);
  return before.type === 'punctuator' && !')]}`'.includes(before.text);
}

export interface Import {
  readonly specifier: string;
  readonly line: number;
}

/** What a module imports: statically, as types, by re-export, by `import('…')` in code or types, and by `require`. */
export function findImports(tokens: readonly Token[]): Import[] {
  const imports: Import[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.type !== 'word' || tokens[index - 1]?.text === '.') continue;
    const next = tokens[index + 1];
    let found: Token | undefined;
    if (token.text === 'import' && next?.type === 'string') found = next;
    else if ((token.text === 'import' || token.text === 'require') && isPunctuator(next, '('))
      found = tokens[index + 2];
    else if (token.text === 'import' || token.text === 'export') found = clauseSource(tokens, index + 1);
    if (found?.type === 'string') imports.push({ specifier: found.text, line: found.line });
  }
  return imports;
}

/** The string behind `from`, if what follows is nothing but names, braces, commas and stars up to there. */
function clauseSource(tokens: readonly Token[], start: number): Token | undefined {
  for (let index = start; index < tokens.length; index += 1) {
    const token = tokens[index];
    const next = tokens[index + 1];
    if (token?.type === 'word' && token.text === 'from' && next?.type === 'string') return next;
    if (token?.type === 'punctuator' && !'{},*'.includes(token.text)) return undefined;
    // Two names in a row are `type X`, `X as Y` or `X from`; a declaration ends the search.
    if (token?.type === 'word' && DECLARATION.has(token.text) && index === start) return undefined;
  }
  return undefined;
}

const DECLARATION = new Set('const let var function class interface abstract async default enum declare'.split(' '));

function isPunctuator(token: Token | undefined, text: string): boolean {
  return token?.type === 'punctuator' && token.text === text;
}
