// The live chart: polls the points of one experiment, appends them in place and redraws at most once a frame.

const FASTEST = 150;
const SLOWEST = 1000;
const REMEMBERED = "loss-lab-chart";
const CHIPS = [
  ["log", "Log", "Logarithmic loss axis"],
  ["relative", "Relative to baseline", "Loss divided by the loss of always guessing the same: 1 is no better than that"],
  ["smooth", "Smooth", "Moving average over about ten epochs"],
  ["validation", "Validation", "Dashed: loss on rows held out"],
  ["baseline", "Baseline", "Dotted: the loss of always guessing the same"],
];
const charts = new WeakMap();

function remembered() {
  const standard = { relative: false, smooth: false, validation: true, baseline: true };
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
    this.makeChips();
    this.wake = () => document.hidden || this.schedule(0);
    document.addEventListener("visibilitychange", this.wake);
    this.resize = new ResizeObserver(() => this.draw());
    this.resize.observe(root);
  }

  /** Takes what Python says; a new experiment starts from nothing, the same one keeps curves and zoom. */
  show(data, fire) {
    this.fire = fire;
    this.heading.textContent = data.title;
    const again = this.data?.experiment === data.experiment;
    this.data = data;
    if (again) {
      this.draw();
      return;
    }
    this.stop();
    const palette = colours(data.groups.length, data.colours);
    this.meta = { ...data, groups: data.groups.map((label, variant) => ({ label, variant, colour: palette[variant] })) };
    this.runs = data.runs.map((run) => ({
      ...run, label: data.groups[run.variant], colour: palette[run.variant], state: "queued", attempt: 0, epoch: 0,
    }));
    this.runs.forEach(clearCurves);
    this.byId = new Map(this.runs.map((run) => [run.id, run]));
    this.hidden = new Set();
    this.emphasised = null;
    this.cursor = 0;
    this.finished = false;
    this.trouble = "";
    this.range = null;
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
      why: (run) => this.fire("why", run.index),
    });
    this.draw();
    this.schedule(0);
    // On a phone the chart is above the button that was pressed, elsewhere above a long table of runs.
    if (!data.finished && this.root.getBoundingClientRect().top < 60) {
      this.root.scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    }
    loadPlotly(data.plotly).then(() => this.draw(), () => {
      this.trouble = "The chart library did not load; reload the page.";
      this.draw();
    });
  }

  makeChips() {
    this.chips = CHIPS.map(([name, label, title]) => {
      const chip = element("button", "ll-chip", label);
      chip.type = "button";
      chip.title = title;
      chip.onclick = () => {
        this.options[name] = chip.getAttribute("aria-pressed") !== "true";
        remember(this.options);
        this.draw();
      };
      return [name, chip];
    });
    this.heading = element("span", "ll-heading");
    this.part("toolbar").replaceChildren(this.heading, ...this.chips.map(([, chip]) => chip));
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
    try {
      const url = new URL(this.data.points, document.baseURI);
      url.searchParams.set("since", this.cursor);
      const reply = await fetch(url, { signal: abort.signal, cache: "no-store" });
      if (reply.status === 404) {
        this.trouble = (await reply.json()).error;
        this.draw();
        return;
      }
      if (!reply.ok) throw new Error(String(reply.status));
      const news = await reply.json();
      const moved = this.take(news);
      this.trouble = "";
      this.wait = moved ? FASTEST : Math.min(SLOWEST, (this.wait || FASTEST) * 1.5);
    } catch {
      if (abort.signal.aborted) return;
      this.trouble = "Connection lost, trying again.";
      this.wait = Math.min(5000, (this.wait || FASTEST) * 2);
    }
    this.draw();
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
    if (this.finished && !this.data.finished && this.announced !== this.data.experiment) {
      this.announced = this.data.experiment;
      this.fire("finished", this.data.experiment);
    }
    return moved;
  }

  draw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      if (!this.gone && this.runs) this.drawNow();
    });
  }

  drawNow() {
    const { data, layout, notes, log } = figure(
      this.runs, this.meta, this.options, this.hidden, themeOf(this.root), this.range,
    );
    for (const [name, chip] of this.chips) {
      chip.setAttribute("aria-pressed", String(name === "log" ? log : this.options[name]));
      chip.hidden = name === "validation" && !this.meta.validation;
    }
    this.table.update();
    this.drawStatus();
    this.part("note").textContent = notes.join(" ");
    const chart = this.part("chart");
    chart.setAttribute("aria-label", this.description());
    if (!window.Plotly || !chart.clientWidth) return;
    const config = {
      displaylogo: false, responsive: false, doubleClick: "reset+autosize", showSendToCloud: false, plotlyServerURL: "",
      // Where nothing hovers the bar would always stand, and over the words of the baseline.
      displayModeBar: window.matchMedia("(hover: none)").matches ? false : "hover",
      modeBarButtonsToRemove: ["sendChartToCloud", "select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d"],
    };
    layout.width = chart.clientWidth;
    window.Plotly.react(chart, data, layout, config);
    if (!this.plotted) {
      this.plotted = true;
      chart.on("plotly_relayout", (change) => {
        if (change["xaxis.autorange"]) this.range = null;
        else if ("xaxis.range[0]" in change) this.range = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
        else return;
        this.draw();
      });
    }
    this.emphasise();
  }

  drawStatus() {
    const total = this.runs.reduce((sum, run) => sum + run.epochs, 0);
    const epochs = this.runs.reduce((sum, run) => sum + (run.epoch || 0), 0);
    const reached = this.runs.reduce((sum, run) => sum + (FINISHED.has(run.state) ? run.epochs : run.epoch || 0), 0);
    const seconds = this.runs.reduce((sum, run) => sum + (run.seconds || 0), 0);
    const words = [endingsText(this.runs), epochsText(epochs, total, this.finished)];
    if (seconds) words.push(`${seconds.toFixed(seconds < 10 ? 1 : 0)} s of training`);
    const waiting = !this.finished && this.runs.every((run) => run.state === "queued");
    const before = this.ahead ? `: ${this.ahead} ${this.ahead === 1 ? "run" : "runs"} before it` : "";
    const text = this.trouble || (waiting ? `Waiting for a free trainer${before}` : words.join(" · "));
    this.part("status").textContent = text;
    this.part("status").classList.toggle("ll-trouble", Boolean(this.trouble));
    this.part("bar").style.width = `${total ? (100 * reached) / total : 0}%`;
    this.part("progress").classList.toggle("ll-over", this.finished);
    const spoken = this.finished ? `Ended: ${text}` : this.trouble;
    if (this.part("spoken").textContent !== spoken) this.part("spoken").textContent = spoken;
  }

  description() {
    const ends = this.runs.slice(0, 12).map((run) => `${run.label}: ${formatNumber(lastOf(curveOf(run, "loss").y))}`);
    return `Loss by epoch of ${this.runs.length} runs. Last losses: ${ends.join("; ")}.`;
  }

  /** Fades every curve but that of one run; Plotly puts a trace's uid into the class of its lines. */
  emphasise() {
    const only = this.emphasised;
    for (const line of this.part("chart").querySelectorAll(".scatterlayer .trace")) {
      const mine = !only || line.classList.value.includes(`tracev${only.variant}loss`)
        || line.classList.value.includes(`tracev${only.variant}val_loss`)
        || line.classList.value.includes(`tracev${only.variant}band`);
      line.classList.toggle("ll-faded", !mine && !line.classList.value.includes("tracebaseline"));
    }
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
    if (this.plotted) window.Plotly.purge(this.part("chart"));
  }
}

export default function (component) {
  const root = component.parentElement.querySelector(".ll-live");
  let chart = charts.get(root);
  if (!chart) charts.set(root, (chart = new LiveChart(root)));
  chart.show(component.data, component.setTriggerValue);
  return () => {
    chart.close();
    charts.delete(root);
  };
}
