import { type Liquid, Parser, type Template, Token, Tokenizer } from 'liquidjs';

/** Bounds of one template: it is read at one go, in a time that grows with what stands between its braces. */
const MAX_CHARACTERS = 200_000;
const MAX_TAGS = 3_000;
const MAX_CODE_CHARACTERS = 30_000;
const OPENING = /\{[{%]/g;

/** @throws Error for what is no template, or larger than allowed */
export function parseBounded(engine: Liquid, text: string): Template[] {
  atMost(text.length, MAX_CHARACTERS, 'characters');
  atMost(text.match(OPENING)?.length ?? 0, MAX_TAGS, 'tags and outputs');
  const { operators, groupedExpressions } = engine.options;
  const tokenizer = new Tokenizer(text, operators, undefined, undefined, groupedExpressions);
  const tokens = tokenizer.readTopLevelTokens(engine.options);
  const code = tokens.filter((token) => 'contentRange' in token).reduce((sum, { begin, end }) => sum + end - begin, 0);
  atMost(code, MAX_CODE_CHARACTERS, 'characters between its braces');
  return new Parser(engine).parseTokens(tokens);
}

function atMost(count: number, most: number, what: string): void {
  if (count > most) throw new Error(`it has ${count} ${what}, and may have ${most}`);
}

/** Of the text that was looked at last: where its lines begin. */
let last: { readonly text: string; readonly starts: readonly number[] } = { text: '', starts: [0] };

function linesOf(text: string): readonly number[] {
  if (last.text !== text) {
    const starts = [0];
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    last = { text, starts };
  }
  return last.starts;
}

/**
 * As liquidjs has it, which counts all characters before a token again for each: that would take seconds for a template
 * that names many variables.
 */
Token.prototype.getPosition = function () {
  const starts = linesOf(this.input);
  let [low, high] = [0, starts.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= this.begin) low = middle;
    else high = middle;
  }
  return [low + 1, this.begin - (starts[low] ?? 0) + 1];
};
