// The curves before: what the last turn of a knob has replaced stays, thin and grey, under what came of it.

const GHOST_POINTS = 20000;

/** A thin grey line for each variant of the picture before, its validation loss too where it had one variant only. */
function ghostTraces(ghost, options, theme, range) {
  if (!ghost) return [];
  const { meta, hidden } = ghost;
  const runs = ghost.runs.filter((run) => !hidden.has(run.id));
  const baseOf = (run, metric) => baselineOf(run, ghost.runs, metric, meta.comparable);
  const view = { limit: Math.max(60, Math.floor(GHOST_POINTS / meta.groups.length)), range, width: 1.25 };
  const metrics = options.validation && meta.groups.length === 1 ? ["loss", "val_loss"] : ["loss"];
  return meta.groups.flatMap(({ variant, label }) => metrics.flatMap((metric) => {
    const mine = runs.filter((run) => run.variant === variant);
    const drawnOf = (run) => ({ run, ...drawn(run, metric, options, baseOf(run, metric)) });
    const lines = mine.map(drawnOf).filter((line) => line.x.length);
    if (!lines.length) return [];
    const several = lines.length > 1 ? spread(lines, reachedByAll(lines)) : null;
    const name = meta.settings.length ? say("before_of", { name: inert(label) }) : say("before");
    return [lineTrace(`ghost${variant}${metric}`, name, theme.faint, several ? { x: several.x, y: several.median } : lines[0], view, {
      meta: say(metric), opacity: 0.75, line: metric === "loss" ? {} : { dash: "5px,4px", width: 1 },
    })];
  }));
}

/** What the thin grey lines are, said beside the name of the axis: inside the plot the word would lie on curves. */
function ghostNotes(traces, theme) {
  if (!traces.length) return [];
  return [{
    text: `──&nbsp; ${say("before")}`, xref: "paper", yref: "paper", x: 1, xanchor: "right", y: 0, yanchor: "top", yshift: -27,
    showarrow: false, font: { color: theme.muted, size: TEXT },
  }];
}
