// The row of pictures: polls the frames of up to six runs while it is in sight, draws them side by side, replays them.

const POLL = 200;
const REST = 1500;
const STEP = 350;
const CALM_STEP = 1000;
const CHOSEN = "loss-lab-picture";
const panels = new WeakMap();

function recalled() {
  try {
    return localStorage.getItem(CHOSEN);
  } catch {
    return null;
  }
}

function recall(name) {
  try {
    localStorage.setItem(CHOSEN, name);
  } catch {
    // A browser that keeps nothing still shows pictures.
  }
}

/** The pixels of a field as an image Plotly can lay under its points. */
function imageOf(pixels, side) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  canvas.getContext("2d").putImageData(new ImageData(pixels, side, side), 0, 0);
  return canvas.toDataURL();
}

class Pictures {
  constructor(root) {
    this.root = root;
    this.part = (name) => root.querySelector(`.lp-${name}`);
    this.language = reader.language;
    this.makeControls();
    this.wake = () => this.schedule(0);
    document.addEventListener("visibilitychange", this.wake);
    // Of several changes since it was told last, the last one holds.
    this.sight = new IntersectionObserver((changes) => {
      this.seen = changes.at(-1).isIntersecting;
      if (this.seen) this.draw();
      this.schedule(0);
    }, { rootMargin: "200px" });
    this.sight.observe(root);
    this.resize = new ResizeObserver(() => this.draw());
    this.resize.observe(root);
  }

  /** Takes what Python says; a new experiment starts from nothing, the same one keeps what it shows. */
  show(data) {
    const again = this.data?.experiment === data.experiment;
    this.data = data;
    if (!again) {
      this.wanted = data.wanted ?? recalled();
      const palette = colours(data.groups.length, data.colours);
      this.runs = data.runs.map((run) => ({ ...run, label: data.groups[run.variant], colour: palette[run.variant] }));
      this.runs.forEach(clearFrames);
      this.chosen = new Set(data.first);
      this.stopPlaying();
      this.restart();
      this.makeChoice();
      loadPlotly(data.plotly).then(() => this.draw(), () => {
        this.trouble = say("no_library");
        this.draw();
      });
    }
    this.draw();
  }

  /** Asks for everything of the chosen runs anew, once their curves have been asked for. */
  restart() {
    this.abort?.abort();
    this.cursor = 0;
    this.at = null;
    this.finished = false;
    this.schedule(POLL);
  }

  shown() {
    return this.runs.filter((run) => this.chosen.has(run.id));
  }

  makeControls() {
    this.part("title").textContent = say("pictures");
    this.part("held-out").textContent = say("rows_held_out");
    this.root.setAttribute("aria-label", say("pictures"));
    for (const name of ["tabs", "runs", "slider"]) this.part(name).setAttribute("aria-label", say(`${name}_label`));
    this.part("quiet").textContent = say("others");
    this.play = this.part("play");
    this.play.onclick = () => (this.playing ? this.stopPlaying() : this.startPlaying());
    this.slider = this.part("slider");
    this.slider.oninput = () => {
      this.stopPlaying();
      const epochs = epochsShown(this.shown());
      const place = Number(this.slider.value);
      this.at = place === epochs.length - 1 ? null : epochs[place];
      this.draw();
    };
    const heldOut = this.part("held-out");
    heldOut.onclick = () => {
      this.heldOut = !this.heldOut;
      this.draw();
    };
  }

  makeChoice() {
    this.part("choice").open = false;
    const names = this.runs.map((run) => run.label + (this.data.seeds > 1 ? ` · ${say("seed_of", { seed: String(run.seed) })}` : ""));
    this.boxes = this.runs.map((run, i) => {
      const label = element("label", "lp-run");
      const check = element("input");
      check.type = "checkbox";
      check.onchange = () => {
        if (check.checked) this.chosen.add(run.id);
        else this.chosen.delete(run.id);
        this.restart();
        this.draw();
      };
      const swatch = element("span", "lp-swatch");
      swatch.style.setProperty("--swatch", run.colour);
      label.append(check, swatch, element("span", "", names[i]));
      return { run, label, check };
    });
    this.part("runs").replaceChildren(...this.boxes.map(({ label }) => label));
    this.cards = new Map();
    this.part("cards").replaceChildren();
  }

  schedule(delay) {
    clearTimeout(this.timer);
    if (this.finished || this.gone || document.hidden || !this.seen || !this.data || !this.chosen.size) return;
    this.timer = setTimeout(() => this.poll(), delay);
  }

  async poll() {
    this.abort?.abort();
    const abort = new AbortController();
    this.abort = abort;
    try {
      const url = new URL(this.data.pictures, document.baseURI);
      url.searchParams.set("runs", [...this.chosen].join(","));
      url.searchParams.set("since", this.cursor);
      url.searchParams.set("lang", this.data.words.language);
      const reply = await fetch(url, { signal: abort.signal, cache: "no-store" });
      if (reply.status === 404) {
        this.finished = true;
        this.trouble = (await reply.json()).error;
        this.draw();
        return;
      }
      if (!reply.ok) throw new Error(String(reply.status));
      const news = await reply.json();
      this.cursor = news.cursor;
      this.finished = news.finished;
      this.trouble = "";
      addFrames(this.runs, news.frames);
      this.wait = news.frames.length ? POLL : Math.min(REST, (this.wait || POLL) * 1.3);
    } catch {
      if (abort.signal.aborted) return;
      this.trouble = say("lost");
      this.wait = Math.min(5000, (this.wait || POLL) * 2);
    }
    this.draw();
    this.schedule(this.wait);
  }

  startPlaying() {
    const epochs = epochsShown(this.shown());
    const here = this.at === null ? -1 : epochs.indexOf(this.at);
    this.at = here + 1 < epochs.length - 1 ? epochs[here + 1] : epochs[0];
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.playing = setInterval(() => this.step(), calm ? CALM_STEP : STEP);
    this.draw();
  }

  step() {
    const next = epochsShown(this.shown()).find((epoch) => epoch > this.at);
    if (next === undefined) {
      this.at = null;
      this.stopPlaying();
    } else {
      this.at = next;
    }
    this.draw();
  }

  stopPlaying() {
    clearInterval(this.playing);
    this.playing = undefined;
  }

  draw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      if (!this.gone && this.data && this.seen) this.drawNow();
    });
  }

  drawNow() {
    const shown = this.shown();
    const has = new Set(shown.flatMap((run) => picturesOf(run.scene)));
    const name = has.has(this.wanted) ? this.wanted : Object.keys(FIGURES).find((one) => has.has(one));
    this.drawTabs(has, name);
    this.drawReplay(shown, has.has(name));
    const empty = this.trouble || this.emptyText(shown, has, name);
    this.part("empty").textContent = empty;
    this.part("empty").hidden = !empty;
    this.part("cards").hidden = !has.has(name);
    this.part("held-out").hidden = name !== "confusion_matrix" || !has.has(name);
    this.part("held-out").setAttribute("aria-pressed", String(Boolean(this.heldOut)));
    this.drawKey(shown, has.has(name) ? name : "");
    for (const { run, check } of this.boxes) {
      check.checked = this.chosen.has(run.id);
      check.disabled = !check.checked && this.chosen.size >= this.data.most;
    }
    this.part("choice").hidden = this.runs.length < 2;
    this.part("summary").textContent = say("runs_shown", { shown: shown.length, runs: this.runs.length });
    this.drawCards(shown, name, has.has(name));
  }

  /** Says what colours and circles mean; where the runs have the same classes, as those of one table do. */
  drawKey(shown, name) {
    const scenes = shown.map(({ scene }) => scene?.[sourceOf(name)]).filter(Boolean);
    const coloured = name === "decision_boundary" || (name === "fitted_curve" && scenes[0]?.classes.length > 2);
    const classes = coloured ? scenes[0]?.classes ?? [] : [];
    const palette = colours(Math.max(2, classes.length), this.data.palette);
    const drawn = name && name !== "confusion_matrix" && !OF_WEIGHTS.has(name);
    const heldOut = drawn && scenes.some((scene) => (scene.points ?? scene).held_out > 0);
    const entries = [
      ...classes.map((label, i) => [classShape(i, classes.length)[1], label, palette[i]]),
      ...(heldOut ? [["●", say("trained_on"), ""], ["○", say("held_out"), ""]] : []),
    ];
    const key = JSON.stringify(entries);
    if (key === this.keyed) return;
    this.keyed = key;
    this.part("key").replaceChildren(...entries.map(([sign, label, colour]) => {
      const entry = element("span", "lp-entry");
      const mark = element("span", "", sign);
      mark.style.color = colour;
      entry.append(mark, ` ${label}`);
      return entry;
    }));
  }

  emptyText(shown, has, name) {
    if (!shown.length) return say("choose");
    if (has.size) return "";
    if (!this.finished) return say("soon");
    return say("none");
  }

  drawTabs(has, chosen) {
    const names = Object.keys(FIGURES).filter((name) => has.has(name));
    const key = `${names} ${chosen}`;
    if (key === this.tabs) return;
    this.tabs = key;
    const focused = document.activeElement?.dataset?.picture;
    this.part("tabs").hidden = !has.size;
    const absent = Object.keys(FIGURES).filter((name) => !has.has(name));
    this.part("others").hidden = !has.size || !absent.length;
    this.part("others").querySelector("ul").replaceChildren(...absent.map((name) => element("li", "", say(`${name}_where`))));
    this.part("tabs").replaceChildren(...names.map((name) => {
      const tab = element("button", "lp-chip", say(name));
      tab.type = "button";
      tab.dataset.picture = name;
      tab.setAttribute("aria-pressed", String(name === chosen));
      tab.onclick = () => {
        this.wanted = name;
        recall(name);
        this.draw();
      };
      return tab;
    }));
    if (focused) this.part("tabs").querySelector(`[data-picture="${focused}"]`)?.focus();
  }

  drawReplay(shown, any) {
    const epochs = epochsShown(shown);
    this.part("replay").hidden = !any || epochs.length < 2;
    const place = this.at === null ? epochs.length - 1 : epochs.findLastIndex((epoch) => epoch <= this.at);
    const epoch = epochs[place] ?? 0;
    const words = epoch === 0 ? say("untrained") : say("epoch_of", { epoch: epochText(epoch) });
    this.slider.max = String(Math.max(0, epochs.length - 1));
    this.slider.value = String(place);
    this.slider.setAttribute("aria-valuetext", words);
    this.part("epoch").textContent = words;
    this.play.textContent = this.playing ? `❚❚ ${say("pause")}` : `▶ ${say("replay")}`;
  }

  drawCards(shown, name, any) {
    for (const [id, card] of this.cards) {
      if (this.chosen.has(id)) continue;
      if (card.plotted) window.Plotly.purge(card.plot);
      card.root.remove();
      this.cards.delete(id);
    }
    const box = this.part("cards");
    box.dataset.count = String(shown.length);
    shown.forEach((run, i) => {
      if (!this.cards.has(run.id)) this.cards.set(run.id, this.makeCard(run));
      const card = this.cards.get(run.id);
      if (box.children[i] !== card.root) box.insertBefore(card.root, box.children[i] ?? null);
      if (any) this.drawCard(card, run, name, shown.length === 1 ? 380 : 300);
    });
  }

  makeCard(run) {
    const root = element("figure", "lp-card");
    const caption = element("figcaption", "lp-caption");
    const swatch = element("span", "lp-swatch");
    swatch.style.setProperty("--swatch", run.colour);
    const name = run.label + (this.data.seeds > 1 ? ` · ${say("seed_of", { seed: String(run.seed) })}` : "");
    caption.append(swatch, element("span", "lp-name", name));
    caption.hidden = this.runs.length < 2;
    const plot = element("div", "lp-plot");
    plot.setAttribute("role", "img");
    const words = element("p", "lp-words");
    root.append(caption, plot, words);
    return { root, plot, words, plotted: false };
  }

  drawCard(card, run, name, highest) {
    const frame = frameAt(run, this.at);
    const source = sourceOf(name);
    const beside = name === "landscape" && frame && run.scene?.landscape ? pathsBeside(run, this.shown()) : [];
    const words = !run.scene
      ? say("waits")
      : !run.scene[source] ? say(`${name}_where`) : frame ? sentence(name, run.scene, frame, run.frames, this.data.healthy, beside, this.data.unit_steps[run.id]) : say("first_soon");
    if (card.words.textContent !== words) {
      card.words.textContent = words;
      card.plot.setAttribute("aria-label", `${say(name)}. ${words}`);
    }
    card.plot.hidden = !(frame && run.scene?.[source] && (name !== "landscape" || landscapeIn(run.frames)));
    if (card.plot.hidden || !window.Plotly || !card.plot.clientWidth) return;
    const width = card.plot.clientWidth;
    const theme = {
      ...themeOf(this.root), width, height: Math.round(Math.min(highest, 0.86 * width)), own: run.colour, heldOut: this.heldOut, healthy: this.data.healthy,
      palette: colours(Math.max(2, run.scene[source].classes?.length ?? 2), this.data.palette),
    };
    const key = JSON.stringify([name, frame.epoch, run.frames.length, beside.length, frame.passing, theme]);
    if (key === card.key) return;
    card.key = key;
    const { data, layout } = pictureFigure(name, run.scene, frame, theme, imageOf, run.frames, beside);
    window.Plotly.react(card.plot, data, layout, { displayModeBar: false, responsive: false, doubleClick: false, showSendToCloud: false });
    card.plotted = true;
  }

  close() {
    this.gone = true;
    clearTimeout(this.timer);
    this.stopPlaying();
    this.abort?.abort();
    cancelAnimationFrame(this.frame);
    this.sight.disconnect();
    this.resize.disconnect();
    document.removeEventListener("visibilitychange", this.wake);
    for (const card of this.cards?.values() ?? []) if (card.plotted) window.Plotly.purge(card.plot);
  }
}

export default function (component) {
  const root = component.parentElement.querySelector(".lp-panel");
  let panel = panels.get(root);
  if (panel && panel.language !== component.data.words.language) {
    panel.close(); // its buttons are in the language before
    panel = null;
  }
  speak(component.data.words);
  if (!panel) panels.set(root, (panel = new Pictures(root)));
  panel.show(component.data);
  return () => {
    panel.close();
    panels.delete(root);
  };
}
