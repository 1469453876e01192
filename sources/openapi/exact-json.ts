/** Fewer digits are always exact in JavaScript. */
const LONG = 16;
const QUOTE = 0x22;
const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const UPPER_E = 0x45;
const BACKSLASH = 0x5c;
const LOWER_E = 0x65;

/**
 * Parses JSON without loss: integers that JavaScript would round are given as strings of their digits, which is what
 * `Int64` is. Text without any costs a look at every sixteenth character.
 */
export function parseExactJson(text: string): unknown {
  return JSON.parse(hasLongNumber(text) ? quoteLongIntegers(text) : text);
}

/** As many digits in a row cannot lie between two of the places that are looked at. */
function hasLongNumber(text: string): boolean {
  for (let at = LONG - 1; at < text.length; at += LONG) {
    if (!isDigit(text.charCodeAt(at))) continue;
    let [start, end] = [at, at + 1];
    while (start > 0 && isDigit(text.charCodeAt(start - 1))) start -= 1;
    while (end < text.length && isDigit(text.charCodeAt(end))) end += 1;
    if (end - start >= LONG) return true;
  }
  return false;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

/** Goes over the text once, whatever is in it; what is no JSON stays none. */
function quoteLongIntegers(text: string): string {
  let quoted = '';
  let copied = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
    } else if (code === MINUS || isDigit(code)) {
      const end = endOfNumber(text, at);
      if (end - at >= LONG) {
        const token = text.slice(at, end);
        if (/^-?[1-9]\d*$/.test(token) && !Number.isSafeInteger(Number(token))) {
          quoted += `${text.slice(copied, at)}"${token}"`;
          copied = end;
        }
      }
      at = end;
    } else {
      at += 1;
    }
  }
  return copied === 0 ? text : quoted + text.slice(copied);
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at + 1;
  }
  return text.length;
}

function endOfNumber(text: string, start: number): number {
  let at = start;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (!isDigit(code) && code !== MINUS && code !== PLUS && code !== POINT && code !== LOWER_E && code !== UPPER_E)
      break;
  }
  return at;
}
