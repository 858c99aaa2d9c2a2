// Which losses count when outliers are ignored: a diverging run must not squeeze all others to a line.

const FENCE = 1.5;
const OF_EACH_LINE = 200;
const LOST = 10;

/**
 * The range of the axis without outliers, and how many points lie outside of it.
 *
 * Outliers are beyond the fences of Tukey (1977), the quartiles plus or minus one and a half times their distance, on the
 * axis as it is drawn. Every line counts alike, however long it is. Where the baseline is known the upper fence is that
 * of the better half of the lines, since half of them may diverge; but a line that is mostly below ten times the baseline
 * stays in sight, as does the baseline.
 */
function withoutOutliers(lines, levels, log) {
  const scale = log ? Math.log10 : (value) => value;
  const ranked = lines
    .map((line) => Float64Array.from(sampled(line.y), scale).sort())
    .filter((values) => values.length)
    .sort((one, other) => quantile(one, 0.5) - quantile(other, 0.5));
  if (!ranked.length) return { range: null, beyond: 0 };
  const all = fences(ranked);
  let { upper } = all;
  const known = levels.map(({ level }) => level).filter((level) => level > 0);
  if (known.length) {
    const baseline = Math.max(...known);
    const calm = ranked.filter((values) => quantile(values, 0.5) <= scale(LOST * baseline));
    const better = fences(ranked.slice(0, Math.ceil(ranked.length / 2))).upper;
    upper = Math.max(Math.min(upper, better), scale(baseline), ...calm.map((values) => quantile(values, 0.95)));
  }
  let count = 0;
  let [least, most] = [Infinity, -Infinity];
  for (const line of lines) {
    for (const loss of line.y) {
      if (loss === null) continue;
      const value = scale(loss);
      if (value < all.lower || value > upper) count += 1;
      else [least, most] = [Math.min(least, value), Math.max(most, value)];
    }
  }
  if (!count || least > most) return { range: null, beyond: 0 };
  const from = log ? least : Math.min(0, least);
  const room = 0.04 * (most - from || 1);
  return { range: [log || from < 0 ? from - room : from, most + room], beyond: count };
}

function sampled(values) {
  const step = Math.max(1, Math.floor(values.length / OF_EACH_LINE));
  return values.filter((value, i) => value !== null && i % step === 0);
}

function quantile(sorted, share) {
  return sorted[Math.round(share * (sorted.length - 1))];
}

function fences(lines) {
  const sorted = Float64Array.from(lines.flatMap((line) => [...line])).sort();
  const [low, high] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
  return { lower: low - FENCE * (high - low), upper: high + FENCE * (high - low) };
}
