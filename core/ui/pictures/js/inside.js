// What becomes of the weights: the landscape a run went through, its layers, and how far a step moves them.

const SMALLEST_STEP = 1e-12;

/** The landscape of a run, which comes with its last frame; null = there is none to draw, undefined = not yet. */
function landscapeIn(frames) {
  return frames.findLast(({ pictures }) => pictures.landscape !== undefined)?.pictures.landscape;
}

/** Numbers from base64, two bytes each as halves or four each. */
function halvesOf(text) {
  const bytes = bytesOf(text);
  return Float64Array.from({ length: bytes.length / 2 }, (_, i) => {
    const bits = bytes[2 * i] | (bytes[2 * i + 1] << 8);
    const [sign, exponent, rest] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
    return sign * (exponent ? 2 ** (exponent - 15) * (1 + rest / 1024) : 2 ** -14 * (rest / 1024));
  });
}

/** The paths of other runs whose loss at the same weights is the same, as they fall on the plane of one. */
function pathsBeside(run, runs) {
  const land = landscapeIn(run.frames);
  if (!land?.directions) return [];
  const directions = new Float32Array(bytesOf(land.directions).buffer);
  const size = directions.length / 2;
  const origin = halvesOf(land.weights).slice(-size);
  return runs.flatMap((other) => {
    const its = other !== run && other.scene?.landscape?.ground === run.scene.landscape.ground && landscapeIn(other.frames);
    if (!its?.weights) return [];
    const weights = halvesOf(its.weights);
    const along = (direction) => its.path.epochs.map((_, epoch) => {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += (weights[epoch * size + i] - origin[i]) * directions[direction * size + i];
      return sum;
    });
    return [{ label: other.label, colour: other.colour, path: { ...its.path, places: [along(0), along(1)] } }];
  });
}

/** How many points of a path are walked by an epoch, at least the first. */
function walked({ epochs }, epoch) {
  return Math.max(1, epochs.filter((other) => other <= epoch).length);
}

/** The epochs by then at which it is known how far a step moves each layer, and how far. */
function updatesBy(frames, epoch) {
  return frames
    .filter((frame) => frame.epoch <= epoch && frame.pictures.layers?.updates)
    .map((frame) => ({ epoch: frame.epoch, ratios: frame.pictures.layers.updates }));
}

/** What a layer is called; it is told in English. */
function layerText(name) {
  const place = /^hidden (\d+)$/.exec(name)?.[1];
  return place ? say("hidden_layer", { place }) : heard(name);
}

/** Half of the values lie below this; `tiny` of them below every bin. -Infinity where that is half of them. */
function middleOf({ span: [low, high], counts, tiny = 0 }) {
  const half = (counts.reduce((sum, count) => sum + count, 0) + tiny) / 2;
  let below = tiny;
  if (below >= half) return -Infinity;
  const bin = counts.findIndex((count) => (below += count) >= half);
  return low + ((bin + 0.5) / counts.length) * (high - low);
}

/** A few losses for the scale of colours, as places on it and as texts. */
function scaleTicks({ low, high, log }) {
  const places = [0, 0.5, 1];
  const texts = places.map((share) => formatNumber(log ? low * (high / low) ** share : low + share * (high - low), 2));
  return { tickmode: "array", tickvals: places.map((share) => 255 * share), ticktext: texts };
}

function landscapeFigure(_scene, frame, theme, _picturePixels, frames, beside) {
  const land = landscapeIn(frames);
  if (!land) return { data: [], layout: frameOf(theme, axisOf(theme, "", [0, 1]), axisOf(theme, "", [0, 1])) };
  const [[left, right], [bottom, top]] = land.spans;
  const losses = bytesOf(land.losses);
  const side = Math.sqrt(losses.length);
  const { epochs, places: [x, y], losses: heights } = land.path;
  const here = walked(land.path, frame.epoch);
  const text = epochs.map((epoch, i) => `${epoch === 0 ? say("untrained") : say("epoch_of", { epoch: formatNumber(epoch, 6) })}<br>${say("loss_of", { loss: formatNumber(heights[i]) })}`);
  const path = {
    type: "scatter", hovertemplate: "%{text}<extra></extra>", x: x.slice(0, here), y: y.slice(0, here), text: text.slice(0, here),
  };
  const others = beside.flatMap(({ label, colour, path: { epochs: its, places, losses: heightsThere } }) => {
    const until = walked({ epochs: its }, frame.epoch);
    const [across, up] = places.map((values) => values.slice(0, until));
    const trace = { type: "scatter", x: across, y: up };
    return [
      { ...trace, mode: "lines", line: { color: theme.background, width: 5 }, hoverinfo: "skip" },
      {
        ...trace, mode: "lines+markers", line: { color: colour, width: 2 }, hovertemplate: "%{text}<extra></extra>",
        text: across.map((_, i) => `${inert(label)}<br>${say("epoch_of", { epoch: formatNumber(its[i], 6) })}<br>${say("its_loss", { loss: formatNumber(heightsThere[i]) })}`),
        marker: { size: across.map((_, i) => (i === until - 1 ? 10 : 4)), color: colour, line: { color: theme.background, width: 1 } },
      },
    ];
  });
  return {
    data: [
      {
        type: "contour", x0: left, dx: (right - left) / (side - 1), y0: bottom, dy: (top - bottom) / (side - 1), z: rowsOf(losses, side),
        zmin: 0, zmax: 255, autocontour: false, contours: { start: 0, end: 255, size: 15, coloring: "heatmap" }, hoverinfo: "skip",
        line: { width: 0.75, color: theme.background }, colorscale: [[0, theme.own], [1, theme.panel]],
        colorbar: {
          thickness: 8, len: 1, outlinewidth: 0, ypad: 0, xpad: 6, tickfont: { size: 12, color: theme.muted },
          title: { text: say("loss"), side: "top", font: { size: 12, color: theme.muted } }, ...scaleTicks(land),
        },
      },
      ...others,
      { ...path, mode: "lines+markers", line: { color: theme.text, width: 2 }, marker: { size: 5, color: theme.text } },
      {
        ...path, mode: "markers", x: [x[0], x[here - 1]], y: [y[0], y[here - 1]], text: [text[0], text[here - 1]],
        marker: {
          size: [9, 12], color: [theme.background, theme.text], line: { color: [theme.text, theme.background], width: 2 },
        },
      },
    ],
    layout: frameOf(theme, axisOf(theme, say("first_direction"), [left, right]), axisOf(theme, say("second_direction"), [bottom, top])),
  };
}

function powerText(power) {
  return `10<sup>${String(power).replace("-", "−")}</sup>`;
}

/** Some whole powers of ten between two. */
function powersIn(least, most) {
  const step = Math.max(1, Math.ceil((most - least) / 5));
  const first = step * Math.ceil(least / step);
  return Array.from({ length: Math.max(0, Math.floor((most - first) / step) + 1) }, (_, i) => first + i * step);
}

/** Ticks of a logarithmic axis; those Plotly makes itself are a quarter larger than other text. */
function ticksAt(powers, text) {
  return { tickmode: "array", tickvals: powers.map((power) => 10 ** power), ticktext: powers.map(text) };
}

/** Histograms of layers above each other, the first at the bottom, each as high as its row. */
function ridges(histograms, colour, theme, axes, what) {
  return histograms.flatMap(({ span: [low, high], counts }, i) => {
    const most = Math.max(...counts);
    if (!most) return [];
    const width = (high - low || 1e-9) / counts.length;
    const x = counts.flatMap((_, bin) => [low + bin * width, low + (bin + 1) * width]);
    const y = counts.flatMap((count) => [count, count].map((value) => i + (0.85 * value) / most));
    const text = counts.flatMap((count) => [count, count]).map((count) => grouped(count));
    return [{
      type: "scatter", mode: "lines", ...axes, x: [low, ...x, high], y: [i, ...y, i], fill: "toself", text: ["", ...text, ""],
      fillcolor: `${colour}66`, line: { color: colour, width: 1.25, shape: "linear" }, hoveron: "points",
      hovertemplate: `${what}<br>${say("values", { values: "%{text}" })}<extra></extra>`,
    }];
  });
}

function layersFigure(scene, frame, theme) {
  const { activations, gradients } = frame.pictures.layers ?? { activations: [], gradients: [] };
  const rows = scene.names.map((_, i) => i);
  const all = (histograms) => histograms.filter(({ counts }) => counts.some(Boolean)).flatMap(({ span }) => span);
  const range = (histograms) => {
    const values = all(histograms);
    const [low, high] = values.length ? extremes(values) : [0, 1];
    const margin = 0.04 * (high - low) || 0.5;
    return [low - margin, high + margin];
  };
  const [least, most] = range(gradients);
  const powers = powersIn(least, most);
  const y = {
    ...axisOf(theme, "", [-0.1, rows.length]), tickmode: "array", tickvals: rows, ticktext: scene.names.map(layerText), showgrid: true,
    gridcolor: theme.grid, ticks: "", showline: false,
  };
  return {
    data: [
      ...ridges(activations, theme.own, theme, { xaxis: "x", yaxis: "y" }, "%{x:.3~g}"),
      ...ridges(gradients, theme.own, theme, { xaxis: "x2", yaxis: "y" }, "10<sup>%{x:.1f}</sup>"),
    ],
    layout: frameOf(theme, { ...axisOf(theme, say("activations"), range(activations)), domain: [0, 0.47], nticks: 4 }, y, {
      xaxis2: {
        ...axisOf(theme, say("gradient_size"), [least, most]), domain: [0.53, 1], tickmode: "array", tickvals: powers, ticktext: powers.map(powerText),
      },
    }),
  };
}

function updatesFigure(scene, frame, theme, _picturePixels, frames) {
  const known = updatesBy(frames, Infinity);
  const epochs = known.map(({ epoch }) => epoch);
  const ratios = known.flatMap((update) => update.ratios).filter((ratio) => ratio > SMALLEST_STEP);
  const [low, high] = theme.healthy;
  const [least, most] = extremes([...ratios, low, high]).map(Math.log10);
  const last = Math.max(1, epochs.at(-1) ?? 1, ...frames.map(({ epoch }) => epoch));
  const width = Math.max(Math.log10(last), 0.3);
  const count = scene.names.length;
  const names = scene.names.map(layerText);
  const lines = names.map((name, i) => ({
    type: "scatter", mode: epochs.length > 1 ? "lines" : "markers", x: epochs,
    y: known.map((update) => (update.ratios[i] > SMALLEST_STEP ? update.ratios[i] : null)),
    line: { width: 2, color: mixed(theme.own, theme.background, 0.65 * (1 - (i + 1) / count)) }, marker: { size: 6, color: theme.own },
    hovertemplate: `${say("update_of", { layer: name, epoch: "%{x}", share: "%{y:.2~g}" })}<extra></extra>`,
  }));
  const ends = known.length ? [...new Set([0, count - 1])].filter((i) => known.at(-1).ratios[i] > SMALLEST_STEP) : [];
  ends.sort((a, b) => known.at(-1).ratios[b] - known.at(-1).ratios[a]);
  const label = (x, y, text, more) => ({ x, y, text, showarrow: false, font: { size: 12, color: theme.text }, ...more });
  const labels = [
    ...ends.map((i, place) => label(Math.log10(epochs.at(-1)), Math.log10(known.at(-1).ratios[i]), names[i], {
      xanchor: epochs.at(-1) > 1 ? "right" : "left", yanchor: place ? "top" : "bottom",
    })),
    label(0.01, Math.log10(high), say("healthy"), { xref: "paper", xanchor: "left", yanchor: "top", font: { size: 12, color: theme.muted } }),
  ];
  const powers = powersIn(least - 0.5, most + 0.5);
  return {
    data: lines,
    layout: frameOf(
      theme,
      { ...axisOf(theme, say("epoch"), [-0.04 * width, 1.04 * width]), type: "log", ...ticksAt([0, 1, 2, 3, 4, 5, 6], (power) => grouped(10 ** power)) },
      { ...axisOf(theme, say("update_size"), [least - 0.5, most + 0.5]), type: "log", ...ticksAt(powers, powerText) },
      {
        shapes: [
          { type: "rect", xref: "paper", x0: 0, x1: 1, y0: low, y1: high, layer: "below", line: { width: 0 }, fillcolor: theme.text, opacity: 0.06 },
          ...(frame.epoch >= 1 ? [{ type: "line", x0: frame.epoch, x1: frame.epoch, yref: "paper", y0: 0, y1: 1, line: { color: theme.muted, width: 1, dash: "dot" } }] : []),
        ],
        annotations: labels,
      },
    ),
  };
}

function landscapeText({ weights, rows: [used, all] }, frame, frames, beside) {
  const land = landscapeIn(frames);
  if (land === undefined) return say("landscape_soon");
  if (land === null) return say("landscape_none");
  const { losses } = land.path;
  const here = walked(land.path, frame.epoch) - 1;
  const told = { moment: moment(frame), start: formatNumber(losses[0], 3), end: formatNumber(losses[here], 3) };
  const others = weights - 2;
  return [
    say(here ? "path_led" : "path_starts", told),
    others ? say("plane_holds", { share: percentText(land.held, 1), count: others }) : say("plane_is_all"),
    ...(beside.length ? [say("shadows")] : []),
    ...(used < all ? [say("loss_of_sample", { used, all })] : []),
  ].join(" ");
}

function layersText({ names, hidden }, frame) {
  const [first, last] = [frame.pictures.layers.gradients[0], frame.pictures.layers.gradients.at(-1)].map(middleOf);
  const [size, other] = [first, last].map((exponent) =>
    exponent === -Infinity ? say("exactly_zero") : say("below", { size: formatNumber(10 ** exponent, 1) }));
  if (!hidden) return say("no_hidden", { moment: moment(frame), size: other });
  const times = 10 ** Math.abs(last - first);
  const apart = times >= 2 && times < Infinity
    ? say(last > first ? "times_smaller" : "times_larger", { times: Number(times.toPrecision(1)) })
    : "";
  const left = names.length <= hidden ? ` ${say("layers_shown", { shown: names.length, layers: hidden + 1 })}` : "";
  return say("gradients_below", { moment: moment(frame), size, other, apart }) + left;
}

function updatesText({ names }, frame, frames, [low, high]) {
  const now = updatesBy(frames, frame.epoch).at(-1);
  const band = say("healthy_band", { low: formatNumber(low), high: formatNumber(high) });
  if (!now) return `${say("no_step", { moment: moment(frame) })} ${band}`;
  const when = now.epoch === frame.epoch ? moment(frame) : say("at_epoch", { epoch: now.epoch });
  const ratios = now.ratios.map((ratio, i) => ({ ratio, name: layerText(names[i]) })).filter(({ ratio }) => ratio !== null);
  if (!ratios.length) return `${say("steps_not_finite", { moment: when })} ${band}`;
  const least = ratios.reduce((a, b) => (b.ratio < a.ratio ? b : a));
  const most = ratios.reduce((a, b) => (b.ratio > a.ratio ? b : a));
  const told = { moment: when, least: formatNumber(least.ratio, 2), most: formatNumber(most.ratio, 2), slow: least.name, fast: most.name };
  const [slow, fast] = [ratios.filter(({ ratio }) => ratio < low).length, ratios.filter(({ ratio }) => ratio > high).length];
  const verdict = [
    ...(slow ? [say("hardly_move", { count: slow, layers: ratios.length })] : []),
    ...(fast ? [say("steps_too_long", { count: fast, layers: ratios.length })] : []),
  ].join("; ");
  return `${say(least === most ? "step_changes" : "step_changes_both", told)} ${band}${verdict ? ` ${verdict}.` : ""}`;
}
