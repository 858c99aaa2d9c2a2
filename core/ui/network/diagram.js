// Draws the network and its buttons. Python has the truth; what was clicked is drawn at once and sent.

const SVG = "http://www.w3.org/2000/svg";
const PATIENCE = 5000;
const HEIGHT = 108;
const diagrams = new WeakMap();

function made(tag, className, text = "") {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

function drawnPart(tag, attributes, text = "") {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.textContent = text;
  return node;
}

class Diagram {
  constructor(root) {
    this.root = root;
    this.stage = root.querySelector(".net-stage");
    this.note = root.querySelector(".net-note");
    this.words = root.querySelector(".net-words");
  }

  /** Takes what Python says, unless it is the answer to a click before the last one. */
  show(data, send) {
    this.send = send;
    const told = JSON.stringify(data.layers.map((layer) => layer.units));
    const late = this.sent && told !== this.sent && Date.now() < this.deadline;
    if (told === this.sent) this.sent = null;
    if (late) return;
    this.data = data;
    this.root.setAttribute("aria-label", say("diagram"));
    this.draw();
  }

  edit(units) {
    const usual = this.data.activation;
    this.data = { ...this.data, layers: units.map((count) => ({ units: count, activation: usual })) };
    this.sent = JSON.stringify(units);
    this.deadline = Date.now() + PATIENCE;
    this.draw();
    this.send("layers", units);
  }

  draw() {
    const focus = this.root.getRootNode().activeElement?.dataset?.edit;
    const { inputs, layers, output, editable, note } = this.data;
    const coarse = matchMedia("(pointer: coarse)").matches;
    this.size = coarse ? { end: 52, layer: 70, gap: 28 } : { end: 48, layer: 56, gap: 26 };
    const units = layers.map((layer) => layer.units);
    const columns = [
      { kind: "end", units: inputs, number: inputs === null ? "" : String(inputs), label: say("inputs") },
      ...layers.map((layer) => ({ kind: "layer", units: layer.units, number: String(layer.units), label: layer.activation })),
      { kind: "end", units: output?.units ?? 1, number: output ? String(output.units) : "", label: output?.activation ?? say("output"), out: true },
    ];
    let x = 0;
    for (const column of columns) {
      column.middle = x + this.size[column.kind] / 2;
      x += this.size[column.kind] + this.size.gap;
    }
    const width = x - this.size.gap;
    this.stage.style.width = `${width}px`;
    const parts = [this.picture(columns, width)];
    columns.forEach((column, i) => {
      const label = this.at(made("span", "net-label", column.label), column.middle, "label");
      label.title = column.label;
      parts.push(label, this.at(made("span", "net-number", column.number), column.middle, "number"));
      if (editable && column.kind === "layer") parts.push(...this.layerButtons(units, i - 1, column.middle));
    });
    if (editable) {
      for (let i = 0; i <= units.length; i += 1) {
        const middle = (columns[i].middle + this.size[columns[i].kind] / 2) + this.size.gap / 2;
        parts.push(this.at(this.button("+", addEdit(units, i), `add ${i}`), middle, "gap"));
      }
    }
    this.stage.replaceChildren(...parts);
    this.note.textContent = note;
    const words = inWords(this.data);
    if (this.words.textContent !== words) this.words.textContent = words;
    if (focus) this.refocus(focus);
  }

  layerButtons(units, i, middle) {
    const { narrow, widen, remove } = layerEdits(units, i);
    const pair = made("span", "net-pair");
    pair.append(this.button("−", narrow, `narrow ${i}`), this.button("+", widen, `widen ${i}`));
    return [this.at(pair, middle, "pair"), this.at(this.button("×", remove, `remove ${i}`), middle, "remove")];
  }

  at(node, middle, row) {
    node.style.left = `${middle}px`;
    node.classList.add("net-at", `net-row-${row}`);
    return node;
  }

  button(sign, { name, layers }, edit) {
    const button = made("button", "net-button", sign);
    button.type = "button";
    button.title = name;
    button.setAttribute("aria-label", name);
    button.dataset.edit = edit;
    // A disabled button would lose the focus.
    button.setAttribute("aria-disabled", String(!layers));
    button.onclick = () => layers && this.edit(layers);
    return button;
  }

  /** The button with the focus keeps it; that of a layer that is gone gives it to the one before, or to a +. */
  refocus(edit) {
    const [what, i] = edit.split(" ");
    const wanted = [edit, `${what} ${Number(i) - 1}`, "add 0"].map((name) => `[data-edit="${name}"]`);
    wanted.map((selector) => this.stage.querySelector(selector)).find(Boolean)?.focus();
  }

  picture(columns, width) {
    const svg = drawnPart("svg", { class: "net-picture", width, height: HEIGHT, "aria-hidden": "true" });
    const placed = columns.map((column) => ({ ...column, ...dots(column.units ?? 1, 16) }));
    placed.slice(1).forEach((column, i) => {
      const before = placed[i];
      const lines = before.heights.flatMap((from) => column.heights.map((to) => (
        `M${before.middle} ${HEIGHT / 2 + from}L${column.middle} ${HEIGHT / 2 + to}`)));
      svg.append(drawnPart("path", { class: "net-lines", d: lines.join("") }));
    });
    for (const { kind, out, middle, heights, gap } of placed) {
      for (const height of heights) {
        const className = kind === "layer" ? "net-unit" : out ? "net-unit net-out" : "net-unit net-in";
        svg.append(drawnPart("circle", { class: className, cx: middle, cy: HEIGHT / 2 + height, r: 5 }));
      }
      if (gap !== null) svg.append(drawnPart("text", { class: "net-more", x: middle, y: HEIGHT / 2 + gap + 4 }, "⋮"));
    }
    return svg;
  }
}

export default function (component) {
  speak(component.data.words);
  const root = component.parentElement.querySelector(".net");
  let diagram = diagrams.get(root);
  if (!diagram) diagrams.set(root, (diagram = new Diagram(root)));
  diagram.show(component.data, component.setTriggerValue);
  return () => diagrams.delete(root);
}
