/** Fewer digits are always exact in JavaScript. */
const LONG_INTEGER = /\d{16}/;
const [QUOTE, BACKSLASH, MINUS, PLUS, POINT, ZERO, NINE, UPPER_E, LOWER_E] = [...'"\\-+.09Ee'].map((character) =>
  character.charCodeAt(0),
) as [number, number, number, number, number, number, number, number, number];

/**
 * Parses JSON without loss: integers that JavaScript would round are given as strings of their digits, which is what
 * `Int64` is. Text without any costs one search for 16 digits in a row.
 */
export function parseExactJson(text: string): unknown {
  return JSON.parse(LONG_INTEGER.test(text) ? quoteLongIntegers(text) : text);
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
    } else if (code === MINUS || (code >= ZERO && code <= NINE)) {
      const end = endOfNumber(text, at);
      if (end - at >= 16) {
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
    const isDigit = code >= ZERO && code <= NINE;
    if (!isDigit && code !== MINUS && code !== PLUS && code !== POINT && code !== LOWER_E && code !== UPPER_E) break;
  }
  return at;
}
