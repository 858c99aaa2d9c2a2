// What every live component of a page needs from the browser: Plotly, an element, the colours around it.

/** plotly.min.js once per page, whoever asks first. */
function loadPlotly(url) {
  window.lossLabPlotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(url, document.baseURI);
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      window.lossLabPlotly = undefined;
      reject(new Error("the chart library did not load"));
    };
    document.head.append(script);
  });
  return window.lossLabPlotly;
}

function element(name, className, text) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

/** Two hex colours mixed, since Plotly does not read CSS's color-mix. */
function mixed(one, other, share) {
  const channels = (hex) => [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16));
  const [a, b] = [channels(one), channels(other)];
  return `rgb(${a.map((value, i) => Math.round(value + (b[i] - value) * share)).join(",")})`;
}

function themeOf(root) {
  const style = getComputedStyle(root);
  const colour = (name, otherwise) => style.getPropertyValue(`--st-${name}`).trim() || otherwise;
  const faded = (share) => mixed(colour("text-color", "#222222"), colour("background-color", "#ffffff"), share);
  return {
    text: colour("text-color", "#222"), background: colour("background-color", "#fff"),
    panel: colour("secondary-background-color", "#f2f2f2"), border: colour("border-color", "#ccc"),
    grid: colour("border-color-light", "#e6e6e6"), danger: colour("red-text-color", "#b3261e"),
    muted: faded(0.3), faint: faded(0.45), font: colour("font", "sans-serif"),
    width: root.clientWidth, height: root.querySelector(".ll-chart")?.clientHeight || 420,
    coarse: matchMedia("(pointer: coarse)").matches,
    // Where nothing hovers Plotly's bar would always stand; in a narrow chart it would stand on words.
    bar: !matchMedia("(hover: none)").matches && root.clientWidth >= 480,
  };
}
