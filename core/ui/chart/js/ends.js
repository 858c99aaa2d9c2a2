// Where curves end: a mark in the variant's own shape and its name, for eyes and printers that tell no colours apart.

const SHAPES = [
  "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0z", // circle
  "M-3.6,-3.6h7.2v7.2h-7.2z", // square
  "M0,-5.2L5.2,0L0,5.2L-5.2,0z", // diamond
  "M0,-4.8L5,3.8H-5z", // triangle
  "M0,4.8L5,-3.8H-5z", // triangle, pointing down
  "M-1.6,-4.8h3.2v3.2h3.2v3.2h-3.2v3.2h-3.2v-3.2h-3.2v-3.2h3.2z", // plus
  "M0,-5.5L1.6,-1.7L5.5,-1.6L2.4,0.9L3.6,4.8L0,2.5L-3.6,4.8L-2.4,0.9L-5.5,-1.6L-1.6,-1.7z", // star
  "M-5,-4.2L5,4.2V-4.2L-5,4.2z", // bow tie
];
const LABEL_GAP = 17;
const LABEL_LETTERS = 28;
const LABEL_ROOM = 14;
const NEAR_THE_EDGE = 40;
const NARROWEST = 480;
const WIDEST_SHARE = 0.3;

/** The shape that goes with a place in the palette; none where there are more variants than shapes. */
function shapeOf(place, count) {
  return count > 1 && count <= SHAPES.length ? SHAPES[place] : null;
}

/** The last point of each variant's training curve inside of a range of epochs. */
function endsOf(groups, data, range) {
  const traces = new Map(data.map((trace) => [trace.uid, trace]));
  return groups.flatMap(({ variant, place = variant, colour, short, label, runs }) => {
    const trace = traces.get(`v${variant}loss`);
    const last = trace ? trace.x.findLastIndex((x, i) => trace.y[i] !== null && !(range && x > range[1])) : -1;
    if (last < 0) return [];
    const name = short ?? label;
    const text = name.length > LABEL_LETTERS ? `${name.slice(0, LABEL_LETTERS - 1)}…` : name;
    // The word where it diverged stands at the end already.
    return [{ variant, place, colour, text, x: trace.x[last], y: trace.y[last], lost: runs.every((run) => run.state === "diverged") }];
  });
}

/**
 * Heights that keep a distance of `gap` and lie between `low` and `high`, as near as can be to those that are wished;
 * null where there is no room. Neighbours that touch are moved together (pool adjacent violators, Ayer et al. 1955).
 */
function dodged(wishes, gap, low, high) {
  if (wishes.length * gap > high - low + gap) return null;
  const order = wishes.map((_, i) => i).sort((a, b) => wishes[a] - wishes[b] || a - b);
  const pools = [];
  order.forEach((at, place) => {
    pools.push({ sum: wishes[at] - place * gap, size: 1 });
    while (pools.length > 1 && pools.at(-2).sum / pools.at(-2).size > pools.at(-1).sum / pools.at(-1).size) {
      const { sum, size } = pools.pop();
      pools.at(-1).sum += sum;
      pools.at(-1).size += size;
    }
  });
  const highest = high - (wishes.length - 1) * gap;
  const levels = pools.flatMap(({ sum, size }) => Array(size).fill(Math.min(highest, Math.max(low, sum / size))));
  const heights = [];
  order.forEach((at, place) => {
    heights[at] = levels[place] + place * gap;
  });
  return heights;
}

/** The marks and names over the plot, as one picture that no pointer touches. */
class EndLabels {
  constructor(chart) {
    this.chart = chart;
    this.svg = this.make("svg", { class: "ll-ends", "aria-hidden": "true" });
    this.ruler = document.createElement("canvas").getContext("2d");
  }

  make(name, attributes, text) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    return node;
  }

  /** The margin that the names need at the right of the plot; 0 where none is shown all the time. */
  room(ends, count, theme) {
    this.ends = ends;
    this.count = count;
    this.theme = theme;
    this.named = count > 1 && count <= SHAPES.length && this.chart.clientWidth >= NARROWEST;
    if (!this.named) return 0;
    this.ruler.font = `${TEXT}px ${theme.font}`;
    const widest = Math.max(0, ...ends.filter((end) => !end.lost).map((end) => this.ruler.measureText(end.text).width));
    return Math.min(LABEL_ROOM + Math.ceil(widest), WIDEST_SHARE * this.chart.clientWidth);
  }

  /** Draws what `room` was told, at the places the plot has now. The name of `only`, a variant, is drawn in any case. */
  draw(only) {
    const { xaxis, yaxis, width, height } = this.chart._fullLayout ?? {};
    if (!xaxis || !this.ends || this.count < 2) {
      this.svg.replaceChildren();
      return;
    }
    this.chart.append(this.svg);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const [right, top, bottom] = [xaxis._offset + xaxis._length, yaxis._offset, yaxis._offset + yaxis._length];
    const placed = this.ends
      .map((end) => ({ ...end, left: xaxis._offset + xaxis.c2p(end.x), high: yaxis._offset + yaxis.c2p(end.y) }))
      .filter(({ left, high }) => left >= xaxis._offset - 1 && left <= right + 1 && high >= top - 1 && high <= bottom + 1);
    const named = placed.filter((end) => !end.lost && (this.named || end.variant === only));
    const heights = dodged(named.map((end) => end.high), LABEL_GAP, top + 4, bottom - 4);
    const parts = heights ? named.map((end, i) => this.label(end, heights[i], right, only)) : [];
    const marks = placed.flatMap((end) => this.mark(end, only));
    this.svg.replaceChildren(...parts, ...marks);
  }

  label(end, height, right, only) {
    const group = this.make("g", { class: this.faded(end, only) });
    const inside = end.left < right - NEAR_THE_EDGE;
    const x = this.named && !inside ? right + 10 : Math.min(end.left + 9, right - (this.named ? 0 : 4));
    if (Math.abs(height - end.high) > 3) {
      const line = { x1: end.left + 4, y1: end.high, x2: x - 2, y2: height, stroke: end.colour, "stroke-opacity": 0.6 };
      group.append(this.make("line", line));
    }
    const anchor = !this.named && x > right - 100 ? "end" : "start";
    const text = { x: anchor === "end" ? end.left - 9 : x, y: height, "text-anchor": anchor, fill: mixed(end.colour, this.theme.text, 0.45) };
    group.append(this.make("text", text, end.text));
    return group;
  }

  mark(end, only) {
    const shape = shapeOf(end.place, this.count);
    if (!shape || end.lost) return [];
    const place = `translate(${end.left.toFixed(1)},${end.high.toFixed(1)})`;
    return [this.make("path", { d: shape, transform: place, fill: end.colour, class: this.faded(end, only) })];
  }

  faded(end, only) {
    return only === undefined || end.variant === only ? "" : "ll-faded";
  }
}
