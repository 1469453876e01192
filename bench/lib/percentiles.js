/** Rounds that are drawn anew for the spread of a ratio. */
const DRAWS = 200;
const LEVELS = [50, 90, 95, 99, 99.9];
const SIDES = ['quiet', 'publishing', 'control'];

/**
 * Percentiles of all rounds together, and their ratios. The spread of a ratio is what comes of rounds that are drawn with
 * replacement from those there are (bootstrap): requests of one round met the same conditions, and are not independent.
 */
export function summarize(rounds) {
  const draw = () => rounds.map(() => rounds[Math.floor(Math.random() * rounds.length)]);
  const figuresOf = (field, levels, name) => {
    const all = percentilesOf(rounds, field, levels);
    const draws = Array.from({ length: DRAWS }, () => percentilesOf(draw(), field, levels));
    return levels.map((level, i) => {
      const ratio = (side) => {
        const drawn = Float64Array.from(draws, (sides) => sides[side][i] / sides.quiet[i]).sort();
        const value = all[side][i] / all.quiet[i];
        return { value, least: percentile(drawn, 2.5), most: percentile(drawn, 97.5) };
      };
      const { quiet, publishing } = all;
      return {
        name: name(level),
        quiet: quiet[i],
        publishing: publishing[i],
        ratios: ratio('publishing'),
        control: ratio('control'),
      };
    });
  };
  return [
    ...figuresOf('times', LEVELS, (level) => `p${level}`),
    ...figuresOf('lateness', [99], (level) => `p${level} of what requests were sent late`),
  ];
}

/** Of the requests of all rounds together, by side. */
function percentilesOf(rounds, field, levels) {
  const sides = {};
  for (const side of SIDES) {
    const sorted = Float64Array.from(rounds.flatMap((round) => round[side][field])).sort();
    sides[side] = levels.map((level) => percentile(sorted, level));
  }
  return sides;
}

function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil((sorted.length * share) / 100) - 1))];
}
