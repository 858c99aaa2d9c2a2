// The table of the runs, which is the chart's legend too. Every word goes in as text, never as markup.

const FINISHED = new Set(["done", "diverged", "failed", "cancelled"]);
const DIAGNOSABLE = new Set(["done", "diverged", "failed"]);

function stateText(run) {
  const again = run.attempt > 1 ? ` · ${say("restarted", { count: run.attempt - 1 })}` : "";
  if (run.state === "diverged") return say("diverged_at", { epoch: run.diverged_at ?? run.epoch }) + again;
  if (run.state === "failed") return say("failed_as", { reason: run.error || say("no_reason") }) + again;
  // Its losses are those of the last epoch, its skills are not.
  const judged = run.final?.weights_of_epoch ? ` · ${say("skill_of", { epoch: run.final.weights_of_epoch })}` : "";
  return heard(run.state) + judged + again;
}

/** How far all runs are: ``2 of 4 finished`` while some train, ``3 finished, 15 cancelled`` once it is over. */
function endingsText(runs) {
  const count = (state) => runs.filter((run) => run.state === state).length;
  const others = ["diverged", "failed", "cancelled"].map((state) => [`count_${state}`, { count: count(state) }]).filter(([, value]) => value.count);
  const done = count("done");
  const over = runs.every((run) => FINISHED.has(run.state));
  const words = over ? (done ? [say("count_done", { count: done })] : []) : [say("done_of", { count: done, runs: runs.length })];
  return [...words, ...others.map((other) => say(...other))].join(", ");
}

/** How many epochs were trained; a run that was stopped while its network was built has ended none. */
function epochsText(epochs, total, finished) {
  if (!finished) return say("epoch_of", { epoch: epochs, epochs: total });
  return epochs ? say("epochs", { count: epochs }) : say("no_epoch");
}

/** Leads to the diagnosis of a run: a plain click stays in the session, any other opens the link as it would. */
function whyLink(meta, run, actions) {
  const link = element("a", "ll-why", say("why"));
  link.href = new URL(`${meta.why}?x=${encodeURIComponent(meta.experiment)}&run=${run.index}`, document.baseURI);
  link.title = say("why_about");
  link.setAttribute("aria-label", say("why_of", { run: run.label }));
  link.onclick = (event) => {
    event.stopPropagation();
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    actions.why(run);
  };
  return link;
}

function lastOf(values) {
  return values.at(-1) ?? null;
}

/** Of which epoch the losses in the table are. */
const READINGS = ["last", "lowest", "stop"];

/** A loss of a run and the epoch it is of, as one of `READINGS`. */
function readOf(run, metric, reading) {
  if (reading === "lowest") return lowestOf(run, metric);
  if (reading === "stop") return valueAt(run, metric, lowestOf(run, "val_loss").epoch ?? Infinity);
  const { x, y } = curveOf(run, metric);
  return { value: lastOf(y), epoch: lastOf(x) };
}

/** The number a text is, or the text: of several layers, "16, 16" comes after "16". */
function numberOrText(text) {
  return text.trim() !== "" && !Number.isNaN(Number(text)) ? Number(text) : text;
}

/**
 * The columns: what differs, then what came out, the important ones first. `sort` gives the value to order by, `at` the epoch a number is of.
 *
 * Those that are `wide` have no room on a phone, where one column with the whole name, which is `narrow`, stands for
 * what differs.
 */
function columnsOf(meta, reading) {
  const seeds = meta.seeds > 1;
  const columns = [{
    label: say("run"), text: (run) => (seeds ? `${run.label} · ${say("seed_of", { seed: String(run.seed) })}` : run.label), sort: (run) => run.index, narrow: true,
  }];
  columns.push(...meta.settings.map((label, i) => ({
    label, text: (run) => run.values[i], sort: (run) => numberOrText(run.values[i]), wide: true,
  })));
  if (!meta.settings.length) columns.push({ label: say("run"), text: (run) => run.label, sort: (run) => run.index, wide: true });
  const number = (label, title, value, format = formatNumber) => ({
    label, title, text: (run) => format(value(run)), sort: value, number: true,
  });
  if (seeds) columns.push({ ...number(say("seed"), say("seed_about"), (run) => run.seed, String), wide: true });
  const loss = (label, rows, metric) => ({
    ...number(label, rows, (run) => readOf(run, metric, reading()).value),
    at: (run) => (reading() === "last" ? null : readOf(run, metric, reading()).epoch),
    wide: true,
  });
  columns.push(loss(say("loss_column"), say("loss_about"), "loss"));
  if (meta.validation) columns.push(loss(say("validation"), say("val_loss_about"), "val_loss"));
  columns.push({ ...number(say("skill"), say("skill_about"), (run) => run.final?.skill ?? null, formatSkill), wide: meta.validation });
  if (meta.validation) {
    columns.push(number(say("val_skill"), say("val_skill_about"), (run) => run.final?.val_skill ?? null, formatSkill));
  }
  columns.push({ label: say("state"), text: stateText, sort: stateText, state: true });
  columns.push({ ...number(say("epochs_run"), say("epochs_about"), (run) => run.epoch || 0, grouped), wide: true });
  columns.push({ ...number(say("seconds"), say("seconds_about"), (run) => run.seconds ?? null, (s) => (s === null ? "–" : separated(s.toFixed(2)))), wide: true });
  return columns;
}

function button(className, text, title) {
  const node = element("button", className, text);
  node.type = "button";
  if (title) node.title = title;
  return node;
}

/** Every setting of a run, label and value: first what differs, then what all runs share. */
function settingsOf(meta, run) {
  const seed = meta.seeds > 1 ? [[say("seed"), String(run.seed)]] : [];
  return [...meta.settings.map((label, i) => [label, run.values[i]]), ...seed, ...meta.shared];
}

/** What a click on a row's arrow shows below it: this curve alone, what has no room in the table, every setting. */
function detailOf(meta, run, columns, actions) {
  const row = element("tr", "ll-detail");
  const cell = row.insertCell();
  cell.colSpan = columns.length + 2;
  const inside = cell.appendChild(element("div"));
  const only = inside.appendChild(button("ll-chip", ""));
  only.onclick = () => actions.solo(run);
  const list = (entries, className) => {
    const node = inside.appendChild(element("dl", className));
    return entries.map(([label, value]) => {
      const pair = node.appendChild(element("div"));
      pair.append(element("dt", "", label));
      return pair.appendChild(element("dd", "", value));
    });
  };
  const results = columns.filter((column) => column.wide && (column.number || column.at) && column.label !== say("seed"));
  const numbers = list(results.map((column) => [column.label, ""]), "ll-narrow");
  list(settingsOf(meta, run));
  const update = () => {
    only.textContent = say(actions.alone(run) ? "all_curves" : "only_this");
    results.forEach((column, i) => {
      numbers[i].textContent = column.text(run);
    });
  };
  return { row, update };
}

function swatchOf(meta, run) {
  const swatch = button("ll-swatch", undefined, say("swatch_about"));
  swatch.style.setProperty("--swatch", run.colour);
  swatch.setAttribute("aria-label", say("curve_of", { run: run.label }));
  const shape = shapeOf(run.place, meta.groups.length);
  if (shape) {
    // Markup of our own alone: no word of a person is in it.
    swatch.innerHTML = `<svg viewBox="-6 -6 12 12" aria-hidden="true"><path d="${shape}"/></svg>`;
  }
  return swatch;
}

/** Builds the table once; `update` then writes only the cells that changed. */
function makeTable(host, meta, runs, actions) {
  const columns = columnsOf(meta, actions.reading);
  const table = element("table", "ll-table");
  table.append(element("caption", "ll-hidden", say("table")));
  const head = table.createTHead().insertRow();
  const corner = element("th");
  corner.append(element("span", "ll-hidden", say("curve")));
  head.append(corner);
  const classOf = (column) => [column.number && "ll-number", column.wide && "ll-wide", column.narrow && "ll-narrow"].filter(Boolean).join(" ");
  let order = { column: null, down: false };
  const heads = columns.map((column) => {
    const cell = element("th", classOf(column));
    cell.scope = "col";
    const sort = button("ll-sort", column.label, column.title ? `${column.label}: ${column.title}` : say("sort_by", { column: column.label }));
    sort.onclick = () => {
      order = { column, down: order.column === column ? !order.down : false };
      update();
    };
    cell.append(sort);
    head.append(cell);
    return cell;
  });
  if (meta.why) {
    const cell = element("th", "ll-why");
    cell.append(element("span", "ll-hidden", say("diagnosis")));
    head.append(cell);
  }
  const body = table.createTBody();
  const rows = runs.map((run) => {
    const row = body.insertRow();
    const entry = { run, row, swatch: swatchOf(meta, run), detail: null };
    entry.more = button("ll-more", undefined, say("all_settings"));
    entry.more.setAttribute("aria-label", say("all_settings_of", { run: run.label }));
    entry.more.setAttribute("aria-expanded", "false");
    entry.more.onclick = (event) => {
      event.stopPropagation();
      entry.detail?.row.remove();
      entry.detail = entry.detail ? null : detailOf(meta, run, columns, actions);
      entry.more.setAttribute("aria-expanded", String(Boolean(entry.detail)));
      update();
    };
    entry.more.ondblclick = (event) => event.stopPropagation();
    const corner = row.insertCell();
    corner.append(entry.swatch, entry.more);
    entry.cells = columns.map((column) => {
      const cell = row.insertCell();
      cell.className = classOf(column);
      return cell;
    });
    entry.why = meta.why ? row.insertCell().appendChild(whyLink(meta, run, actions)) : null;
    entry.why?.parentElement.classList.add("ll-why");
    row.onclick = (event) => (event.altKey ? actions.solo(run) : actions.toggle(run));
    row.ondblclick = () => actions.solo(run);
    row.onmouseenter = () => {
      row.title ||= settingsOf(meta, run).map((pair) => pair.join(": ")).join("\n");
      actions.emphasise(run);
    };
    row.onmouseleave = () => actions.emphasise(null);
    for (const stop of [entry.swatch, entry.more]) {
      stop.onfocus = () => actions.emphasise(run);
      stop.onblur = () => actions.emphasise(null);
    }
    return entry;
  });
  host.replaceChildren(table);
  /** Whether there are columns that one has to scroll to. */
  const cue = () => host.classList.toggle("ll-beyond", host.scrollLeft + host.clientWidth < host.scrollWidth - 1);
  host.onscroll = cue;

  function update() {
    for (const { run, row, swatch, cells, why, detail } of rows) {
      const visible = !actions.hidden(run);
      row.classList.toggle("ll-off", !visible);
      swatch.setAttribute("aria-pressed", String(visible));
      if (why) why.hidden = !DIAGNOSABLE.has(run.state);
      columns.forEach((column, i) => {
        const text = column.text(run);
        const epoch = column.at?.(run) ?? null;
        const words = epoch === null ? text : text + say("at", { epoch });
        if (cells[i].textContent !== words) {
          cells[i].textContent = text;
          if (epoch !== null) cells[i].append(element("span", "ll-at", say("at", { epoch })));
          cells[i].title = epoch === null ? "" : say("of_epoch", { epoch });
        }
        if (column.state && cells[i].dataset.state !== run.state) cells[i].dataset.state = run.state;
      });
      detail?.update();
    }
    heads.forEach((cell, i) => {
      const sorted = order.column === columns[i];
      cell.setAttribute("aria-sort", sorted ? (order.down ? "descending" : "ascending") : "none");
    });
    const key = ({ run }) => order.column.sort(run);
    const sign = order.down ? -1 : 1;
    const sorted = !order.column ? rows : [...rows].sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      if (x === null || y === null) return (x === null) - (y === null);
      return sign * (typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y)));
    });
    sorted.flatMap(({ row, detail }) => (detail ? [row, detail.row] : [row])).forEach((row, i) => {
      if (body.rows[i] !== row) body.insertBefore(row, body.rows[i] ?? null);
    });
    cue();
  }
  return { update };
}
