import { Lexer } from 'yaml';

/** Stands before the text of a scalar in the lexer's output. */
const SCALAR = '\u001f';

/**
 * Whether YAML text nests deeper than about `limit` levels. To be asked before foreign text is parsed: the parser
 * recurses, and a stack that runs out while V8 compiles a regular expression ends the process instead of throwing.
 *
 * Lists and maps in brackets are counted; block nesting is bounded by what it cannot do without: indicators in one line
 * (`- - - x`) and two columns of indentation a level.
 */
export function yamlNestsDeeperThan(text: string, limit: number): boolean {
  let brackets = 0;
  let indicators = 0;
  let atLineStart = true;
  let isScalar = false;
  for (const token of new Lexer().lex(text)) {
    if (isScalar) isScalar = false;
    else if (token === SCALAR) isScalar = true;
    else if (token === '[' || token === '{') brackets += 1;
    else if (token === ']' || token === '}') brackets = Math.max(0, brackets - 1);
    else if (brackets === 0 && (token === '-' || token === '?' || token === ':')) indicators += 1;
    else if (atLineStart && brackets === 0 && token.length > limit * 2 && token.trim() === '') return true;
    if (brackets > limit || indicators > limit) return true;
    atLineStart = token.endsWith('\n');
    if (atLineStart) indicators = 0;
  }
  return false;
}

/**
 * Whether YAML text has more than `most` tokens: names, values, and the signs and line breaks between them. To be asked
 * before foreign text is parsed, which takes a hundred times as long.
 */
export function yamlHasMoreTokensThan(text: string, most: number): boolean {
  let count = 0;
  for (const token of new Lexer().lex(text)) {
    if (token !== SCALAR) count += 1;
    if (count > most) return true;
  }
  return false;
}
