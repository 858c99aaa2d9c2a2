// The table of the runs, which is the chart's legend too. Every word goes in as text, never as markup.

const STATES = { queued: "waiting", leased: "starting", running: "running", done: "done", cancelled: "cancelled" };
const FINISHED = new Set(["done", "diverged", "failed", "cancelled"]);
const DIAGNOSABLE = new Set(["done", "diverged", "failed"]);

function stateText(run) {
  const again = run.attempt > 1 ? ` · restarted ${run.attempt === 2 ? "once" : `${run.attempt - 1} times`}` : "";
  if (run.state === "diverged") return `diverged at epoch ${run.diverged_at ?? run.epoch}${again}`;
  if (run.state === "failed") return `failed: ${run.error || "no reason was given"}${again}`;
  // Its losses are those of the last epoch, its skills are not.
  const judged = run.final?.weights_of_epoch ? ` · skill of epoch ${run.final.weights_of_epoch}` : "";
  return (STATES[run.state] || run.state) + judged + again;
}

/** How far all runs are: ``2 of 4 finished`` while some train, ``3 finished, 15 cancelled`` once it is over. */
function endingsText(runs) {
  const count = (state) => runs.filter((run) => run.state === state).length;
  const others = ["diverged", "failed", "cancelled"].map((state) => [count(state), state]).filter(([number]) => number);
  const done = count("done");
  const over = runs.every((run) => FINISHED.has(run.state));
  const words = over ? (done ? [`${done} finished`] : []) : [`${done} of ${runs.length} finished`];
  return [...words, ...others.map((other) => other.join(" "))].join(", ");
}

/** How many epochs were trained; a run that was stopped while its network was built has ended none. */
function epochsText(epochs, total, finished) {
  if (!finished) return `epoch ${grouped(epochs)} of ${grouped(total)}`;
  return epochs ? `${grouped(epochs)} epoch${epochs === 1 ? "" : "s"}` : "no epoch ended";
}

/** Leads to the diagnosis of a run: a plain click stays in the session, any other opens the link as it would. */
function whyLink(meta, run, actions) {
  const link = element("a", "ll-why", "Why?");
  link.href = new URL(`${meta.why}?x=${encodeURIComponent(meta.experiment)}&run=${run.index}`, document.baseURI);
  link.title = "What causes this loss?";
  link.setAttribute("aria-label", `Why? Diagnose ${run.label}`);
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

/** The number a text is, or the text: of several layers, "16, 16" comes after "16". */
function numberOrText(text) {
  return text.trim() !== "" && !Number.isNaN(Number(text)) ? Number(text) : text;
}

/** The columns: what differs, then what came out. `sort` gives the value to order by. */
function columnsOf(meta) {
  const columns = meta.settings.map((label, i) => ({
    label, text: (run) => run.values[i], sort: (run) => numberOrText(run.values[i]),
  }));
  if (!columns.length) columns.push({ label: "Run", text: (run) => run.label, sort: (run) => run.index });
  if (meta.seeds > 1) columns.push({ label: "Seed", text: (run) => String(run.seed), sort: (run) => run.seed, number: true });
  const number = (label, title, value, format = formatNumber) => ({
    label, title, text: (run) => format(value(run)), sort: value, number: true,
  });
  columns.push(number("Loss", "training loss in the last epoch", (run) => lastOf(curveOf(run, "loss").y)));
  if (meta.validation) {
    columns.push(number("Validation", "loss on rows held out, in the last epoch", (run) => lastOf(curveOf(run, "val_loss").y)));
  }
  const skill = "1 = perfect, 0 = no better than always guessing the same, below 0 = worse";
  columns.push(number("Skill", `on training rows: ${skill}`, (run) => run.final?.skill ?? null, formatSkill));
  if (meta.validation) {
    columns.push(number("Val. skill", `on rows held out: ${skill}`, (run) => run.final?.val_skill ?? null, formatSkill));
  }
  columns.push(number("Epochs run", "epochs trained", (run) => run.epoch || 0, grouped));
  const seconds = "from start to result; the first run of a structure is slower, as it is compiled meanwhile";
  columns.push(number("Seconds", seconds, (run) => run.seconds ?? null, (s) => (s === null ? "–" : s.toFixed(2))));
  columns.push({ label: "State", text: stateText, sort: stateText, state: true });
  return columns;
}

/** Builds the table once; `update` then writes only the cells that changed. */
function makeTable(host, meta, runs, actions) {
  const columns = columnsOf(meta);
  const table = element("table", "ll-table");
  table.append(element("caption", "ll-hidden", "The runs of this experiment"));
  const head = table.createTHead().insertRow();
  const corner = element("th");
  corner.append(element("span", "ll-hidden", "Curve"));
  head.append(corner);
  let order = { column: null, down: false };
  const heads = columns.map((column) => {
    const cell = element("th", column.number ? "ll-number" : "");
    cell.scope = "col";
    const button = element("button", "ll-sort", column.label);
    button.type = "button";
    button.title = column.title ? `${column.label}: ${column.title}` : `Sort by ${column.label}`;
    button.onclick = () => {
      order = { column, down: order.column === column ? !order.down : false };
      update();
    };
    cell.append(button);
    head.append(cell);
    return cell;
  });
  if (meta.why) {
    const cell = element("th", "ll-why");
    cell.append(element("span", "ll-hidden", "Diagnosis"));
    head.append(cell);
  }
  const body = table.createTBody();
  const rows = runs.map((run) => {
    const row = body.insertRow();
    const swatch = element("button", "ll-swatch");
    swatch.type = "button";
    swatch.style.setProperty("--swatch", run.colour);
    swatch.setAttribute("aria-label", `Curve of ${run.label}`);
    row.insertCell().append(swatch);
    const cells = columns.map((column) => {
      const cell = row.insertCell();
      if (column.number) cell.className = "ll-number";
      return cell;
    });
    const why = meta.why ? row.insertCell().appendChild(whyLink(meta, run, actions)) : null;
    why?.parentElement.classList.add("ll-why");
    row.onclick = () => actions.toggle(run);
    row.onmouseenter = () => actions.emphasise(run);
    row.onmouseleave = () => actions.emphasise(null);
    swatch.onfocus = () => actions.emphasise(run);
    swatch.onblur = () => actions.emphasise(null);
    return { run, row, swatch, cells, why };
  });
  host.replaceChildren(table);

  function update() {
    for (const { run, row, swatch, cells, why } of rows) {
      const visible = !actions.hidden(run);
      row.classList.toggle("ll-off", !visible);
      swatch.setAttribute("aria-pressed", String(visible));
      if (why) why.hidden = !DIAGNOSABLE.has(run.state);
      columns.forEach((column, i) => {
        const text = column.text(run);
        if (cells[i].textContent !== text) cells[i].textContent = text;
        if (column.state && cells[i].dataset.state !== run.state) cells[i].dataset.state = run.state;
      });
    }
    heads.forEach((cell, i) => {
      const sorted = order.column === columns[i];
      cell.setAttribute("aria-sort", sorted ? (order.down ? "descending" : "ascending") : "none");
    });
    if (!order.column) return;
    const key = ({ run }) => order.column.sort(run);
    const sign = order.down ? -1 : 1;
    const sorted = [...rows].sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      if (x === null || y === null) return (x === null) - (y === null);
      return sign * (typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y)));
    });
    sorted.forEach((entry, i) => {
      if (body.rows[i] !== entry.row) body.insertBefore(entry.row, body.rows[i]);
    });
  }
  return { update };
}
