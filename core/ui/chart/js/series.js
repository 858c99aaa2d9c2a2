// Numbers, lines and colours of the live chart: everything that needs no browser, so that node can test it.

/** A number in at most `digits` significant digits; very large and very small ones as a power of ten. */
function formatNumber(value, digits = 4) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e5 || size < 1e-3)) {
    const [mantissa, exponent] = value.toExponential(Math.min(digits, 3) - 1).split("e");
    return `${Number(mantissa)}e${Number(exponent)}`.replaceAll("-", "−");
  }
  return String(Number(value.toPrecision(digits))).replace("-", "−");
}

/** Skill in two decimals; anything far below zero as a power of ten. */
function formatSkill(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return value <= -100 ? formatNumber(value, 2) : value.toFixed(2).replace("-", "−").replace("−0.00", "0.00");
}

/** Text that Plotly shows as it is: Plotly reads a few HTML tags and entities in names and hover texts. */
function inert(text) {
  return String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Exponential moving average without the bias towards the first value; gaps stay gaps. */
function smooth(values, weight = 0.9) {
  let sum = 0;
  let mass = 0;
  return values.map((value) => {
    if (value === null || value === undefined) return null;
    sum = weight * sum + (1 - weight) * value;
    mass = weight * mass + (1 - weight);
    return sum / mass;
  });
}

/** At most about `limit` points of a line, the lowest and the highest of every bucket, so that spikes survive. */
function thin(xs, ys, limit) {
  if (ys.length <= limit) return [xs, ys];
  const buckets = Math.max(1, Math.floor(limit / 2));
  const keptX = [];
  const keptY = [];
  for (let bucket = 0; bucket < buckets; bucket += 1) {
    const start = Math.floor((bucket * ys.length) / buckets);
    const end = Math.floor(((bucket + 1) * ys.length) / buckets);
    let low = -1;
    let high = -1;
    for (let i = start; i < end; i += 1) {
      if (ys[i] === null) continue;
      if (low < 0 || ys[i] < ys[low]) low = i;
      if (high < 0 || ys[i] > ys[high]) high = i;
    }
    for (const i of low < 0 ? [start] : low === high ? [low] : [Math.min(low, high), Math.max(low, high)]) {
      keptX.push(xs[i]);
      keptY.push(ys[i]);
    }
  }
  keptX[0] = xs[0];
  keptY[0] = ys[0];
  keptX.push(xs[xs.length - 1]);
  keptY.push(ys[ys.length - 1]);
  return [keptX, keptY];
}

/** Median, lowest and highest of several lines, epoch by epoch, over the lines that have a value there. */
function spread(lines) {
  const length = Math.max(0, ...lines.map((line) => line.length));
  const median = [];
  const low = [];
  const high = [];
  for (let i = 0; i < length; i += 1) {
    const values = lines.map((line) => line[i]).filter((v) => v !== null && v !== undefined).sort((a, b) => a - b);
    const middle = values.length / 2;
    if (!values.length) [median, low, high].forEach((line) => line.push(null));
    else {
      median.push((values[Math.ceil(middle) - 1] + values[Math.floor(middle)]) / 2);
      low.push(values[0]);
      high.push(values[values.length - 1]);
    }
  }
  return { median, low, high };
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
