// From runs and options to what Plotly draws: one colour per variant, solid = training, dashed = validation.

const POINTS_PER_CHART = 60000;
const POINTS_PER_LINE = 2000;
const TEXT = 13;
/** Dots as long as the line is wide, far enough apart to be told from dashes; core/plot.py has the same. */
const DOTTED = { width: 2, dash: "2px,5px" };
const FEW_EPOCHS = 10;

/** The losses of a run as they are to be drawn: relative to its baseline, smoothed, positive on a log axis. */
function drawn(run, metric, options, base) {
  if (options.relative && !base) return { x: [], y: [] };
  let { x, y } = options.smooth ? smoothed(run, metric) : curveOf(run, metric);
  if (options.relative) y = y.map((v) => (v === null ? null : v / base));
  return { x, y: options.log ? y.map((v) => (v > 0 ? v : null)) : y };
}

/** The loss of "no better than guessing" for a run; until it has finished, that of a run it is comparable with. */
function baselineOf(run, runs, metric, comparable) {
  const known = (r) => r.final?.baseline?.[metric];
  const sibling = runs.find((r) => known(r) && (comparable || r.variant === run.variant));
  return known(run) || (sibling ? known(sibling) : null);
}

function lineTrace(uid, name, colour, line, view, extra = {}) {
  const [x, y] = thin(...within(line, view.range), view.limit);
  return {
    uid, name, x, y, type: "scatter", mode: x.length > 1 ? "lines" : "markers", connectgaps: false, showlegend: false,
    hovertemplate: `<b>${name}</b><br>${say("epoch_at", { epoch: "%{x:,d}" })}<br>%{meta} %{y:.4~g}<extra></extra>`,
    ...extra,
    line: { color: colour, width: view.width, ...extra.line },
    marker: { color: colour, size: 6 },
  };
}

/** The curves of one variant: a line for one seed; median and a band from lowest to highest for several, which are
 * drawn too where each seed is asked for. */
function variantTraces(group, options, view, baseOf) {
  const { colour, runs, variant } = group;
  const name = inert(group.label);
  const traces = [];
  for (const metric of options.validation ? ["loss", "val_loss"] : ["loss"]) {
    const members = runs.map((run) => ({ run, ...drawn(run, metric, options, baseOf(run, metric)) }));
    const lines = members.filter((line) => line.x.length);
    if (!lines.length) continue;
    const validation = metric === "val_loss";
    if (options.members && lines.length > 1) {
      traces.push(...lines.map((line) => lineTrace(`v${variant}${metric}seed${line.run.id}`, name, colour, line, view, {
        meta: say("of_seed", { loss: say(metric), seed: String(line.run.seed) }),
        line: { width: 0.5 * view.width, ...(validation ? { dash: "5px,4px" } : {}) },
        opacity: 0.6 * view.opacity,
      })));
    }
    const several = lines.length > 1 ? spread(lines, reachedByAll(lines)) : null;
    const x = several?.x;
    if (several && !validation) {
      const edge = { hoverinfo: "skip", hovertemplate: null, mode: "lines" };
      const uid = `v${variant}band`;
      traces.push(lineTrace(`${uid}0`, name, colour, { x, y: several.low }, view, { ...edge, line: { width: 0 } }));
      const fill = { ...edge, line: { width: 0 }, fill: "tonexty", fillcolor: `${colour}2b` };
      traces.push(lineTrace(`${uid}1`, name, colour, { x, y: several.high }, view, fill));
    }
    traces.push(lineTrace(`v${variant}${metric}`, name, colour, several ? { x, y: several.median } : lines[0], view, {
      meta: several ? say("median_of", { loss: say(metric), count: lines.length }) : say(metric),
      line: validation ? { dash: "5px,4px", width: 0.75 * view.width } : {},
      opacity: view.opacity,
    }));
  }
  return traces;
}

/** The loss of guessing of each variant that is to be drawn, and what guesses so; one entry where all agree. */
function baselines(groups, options, baseOf) {
  const found = groups
    .map((group) => ({ group, level: baseOf(group.runs[0], "loss"), what: group.runs[0].final?.baseline?.what }))
    .filter(({ level }) => level && (level > 0 || !options.log))
    .map((entry) => (options.relative ? { ...entry, level: 1 } : entry));
  const same = found.every(({ level }) => Math.abs(level - found[0].level) <= 1e-3 * Math.abs(found[0].level));
  return same ? found.slice(0, 1) : found;
}

function whatGuesses(levels) {
  return heard(levels.find((entry) => entry.what)?.what || "always guess the same");
}

/** Dotted lines at the loss of guessing: one in grey where all agree, else one per variant in its colour. */
function baselineTraces(levels, lastEpoch, theme) {
  return levels.map(({ group, level }) => ({
    uid: `baseline${levels.length === 1 ? "" : group.variant}`, type: "scatter", showlegend: false, mode: "lines",
    x: [1, lastEpoch], y: [level, level],
    line: { color: levels.length === 1 ? theme.faint : group.colour, ...DOTTED },
    hovertemplate: `${inert(whatGuesses(levels))}<br>${say("loss_of", { loss: formatNumber(level) })}<extra></extra>`,
  }));
}

/** What the dotted line is, said above the plot: inside it the words would lie on curves sooner or later. Where Plotly's
 * bar appears at the right end, they are at the left one. */
function baselineNotes(levels, theme) {
  if (!levels.length) return [];
  const ends = extremes(levels.map(({ level }) => level)).map((level) => formatNumber(level, 3));
  const [low, high] = new Set(ends);
  const words = `${whatGuesses(levels)} (${high === undefined ? low : say("range", { low, high })})`;
  const side = theme.bar ? { x: 0, xanchor: "left" } : { x: 1, xanchor: "right" };
  return [{
    text: `····&nbsp; ${inert(say("baseline_is", { what: words }))}`, xref: "paper", yref: "paper", ...side, y: 1, yanchor: "bottom",
    showarrow: false, font: { color: theme.muted, size: TEXT },
  }];
}

/** A word where a run diverged, at its last finite loss: NaN is an event, never a gap. */
function divergenceTrace(groups, options, theme, baseOf) {
  const marks = groups.flatMap((group) => group.runs.filter((run) => run.state === "diverged").map((run) => {
    const line = drawn(run, "loss", options, baseOf(run, "loss"));
    const last = line.y.findLastIndex((loss) => loss !== null);
    return { colour: group.colour, name: group.label, x: line.x[last], y: line.y[last] ?? null, at: run.diverged_at };
  })).filter((mark) => mark.y !== null);
  if (!marks.length) return [];
  return [{
    uid: "diverged", type: "scatter", mode: marks.length > 12 ? "markers" : "markers+text", showlegend: false,
    x: marks.map((m) => m.x), y: marks.map((m) => m.y), cliponaxis: false,
    text: marks.map((m) => say("nan_at", { epoch: m.at ?? m.x + 1 })),
    textposition: "middle right", textfont: { color: theme.danger, size: TEXT },
    marker: { symbol: "x", size: 9, color: marks.map((m) => m.colour), line: { width: 1, color: theme.background } },
    customdata: marks.map((m) => inert(m.name)),
    hovertemplate: `<b>%{customdata}</b><br>%{text}<br>${say("last_finite", { loss: "%{y:.4~g}" })}<extra></extra>`,
  }];
}

/** Everything to draw, and one sentence when the picture needs a word of caution. */
function figure(runs, meta, chosen, hidden, theme, range) {
  const shown = runs.filter((run) => !hidden.has(run.id));
  const baseOf = (run, metric) => baselineOf(run, runs, metric, meta.comparable);
  const values = shown.flatMap((run) => curveOf(run, "loss").y).filter((v) => v !== null);
  const [least, most] = extremes(values);
  const wide = least > 0 && most / least > 300;
  const log = (chosen.log ?? wide) && least >= 0;
  const options = { ...chosen, log };
  const notes = [];
  if (chosen.log && least < 0) notes.push(say("below_zero"));
  if (!meta.comparable && !options.relative) {
    notes.push(say("different_kinds"));
  }
  if (options.relative && shown.some((run) => curveOf(run, "loss").x.length && !baseOf(run, "loss"))) {
    notes.push(say("baseline_pending"));
  }
  const lost = shown.filter((run) => run.state === "diverged" && !curveOf(run, "loss").y.some((loss) => loss !== null));
  const names = [...new Set(lost.map((run) => run.label))];
  if (lost.length) notes.push(say("no_curve", { names: names.slice(0, 3).join("; ") + (names.length > 3 ? " …" : ".") }));
  const groups = meta.groups
    .map((group) => ({ ...group, runs: shown.filter((run) => run.variant === group.variant) }))
    .filter((group) => group.runs.length);
  const reached = Math.max(1, ...shown.map((run) => curveOf(run, "loss").x.at(-1) || 0));
  if (reached > WHOLE) {
    notes.push(say(options.smooth ? "as_averages" : "with_extremes", { epochs: say("epochs", { count: reached }) }));
  }
  const members = options.members ? groups.reduce((sum, group) => sum + (group.runs.length > 1 ? group.runs.length : 0), 0) : 0;
  const lines = (groups.length + members) * (options.validation ? 2 : 1);
  const limit = Math.max(120, Math.min(POINTS_PER_LINE, Math.floor(POINTS_PER_CHART / Math.max(1, lines))));
  const crowd = groups.length > 60 ? 2 : groups.length > 16 ? 1 : 0;
  const view = { limit, range, width: [2, 1.5, 1][crowd], opacity: [1, 0.9, 0.6][crowd] };
  const data = groups.flatMap((group) => variantTraces(group, options, view, baseOf));
  const levels = options.baseline ? baselines(groups, options, baseOf) : [];
  data.push(...baselineTraces(levels, Math.max(2, reached), theme));
  data.push(...divergenceTrace(groups, options, theme, baseOf));
  const [lowest, highest] = extremes(data.flatMap((trace) => trace.y).filter((v) => v !== null));
  const frame = layout({
    ...options, experiment: meta.view || meta.experiment, least: lowest, most: highest, empty: !values.length, epochs: range ? range[1] - range[0] : reached,
  }, theme);
  if (options.robust) {
    const fit = withoutOutliers(groups.flatMap((group) => linesOf(group, options, baseOf)), levels, log);
    if (fit.range) {
      const [bottom, top] = fit.range.map((end) => (log ? 10 ** end : end));
      Object.assign(frame.yaxis, lossTicks({ log, least: bottom, most: top }), { range: fit.range });
    }
    if (fit.beyond) notes.push(say("outside", { count: fit.beyond }));
  }
  return { data, layout: { ...frame, annotations: baselineNotes(levels, theme) }, notes, log, ends: endsOf(groups, data, range) };
}

/** All lines of a variant as they are drawn, one for each run and metric. */
function linesOf({ runs }, options, baseOf) {
  const metrics = options.validation ? ["loss", "val_loss"] : ["loss"];
  return metrics.flatMap((metric) => runs.map((run) => drawn(run, metric, options, baseOf(run, metric)))).filter((line) => line.x.length);
}

/** How numbers stand at an axis of losses: as they are where they are readable, else as powers of ten. */
function lossTicks({ log, least, most }) {
  const size = Math.max(Math.abs(least), Math.abs(most));
  if (!log) return { rangemode: "tozero", ...(size >= 1e-2 && size < 1e6 ? { exponentformat: "none", separatethousands: true } : {}) };
  const decades = Math.log10(most / least);
  const readable = least >= 1e-3 && most < 1e5;
  return { ...(readable ? { tickformat: ",~g" } : {}), dtick: decades > 2 ? Math.ceil(decades / 8) : null };
}

function layout(options, theme) {
  const axis = {
    visible: !options.empty, gridcolor: theme.grid, linecolor: theme.border, zeroline: false, ticks: "outside", ticklen: 4,
    tickcolor: theme.border, tickfont: { size: TEXT, color: theme.muted }, showspikes: false,
  };
  const title = (text) => ({ text, font: { size: TEXT, color: theme.muted }, standoff: 8 });
  return {
    // Zoom lasts as long as the experiment is the same, or what can be drawn on the same axes.
    uirevision: options.experiment, showlegend: false, hovermode: "closest", dragmode: theme.coarse ? false : "zoom",
    // Fixed, as margins that follow the numbers at the axis have everything drawn twice, and move the plot while it grows.
    height: theme.height, margin: { l: 76, r: 20, t: 24, b: 50 },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { family: theme.font, color: theme.text }, separators: reader.separators,
    modebar: { bgcolor: "rgba(0,0,0,0)", color: theme.faint, activecolor: theme.text },
    hoverlabel: {
      bgcolor: theme.panel, bordercolor: theme.border, font: { family: theme.font, color: theme.text, size: TEXT }, align: "left",
    },
    xaxis: {
      ...axis, title: title(say("epoch")), showgrid: false, rangemode: "normal", tickformat: ",d", dtick: options.epochs <= FEW_EPOCHS ? 1 : null,
    },
    yaxis: {
      ...axis, title: title(say(options.relative ? "relative_loss" : "loss")),
      type: options.log ? "log" : "linear", exponentformat: "power", showexponent: "all",
      uirevision: `${options.experiment} ${options.log} ${options.robust}`,
      ...lossTicks(options),
    },
  };
}
