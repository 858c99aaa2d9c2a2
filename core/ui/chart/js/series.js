// Numbers, lines and colours of the live chart: everything that needs no browser, so that node can test it.

/** A number in at most `digits` significant digits; very large and very small ones as a power of ten. */
function formatNumber(value, digits = 4) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e5 || size < 1e-3)) {
    const [mantissa, exponent] = value.toExponential(Math.min(digits, 3) - 1).split("e");
    return separated(`${Number(mantissa)}e${Number(exponent)}`);
  }
  return separated(String(Number(value.toPrecision(digits))));
}

/** Skill in two decimals; anything far below zero as a power of ten. */
function formatSkill(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return value <= -100 ? formatNumber(value, 2) : separated(value.toFixed(2).replace("-0.00", "0.00"));
}

/** Text that Plotly shows as it is: Plotly reads a few HTML tags and entities in names and hover texts. */
function inert(text) {
  return String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** So many epochs are drawn as they are, later ones by the extremes of stretches (core/jobs/storage/overview.py). */
const WHOLE = 1024;
const STRETCHES_PER_DOUBLING = 128;

/** The number of a stretch, from 0, that an epoch belongs to; up to `WHOLE` each is one of its own. */
function stretchOf(epoch) {
  if (epoch <= WHOLE) return epoch - 1;
  const doublings = 31 - Math.clz32((epoch - 1) / WHOLE);
  const into = (epoch - 1) / (WHOLE * 2 ** doublings) - 1;
  return WHOLE + STRETCHES_PER_DOUBLING * doublings + Math.floor(STRETCHES_PER_DOUBLING * into);
}

/** How many epochs the stretch of an epoch beyond `WHOLE` has. */
function stretchLength(epoch) {
  return (WHOLE * 2 ** (31 - Math.clz32((epoch - 1) / WHOLE))) / STRETCHES_PER_DOUBLING;
}

/** Forgets the curves of a run, which begins anew. */
function clearCurves(run) {
  Object.assign(run, { history: {}, blocks: [], curves: {} });
}

/** Appends some of the first epochs to a run. */
function addPoints(run, { first_epoch: first, history }) {
  run.curves = {};
  for (const [metric, values] of Object.entries(history)) {
    const line = (run.history[metric] ??= []);
    while (line.length < first - 1) line.push(null);
    values.forEach((value, i) => {
      line[first - 1 + i] = value;
    });
  }
}

/** Adds a block of later epochs to a run, or puts it in the place of the one that has grown. */
function addBlock(run, block) {
  run.curves = {};
  const place = run.blocks.findIndex((old) => old.first === block.first);
  if (place < 0) run.blocks.push(block);
  else run.blocks[place] = block;
}

/** A curve as it is drawn, values `y` at epochs `x`; made once after each change. */
function curveOf(run, metric) {
  run.curves ??= {};
  return (run.curves[metric] ??= joined(run, metric));
}

function joined(run, metric) {
  const y = [...(run.history[metric] || [])];
  const x = y.map((_, i) => i + 1);
  for (const block of run.blocks || []) {
    x.push(...(block[metric]?.epochs || []));
    y.push(...(block[metric]?.values || []));
  }
  return { x, y };
}

/** The lowest value of a curve and its epoch, null where there is none; found once after each change. */
function lowestOf(run, metric) {
  const { x, y } = curveOf(run, metric);
  return (run.curves[`lowest ${metric}`] ??= y.reduce(
    (best, value, i) => (value !== null && (best.value === null || value < best.value) ? { value, epoch: x[i] } : best),
    { value: null, epoch: null },
  ));
}

/** The value of a curve at an epoch, or at the last one before it that is kept. */
function valueAt(run, metric, epoch) {
  const { x, y } = curveOf(run, metric);
  const i = x.findLastIndex((at) => at <= epoch);
  return i < 0 ? { value: null, epoch: null } : { value: y[i], epoch: x[i] };
}

/** Exponential moving average over about ten epochs, at the last epoch of each stretch. */
function smoothed(run, metric) {
  const averages = [...(run.history[metric] || [])];
  const lengths = averages.map(() => 1);
  const x = averages.map((_, i) => i + 1);
  const last = curveOf(run, metric).x.at(-1);
  for (const block of run.blocks || []) {
    const length = stretchLength(block.first);
    (block[metric]?.means || []).forEach((mean, i) => {
      const start = block.first + i * length;
      const end = Math.min(start + length - 1, last);
      averages.push(mean);
      lengths.push(end - start + 1);
      x.push(end);
    });
  }
  return { x, y: smooth(averages, lengths) };
}

/** Exponential moving average of averages over so many epochs each, without the bias towards the first; gaps stay. */
function smooth(averages, lengths, weight = 0.9) {
  let sum = 0;
  let mass = 0;
  return averages.map((average, i) => {
    if (average === null || average === undefined) return null;
    const kept = weight ** lengths[i];
    sum = kept * sum + (1 - kept) * average;
    mass = kept * mass + (1 - kept);
    return sum / mass;
  });
}

/** The part of a line that a range of epochs shows, with one point more on either side. */
function within({ x, y }, range) {
  if (!range) return [x, y];
  const after = x.findIndex((epoch) => epoch >= range[0]);
  const beyond = x.findIndex((epoch) => epoch > range[1]);
  const part = [Math.max(0, (after < 0 ? x.length : after) - 1), beyond < 0 ? x.length : beyond + 1];
  return [x.slice(...part), y.slice(...part)];
}

/** At most about `limit` points of a line, the lowest and the highest of every bucket of epochs, so that spikes survive. */
function thin(xs, ys, limit) {
  if (ys.length <= limit) return [xs, ys];
  const keptX = [];
  const keptY = [];
  const width = (xs.at(-1) - xs[0] + 1) / Math.max(1, Math.floor(limit / 2));
  for (let start = 0, end = 0; start < xs.length; start = end) {
    const stop = xs[0] + width * (Math.floor((xs[start] - xs[0]) / width) + 1);
    let low = -1;
    let high = -1;
    for (end = start; end === start || (end < xs.length && xs[end] < stop); end += 1) {
      if (ys[end] === null) continue;
      if (low < 0 || ys[end] < ys[low]) low = end;
      if (high < 0 || ys[end] > ys[high]) high = end;
    }
    for (const i of low < 0 ? [start] : low === high ? [low] : [Math.min(low, high), Math.max(low, high)]) {
      keptX.push(xs[i]);
      keptY.push(ys[i]);
    }
  }
  // The ends too, so that a line reaches as far as it does.
  if (keptX[0] !== xs[0]) {
    keptX.unshift(xs[0]);
    keptY.unshift(ys[0]);
  }
  if (keptX.at(-1) !== xs.at(-1)) {
    keptX.push(xs.at(-1));
    keptY.push(ys.at(-1));
  }
  return [keptX, keptY];
}

/** The epochs that all seeds of a variant have reached: those that train or are done, of which there are points.
 *
 * Beyond, a median would be that of whoever came first, and jump with each that follows. One that has diverged or was
 * stopped comes no further, and is not waited for.
 */
function reachedByAll(lines) {
  const ends = lines.filter(({ run, x }) => x.length && !STOPPED.has(run.state)).map(({ x }) => x.at(-1));
  return ends.length ? Math.min(...ends) : Infinity;
}

const STOPPED = new Set(["diverged", "failed", "cancelled"]);

/** Median, lowest and highest of several lines, epoch by epoch, over the lines that have a value there; no median
 * beyond the epoch `until`.
 *
 * Of a stretch, the median is that of its first epoch, which every line has; lowest and highest are of all its epochs.
 */
function spread(lines, until = Infinity) {
  const x = [];
  const middle = [];
  const low = [];
  const high = [];
  for (const line of lines) {
    let before = -1;
    line.x.forEach((epoch, i) => {
      const stretch = stretchOf(epoch);
      const value = line.y[i] ?? null;
      if (x[stretch] === undefined) {
        x[stretch] = epoch;
        middle[stretch] = [];
        low[stretch] = high[stretch] = null;
      }
      if (stretch !== before && value !== null) middle[stretch].push(value);
      before = stretch;
      if (value === null) return;
      if (low[stretch] === null || value < low[stretch]) low[stretch] = value;
      if (high[stretch] === null || value > high[stretch]) high[stretch] = value;
    });
  }
  const end = until === Infinity ? until : stretchOf(until);
  return { x, median: middle.map((values, stretch) => (stretch <= end ? median(values) : null)), low, high };
}

function extremes(values) {
  let least = Infinity;
  let most = -Infinity;
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}

function median(values) {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.ceil(sorted.length / 2) - 1] + sorted[Math.floor(sorted.length / 2)]) / 2;
}

/** One colour per variant: those of the palette; for more variants an even walk from blue over magenta to orange. */
function colours(count, palette) {
  if (count <= palette.length) return palette.slice(0, count);
  return Array.from({ length: count }, (_, i) => {
    const step = i / (count - 1);
    return oklch(0.52 + 0.12 * step, 0.15, 262 + 148 * step);
  });
}

/** OKLCH (Ottosson 2020) to an sRGB hex colour. */
function oklch(lightness, chroma, hue) {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  const channel = (c) => {
    const clipped = Math.min(1, Math.max(0, c));
    const gamma = clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * clipped ** (1 / 2.4) - 0.055;
    return Math.round(gamma * 255).toString(16).padStart(2, "0");
  };
  return `#${linear.map(channel).join("")}`;
}
