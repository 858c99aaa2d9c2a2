// The live chart: polls the points of one experiment, appends them in place and redraws at most once a frame.

const FASTEST = 150;
const SOONEST = 50; // for the answer to a turn of a knob
const PATIENCE = 1000; // until what is on the screen is shown as what was there before the turn
const SLOWEST = 1000;
const REMEMBERED = "loss-lab-chart";
const CHIPS = ["log", "relative", "smooth", "validation", "baseline", "members", "robust"];
/** What some chips need to have a meaning, of the data Python sent. */
const NEEDS = { validation: (meta) => meta.validation, members: (meta) => meta.seeds > 1 };
const charts = new WeakMap();

function remembered() {
  const standard = {
    relative: false, smooth: false, validation: true, baseline: true, members: false, robust: false, reading: "last",
  };
  try {
    return { ...standard, ...JSON.parse(localStorage.getItem(REMEMBERED) || "{}") };
  } catch {
    return standard;
  }
}

function remember(options) {
  try {
    localStorage.setItem(REMEMBERED, JSON.stringify(options));
  } catch {
    // A browser that keeps nothing still shows the chart.
  }
}

class LiveChart {
  constructor(root) {
    this.root = root;
    this.part = (name) => root.querySelector(`.ll-${name}`);
    this.options = remembered();
    this.language = reader.language;
    this.part("toolbar").setAttribute("aria-label", say("options"));
    this.part("runs").setAttribute("aria-label", say("runs"));
    this.ends = new EndLabels(this.part("chart"));
    this.makeChips();
    this.makeTableBar();
    this.wake = () => document.hidden || this.schedule(0);
    document.addEventListener("visibilitychange", this.wake);
    // The table below grows with what is known of the runs, which is no reason to draw the curves again.
    this.resize = new ResizeObserver(() => this.room() === this.drawnIn || this.draw());
    this.resize.observe(root);
    this.onFullScreen = () => this.fullScreenChanged();
    document.addEventListener("fullscreenchange", this.onFullScreen);
  }

  /** Takes what Python says; a new experiment starts from nothing, the same one keeps curves and zoom. */
  show(data, fire) {
    this.fire = fire;
    this.heading.textContent = data.title;
    const again = this.data?.experiment === data.experiment;
    // After a turn of a knob the picture stays until there is another, on the same axes, and then as a ghost.
    const turned = Boolean(data.view) && this.data?.view === data.view;
    this.data = data;
    if (again) {
      this.meta.view = data.view;
      this.draw();
      return;
    }
    this.stop();
    this.until = turned ? this.picture() : null;
    this.turned = performance.now();
    this.ghost = this.until && { ...this.until, ghost: null };
    const palette = colours(data.groups.length, data.colours);
    this.meta = {
      ...data,
      groups: data.groups.map((label, variant) => ({
        label, short: data.names[variant], variant, place: data.places[variant], colour: palette[variant],
      })),
    };
    this.runs = data.runs.map((run) => ({
      ...run, label: data.groups[run.variant], place: data.places[run.variant], colour: palette[run.variant],
      state: "queued", attempt: 0, epoch: 0,
    }));
    this.runs.forEach(clearCurves);
    this.byId = new Map(this.runs.map((run) => [run.id, run]));
    const off = (run) => turned && this.until.hidden.has(this.until.runs[run.index]?.id);
    this.hidden = new Set(this.runs.filter(off).map((run) => run.id));
    this.emphasised = null;
    this.cursor = 0;
    this.finished = false;
    this.trouble = "";
    if (turned) {
      // The processor is the training's until there is something new to draw.
      this.wait = SOONEST;
      setTimeout(() => this.until && this.draw(), PATIENCE);
      this.drawWords();
    } else {
      this.range = null;
      this.takeOver();
      this.draw();
    }
    this.schedule(0);
    // On a phone the chart is above the button that was pressed, elsewhere above a long table of runs.
    if (!data.finished && this.root.getBoundingClientRect().top < 60) {
      this.root.scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    }
    loadPlotly(data.plotly).then(() => turned || this.draw(), () => {
      this.trouble = say("no_library");
      this.draw();
    });
  }

  /** What is on the screen: the runs of this experiment or, until the first of their points is here, those before. */
  picture() {
    return this.until ?? { runs: this.runs, meta: this.meta, hidden: this.hidden, ghost: this.ghost };
  }

  /** Gives the screen to the runs of this experiment. */
  takeOver() {
    this.until = null;
    this.table = makeTable(this.part("runs"), this.meta, this.runs, {
      hidden: (run) => this.hidden.has(run.id),
      toggle: (run) => {
        if (!this.hidden.delete(run.id)) this.hidden.add(run.id);
        this.draw();
      },
      emphasise: (run) => {
        this.emphasised = run;
        this.emphasise();
      },
      solo: (run) => this.solo(run),
      alone: (run) => this.isAlone(run),
      reading: () => this.reading(),
      why: (run) => this.fire("why", run.index),
    });
  }

  makeChips() {
    this.chips = CHIPS.map((name) => {
      const chip = element("button", "ll-chip", say(name));
      chip.type = "button";
      chip.title = say(`${name}_chip`);
      chip.onclick = () => {
        this.options[name] = chip.getAttribute("aria-pressed") !== "true";
        remember(this.options);
        this.draw();
      };
      return [name, chip];
    });
    this.heading = element("span", "ll-heading");
    this.showAll = button("ll-chip ll-all", say("show_all"), say("show_all_about"));
    this.showAll.onclick = () => {
      this.hidden.clear();
      this.draw();
    };
    this.fullScreen = button("ll-chip ll-full", "", say("full_about"));
    this.fullScreen.setAttribute("aria-label", say("full"));
    this.fullScreen.innerHTML = `<svg viewBox="0 0 14 14" aria-hidden="true"><path d="M1,5V1H5M9,1H13V5M13,9V13H9M5,13H1V9"/></svg>`;
    this.fullScreen.hidden = !this.root.requestFullscreen;
    this.fullScreen.onclick = () => (this.isFull() ? document.exitFullscreen() : this.root.requestFullscreen());
    this.part("toolbar").replaceChildren(this.heading, this.showAll, ...this.chips.map(([, chip]) => chip), this.fullScreen);
  }

  /** Above the table: of which epoch its losses are, and on a phone whether it has all columns. */
  makeTableBar() {
    this.readings = READINGS.map((name) => {
      const part = button("", say(name), say(`${name}_about`));
      part.onclick = () => {
        this.options.reading = name;
        remember(this.options);
        this.draw();
      };
      return [name, part];
    });
    const group = element("div", "ll-readings");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", say("losses_about"));
    group.append(element("span", "", say("losses")), ...this.readings.map(([, part]) => part));
    this.columns = button("ll-chip ll-columns", say("more_columns"));
    this.columns.onclick = () => {
      const all = this.part("runs").classList.toggle("ll-all");
      this.columns.setAttribute("aria-pressed", String(all));
      this.table.update();
    };
    this.part("tablebar").replaceChildren(group, this.columns);
  }

  /** Where the rows of the table take their losses; without held-out rows there is no epoch of the lowest validation. */
  reading() {
    return this.options.reading === "stop" && !this.meta.validation ? "lowest" : this.options.reading;
  }

  isFull() {
    return document.fullscreenElement === this.root;
  }

  fullScreenChanged() {
    this.fullScreen.setAttribute("aria-pressed", String(this.isFull()));
    this.draw();
  }

  /** The runs that the curve of a run is drawn from: all seeds of its variant, or itself where each is drawn. */
  curveWith(run) {
    return this.options.members ? [run] : this.runs.filter(({ variant }) => variant === run.variant);
  }

  /** Every run that the curve of a run is not drawn from. */
  others(run) {
    const mine = new Set(this.curveWith(run));
    return this.runs.filter((other) => !mine.has(other)).map(({ id }) => id);
  }

  isAlone(run) {
    const others = this.others(run);
    return others.length > 0 && others.length === this.hidden.size && others.every((id) => this.hidden.has(id));
  }

  /** Hides every other curve, or shows all again where this one is alone already. */
  solo(run) {
    this.hidden = new Set(this.isAlone(run) ? [] : this.others(run));
    this.draw();
  }

  schedule(delay) {
    clearTimeout(this.timer);
    if (this.finished || this.gone || document.hidden) return;
    this.timer = setTimeout(() => this.poll(), delay);
  }

  async poll() {
    this.stop();
    const abort = new AbortController();
    this.abort = abort;
    let moved = true;
    try {
      const url = new URL(this.data.points, document.baseURI);
      url.searchParams.set("since", this.cursor);
      url.searchParams.set("lang", this.data.words.language);
      const reply = await fetch(url, { signal: abort.signal, cache: "no-store" });
      if (reply.status === 404) {
        this.trouble = (await reply.json()).error;
        this.draw();
        this.announce(); // the page knows why
        return;
      }
      if (!reply.ok) throw new Error(String(reply.status));
      const news = await reply.json();
      moved = this.take(news) || Boolean(this.trouble);
      this.trouble = "";
      const slower = (this.wait || FASTEST) * (this.until ? 1.15 : 1.5);
      this.wait = moved && !this.until ? FASTEST : Math.min(SLOWEST, slower);
    } catch {
      if (abort.signal.aborted) return;
      this.trouble = say("lost");
      this.wait = Math.min(5000, (this.wait || FASTEST) * 2);
    }
    if (moved && this.until && !this.trouble) this.drawWords();
    else if (moved) this.draw();
    this.schedule(this.wait);
  }

  /** Takes new points; a run that was restarted begins its curve anew. Returns whether anything was new. */
  take(news) {
    const moved = news.cursor !== this.cursor || news.points.length > 0;
    this.cursor = news.cursor;
    this.ahead = news.ahead;
    for (const state of news.runs) {
      const run = this.byId.get(state.id);
      if (!run) continue;
      if (state.attempt > run.attempt) clearCurves(run);
      Object.assign(run, state);
    }
    const current = ({ run, attempt }) => attempt >= this.byId.get(run)?.attempt;
    for (const piece of news.points.filter(current)) addPoints(this.byId.get(piece.run), piece);
    for (const { run, block } of news.blocks.filter(current)) addBlock(this.byId.get(run), block);
    this.finished = news.finished;
    if (this.until && (news.points.length || news.blocks.length || news.finished)) this.takeOver();
    if (this.finished && !this.data.finished) this.announce();
    return moved;
  }

  /** Has the page drawn once more, now that its experiment is over or gone. */
  announce() {
    if (this.announced === this.data.experiment) return;
    this.announced = this.data.experiment;
    this.fire("finished", this.data.experiment);
  }

  draw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      if (!this.gone && this.runs) this.drawNow();
    });
  }

  drawNow() {
    const { runs, meta, hidden, ghost } = this.picture();
    const theme = themeOf(this.root);
    if (this.isFull()) theme.height = this.part("chart").clientHeight;
    const { data, layout, notes, log, ends } = figure(runs, meta, this.options, hidden, theme, this.range);
    // Until there is a curve of these runs, those of the runs before must not pass for theirs.
    const waits = Boolean(this.until) && performance.now() - this.turned >= PATIENCE;
    if (waits) {
      data.length = ends.length = 0;
      layout.annotations.length = 0;
    }
    const before = ghostTraces(waits ? this.until : ghost, { ...this.options, log }, theme, this.range);
    data.unshift(...before);
    layout.annotations.push(...ghostNotes(before, theme));
    for (const [name, chip] of this.chips) {
      chip.setAttribute("aria-pressed", String(name === "log" ? log : this.options[name]));
      chip.hidden = name in NEEDS && !NEEDS[name](this.meta);
    }
    this.showAll.hidden = !this.hidden.size;
    for (const [name, part] of this.readings) {
      part.setAttribute("aria-pressed", String(name === this.reading()));
      part.hidden = name === "stop" && !this.meta.validation;
    }
    this.part("verdict").textContent = this.data.verdict;
    this.drawWords();
    this.part("note").textContent = notes.join(" ");
    const chart = this.part("chart");
    chart.setAttribute("aria-label", this.description());
    if (!window.Plotly || !chart.clientWidth) return;
    const config = {
      displaylogo: false, responsive: false, doubleClick: "reset+autosize", showSendToCloud: false, plotlyServerURL: "",
      displayModeBar: theme.bar ? "hover" : false,
      modeBarButtonsToRemove: ["sendChartToCloud", "select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d"],
    };
    this.drawnIn = this.room();
    layout.width = chart.clientWidth;
    layout.margin.r = Math.max(layout.margin.r, this.ends.room(ends, this.meta.groups.length, theme));
    window.Plotly.react(chart, data, layout, config);
    chart.dataset.experiment = meta.experiment;
    if (!this.plotted) {
      this.plotted = true;
      chart.on("plotly_afterplot", () => this.ends.draw(this.emphasised?.variant));
      chart.on("plotly_relayouting", () => this.ends.draw(this.emphasised?.variant));
      chart.on("plotly_relayout", (change) => {
        if (change["xaxis.autorange"]) this.range = null;
        else if ("xaxis.range[0]" in change) this.range = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
        else return;
        this.draw();
      });
    }
    this.emphasise();
  }

  /** The room of the picture: its height follows the screen where that is full, else the theme. */
  room() {
    const chart = this.part("chart");
    return `${chart.clientWidth} ${this.isFull() ? chart.clientHeight : ""}`;
  }

  /** Draws what is said beside the curves. */
  drawWords() {
    this.table.update();
    this.drawStatus();
  }

  drawStatus() {
    const total = this.runs.reduce((sum, run) => sum + run.epochs, 0);
    const epochs = this.runs.reduce((sum, run) => sum + (run.epoch || 0), 0);
    const reached = this.runs.reduce((sum, run) => sum + (FINISHED.has(run.state) ? run.epochs : run.epoch || 0), 0);
    const seconds = this.runs.reduce((sum, run) => sum + (run.seconds || 0), 0);
    const words = [endingsText(this.runs), epochsText(epochs, total, this.finished)];
    if (seconds) words.push(say("trained", { seconds: separated(seconds.toFixed(seconds < 10 ? 1 : 0)) }));
    const waiting = !this.finished && this.runs.every((run) => run.state === "queued");
    const before = this.ahead ? `: ${say("ahead", { count: this.ahead })}` : "";
    const text = this.trouble || (waiting ? say("waiting") + before : words.join(" · "));
    this.part("status").textContent = text;
    this.part("status").classList.toggle("ll-trouble", Boolean(this.trouble));
    this.part("bar").style.width = `${total ? (100 * reached) / total : 0}%`;
    this.part("progress").classList.toggle("ll-over", this.finished);
    const spoken = this.finished ? say("ended", { text }) : this.trouble;
    if (this.part("spoken").textContent !== spoken) this.part("spoken").textContent = spoken;
  }

  description() {
    const ends = this.runs.slice(0, 12).map((run) => `${run.label}: ${formatNumber(lastOf(curveOf(run, "loss").y))}`);
    return say("description", { count: this.runs.length, losses: ends.join("; ") });
  }

  /** Whether a line, by its class, is a curve of a run, or where each seed is drawn of no other run. */
  isCurveOf(run, name) {
    return ["loss", "val_loss", "band"].some((part) => {
      const [, seed] = name.split(`tracev${run.variant}${part}`);
      return seed !== undefined && (!this.options.members || !seed.startsWith("seed") || seed === `seed${run.id}`);
    });
  }

  /** Fades every curve but that of one run; Plotly puts a trace's uid into the class of its lines. */
  emphasise() {
    const only = this.emphasised;
    const lines = only || this.faded ? this.part("chart").querySelectorAll(".scatterlayer .trace") : [];
    for (const line of lines) {
      const name = [...line.classList].find((part) => part.startsWith("trace") && part !== "trace") ?? "";
      line.classList.toggle("ll-faded", Boolean(only) && !name.startsWith("tracebaseline") && !this.isCurveOf(only, name));
    }
    this.faded = Boolean(only);
    this.ends.draw(only?.variant);
  }

  stop() {
    clearTimeout(this.timer);
    this.abort?.abort();
  }

  close() {
    this.gone = true;
    this.stop();
    cancelAnimationFrame(this.frame);
    this.resize.disconnect();
    document.removeEventListener("visibilitychange", this.wake);
    document.removeEventListener("fullscreenchange", this.onFullScreen);
    this.ends.svg.remove();
    if (this.plotted) window.Plotly.purge(this.part("chart"));
  }
}

export default function (component) {
  const root = component.parentElement.querySelector(".ll-live");
  let chart = charts.get(root);
  if (chart && chart.language !== component.data.words.language) {
    chart.close(); // its buttons are in the language before
    chart = null;
  }
  speak(component.data.words);
  if (!chart) charts.set(root, (chart = new LiveChart(root)));
  chart.show(component.data, component.setTriggerValue);
  return () => {
    chart.close();
    charts.delete(root);
  };
}
