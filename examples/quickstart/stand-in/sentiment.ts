export interface Sentiment {
  readonly label: 'POSITIVE' | 'NEUTRAL' | 'NEGATIVE';
  /** Above 0, very negative, to below 1, very positive. */
  readonly score: number;
}

const GOOD = new Set(
  'good great excellent lovely love loved perfect best better reliable sturdy solid happy wonderful amazing nice'.split(
    ' ',
  ),
);
const BAD = new Set(
  'bad poor terrible awful worst worse broken disappointing disappointed leaked rusted flimsy hate hated sad'.split(
    ' ',
  ),
);
const NEGATIONS = new Set(['not', 'never', 'no', "don't", "isn't", "wasn't"]);

/** Counts words of two short lists. A negation right before a word turns it round. */
export function sentimentOf(text: string): Sentiment {
  let good = 0;
  let bad = 0;
  let negated = false;
  for (const word of text.toLowerCase().match(/[a-z']+/g) ?? []) {
    if (GOOD.has(word) || BAD.has(word)) {
      if (GOOD.has(word) !== negated) good += 1;
      else bad += 1;
    }
    negated = NEGATIONS.has(word);
  }
  const share = Math.round((100 * (good + 1)) / (good + bad + 2)) / 100;
  const score = Math.min(Math.max(share, 0.01), 0.99);
  const label = good > bad ? 'POSITIVE' : good < bad ? 'NEGATIVE' : 'NEUTRAL';
  return { label, score };
}
