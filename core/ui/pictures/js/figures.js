// From a frame to what Plotly draws. Names of columns and classes are other people's text: `inert` where Plotly reads.

const FIELD = 0.5;

/** Of classes, for eyes and printers that tell no colours apart: as Plotly names them, and as letters of a legend. */
const CLASS_SHAPES = [["circle", "●"], ["square", "■"], ["diamond", "◆"], ["triangle-up", "▲"], ["triangle-down", "▼"], ["star", "★"]];

function classShape(answer, classes) {
  return classes > 1 && classes <= CLASS_SHAPES.length ? CLASS_SHAPES[answer] : CLASS_SHAPES[0];
}

function channelsOf(hex) {
  return [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16));
}

/** The plane as red, green, blue and alpha of each cell, from the top row down: full where the network is sure. */
function fieldPixels(scene, picture, palette) {
  const { side } = scene;
  const pixels = new Uint8ClampedArray(4 * side * side);
  const paint = (place, colour, strength) => {
    const row = side - 1 - Math.floor(place / side);
    pixels.set([...channelsOf(colour), 255 * FIELD * strength], 4 * (row * side + (place % side)));
  };
  if (scene.classes.length) {
    const { winner, sure } = cells(picture, scene.classes.length);
    winner.forEach((index, place) => paint(place, palette[index], sure[place]));
  } else {
    bytesOf(picture.share).forEach((byte, place) => {
      paint(place, palette[byte > 127 ? 1 : 0], Math.abs(byte - 127.5) / 127.5);
    });
  }
  return pixels;
}

function axisOf(theme, title, range) {
  return {
    range, zeroline: false, showgrid: false, automargin: true, ticks: "outside", ticklen: 3, nticks: 6, fixedrange: true,
    linecolor: theme.border, tickcolor: theme.border, showline: true, tickfont: { size: 12, color: theme.muted },
    title: { text: inert(title), font: { size: 12, color: theme.muted }, standoff: 4 },
  };
}

function frameOf(theme, x, y, more = {}) {
  return {
    width: theme.width, height: theme.height, margin: { l: 44, r: 10, t: 8, b: 36 }, showlegend: false,
    hovermode: "closest", dragmode: false, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: theme.font, color: theme.text }, separators: reader.separators,
    hoverlabel: {
      bgcolor: theme.panel, bordercolor: theme.border, font: { family: theme.font, color: theme.text, size: 12 }, align: "left",
    },
    xaxis: x, yaxis: y, ...more,
  };
}

/** Filled marks for training rows, outlines for rows held out. */
function pointTraces(groups, theme, template) {
  return groups.map(({ x, y, colour, text, heldOut, shape = "circle" }) => ({
    type: "scatter", mode: "markers", x, y, text, hovertemplate: template,
    marker: heldOut
      ? { symbol: shape, size: 6, color: "rgba(0,0,0,0)", line: { color: colour, width: 1.5 } }
      : { symbol: shape, size: 6, color: colour, line: { color: theme.background, width: 0.75 } },
  }));
}

function valueText(scene, answer) {
  return scene.classes.length ? inert(scene.classes[answer] ?? "") : formatNumber(answer);
}

/** The points of a table, one group for each colour and kind. */
function pointsOf({ points, classes }, colourOf, text) {
  const start = points.answers.length - points.held_out;
  const groups = new Map();
  points.answers.forEach((answer, i) => {
    const colour = colourOf(answer);
    const [shape] = classShape(answer, classes.length);
    const key = `${colour} ${shape} ${i >= start}`;
    if (!groups.has(key)) groups.set(key, { colour, shape, heldOut: i >= start, x: [], y: [], text: [] });
    const group = groups.get(key);
    group.x.push(points.inputs[0][i]);
    group.y.push(points.inputs[1]?.[i] ?? answer);
    group.text.push(text(answer));
  });
  return [...groups.values()].sort((a, b) => b.heldOut - a.heldOut);
}

function boundaryFigure(scene, picture, theme, picturePixels) {
  const [[left, right], [bottom, top]] = scene.spans;
  const cell = [(right - left) / (scene.side - 1), (top - bottom) / (scene.side - 1)];
  const [low, high] = scene.heights ?? [0, 1];
  const heightColour = (value) => {
    const share = high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0.5;
    return mixed(theme.palette[0], theme.palette[1], share);
  };
  const colourOf = scene.classes.length ? (answer) => theme.palette[answer] : heightColour;
  const images = picture ? [{
    source: picturePixels(fieldPixels(scene, picture, theme.palette), scene.side), xref: "x", yref: "y", layer: "below",
    x: left - cell[0] / 2, y: top + cell[1] / 2, sizex: right - left + cell[0], sizey: top - bottom + cell[1],
    xanchor: "left", yanchor: "top", sizing: "stretch",
  }] : [];
  const line = picture && scene.classes.length === 2 ? [{
    type: "contour", x0: left, dx: cell[0], y0: bottom, dy: cell[1], z: rowsOf(bytesOf(picture.share), scene.side),
    contours: { start: 127.5, end: 127.5, size: 1, coloring: "none" }, line: { color: theme.text, width: 1.5 },
    showscale: false, hoverinfo: "skip",
  }] : [];
  const template = `${inert(scene.inputs[0])} %{x:.4~g}<br>${inert(scene.inputs[1])} %{y:.4~g}<br>${inert(scene.target)}: %{text}<extra></extra>`;
  const groups = pointsOf(scene, colourOf, (answer) => valueText(scene, answer));
  return {
    data: [...line, ...pointTraces(groups, theme, template)],
    layout: frameOf(theme, axisOf(theme, scene.inputs[0], [left, right]), axisOf(theme, scene.inputs[1], [bottom, top]), { images }),
  };
}

function rowsOf(values, side) {
  return Array.from({ length: side }, (_, row) => Array.from(values.slice(row * side, (row + 1) * side)));
}

/** The heights a fitted curve is drawn between: those of the points, and some more. */
function heightsOf({ classes, points }) {
  const [least, most] = classes.length ? [0, 1] : extremes(points.answers);
  const margin = 0.15 * (most - least) || 1;
  return [least - margin, most + margin];
}

function curveFigure(scene, picture, theme) {
  const classes = scene.classes.length;
  const colourOf = classes ? (answer) => theme.palette[answer] : () => theme.faint;
  const groups = pointsOf(scene, colourOf, (answer) => valueText(scene, answer));
  // Points of more classes than two have no height of their own.
  const points = classes > 2 ? groups.map((group) => ({ ...group, y: group.y.map(() => -0.06) })) : groups;
  const template = `${inert(scene.inputs[0])} %{x:.4~g}<br>${inert(scene.target)}: %{text}<extra></extra>`;
  const lines = (picture?.lines ?? []).map((y, i) => ({
    type: "scatter", mode: "lines", x: scene.along, y,
    line: { width: 2.5, color: classes > 2 ? theme.palette[i] : theme.own },
    hovertemplate: `${inert(scene.inputs[0])} %{x:.4~g}<br>${say("predicted_as", { value: "%{y:.4~g}" })}<extra></extra>`,
  }));
  const title = classes === 2 ? say("share_of", { name: scene.classes[1] }) : classes ? say("share_of_each") : scene.target;
  const along = [scene.along[0], scene.along.at(-1)];
  return {
    data: [...pointTraces(points, theme, template), ...lines],
    layout: frameOf(theme, axisOf(theme, scene.inputs[0], along), axisOf(theme, title, heightsOf(scene))),
  };
}

function pairTraces(rows, theme, height, template) {
  const groups = [true, false].map((heldOut) => {
    const mine = rows.filter((row) => row.heldOut === heldOut);
    return {
      heldOut, colour: theme.own, x: mine.map((row) => row.truth), y: mine.map(height),
      text: mine.map((row) => formatNumber(row.predicted)),
    };
  });
  return pointTraces(groups, theme, template);
}

function predictionsFigure(scene, picture, theme) {
  const [least, most] = extremes(scene.answers);
  const margin = 0.08 * (most - least) || 1;
  const range = [least - margin, most + margin];
  const diagonal = { type: "scatter", mode: "lines", x: range, y: range, hoverinfo: "skip", line: { color: theme.faint, width: 1.5, dash: "dot" } };
  const rows = picture ? predictions(scene, picture) : [];
  const template = `${say("true_as", { value: "%{x:.4~g}" })}<br>${say("predicted_as", { value: "%{text}" })}<extra></extra>`;
  return {
    data: [diagonal, ...pairTraces(rows, theme, (row) => row.predicted, template)],
    layout: frameOf(theme, axisOf(theme, say("true_as", { value: scene.target }), range), axisOf(theme, say("predicted"), range)),
  };
}

function residualsFigure(scene, picture, theme) {
  const [least, most] = extremes(scene.answers);
  const margin = 0.08 * (most - least) || 1;
  const range = [least - margin, most + margin];
  const half = 0.6 * (most - least) || 1;
  const zero = { type: "scatter", mode: "lines", x: range, y: [0, 0], hoverinfo: "skip", line: { color: theme.faint, width: 1.5, dash: "dot" } };
  const rows = picture ? predictions(scene, picture) : [];
  const template = `${say("true_as", { value: "%{x:.4~g}" })}<br>${say("predicted_as", { value: "%{text}" })}<br>${say("off_by", { value: "%{y:.4~g}" })}<extra></extra>`;
  return {
    data: [zero, ...pairTraces(rows, theme, (row) => row.miss, template)],
    layout: frameOf(theme, axisOf(theme, say("true_as", { value: scene.target }), range), axisOf(theme, say("predicted_less_true"), [-half, half])),
  };
}

function confusionFigure(scene, picture, theme) {
  const names = scene.classes.map((name) => inert(name.length > 14 ? `${name.slice(0, 13)}…` : name));
  const counts = picture ? picture.counts[theme.heldOut ? 1 : 0] : scene.classes.map(() => scene.classes.map(() => 0));
  const shares = counts.map((row) => {
    const all = row.reduce((sum, count) => sum + count, 0);
    return row.map((count) => (all ? count / all : 0));
  });
  const places = names.map((_, i) => i);
  const axis = (title, more) => ({
    ...axisOf(theme, title), range: undefined, tickmode: "array", tickvals: places, ticktext: names, showline: false, ticks: "", ...more,
  });
  return {
    data: [{
      type: "heatmap", z: shares, x: places, y: places, zmin: 0, zmax: 1, showscale: false, xgap: 1, ygap: 1,
      colorscale: [[0, theme.panel], [1, theme.own]], text: counts.map((row) => row.map(grouped)), texttemplate: "%{text}",
      textfont: { size: 12 }, customdata: scene.classes.map((_, truth) => scene.classes.map((_, named) => [names[truth], names[named]])),
      hovertemplate: `${say("taken_for", { truth: "%{customdata[0]}", named: "%{customdata[1]}", count: "%{text}", share: "%{z:.0%}" })}<extra></extra>`,
    }],
    layout: frameOf(theme, axis(say("predicted")), axis(say("true"), { autorange: "reversed" })),
  };
}

const FIGURES = {
  fitted_curve: curveFigure,
  decision_boundary: boundaryFigure,
  predicted_values: predictionsFigure,
  residuals: residualsFigure,
  confusion_matrix: confusionFigure,
  landscape: landscapeFigure,
  layers: layersFigure,
  updates: updatesFigure,
};

/** The picture of a frame that another one is drawn from too. */
const SOURCES = { residuals: "predicted_values", updates: "layers" };

/** Those drawn from a whole frame, and the others of its run. */
const OF_WEIGHTS = new Set(["landscape", "layers", "updates"]);

function sourceOf(name) {
  return SOURCES[name] ?? name;
}

/** Which of the pictures a run has, in the order they are offered. */
function picturesOf(scene) {
  return Object.keys(FIGURES).filter((name) => scene?.[sourceOf(name)]);
}

/**
 * What Plotly draws of a picture at one of the `frames` of its run; a picture of a frame is null if it cannot be drawn.
 * `beside` are the paths of other runs that fall on its landscape.
 */
function pictureFigure(name, scene, frame, theme, picturePixels, frames = [frame], beside = []) {
  const source = sourceOf(name);
  return OF_WEIGHTS.has(name)
    ? FIGURES[name](scene[source], frame, theme, picturePixels, frames, beside)
    : FIGURES[name](scene[source], frame.pictures[source], theme, picturePixels);
}
