// What the diagram of a network shows and what its buttons do: all that needs no browser, so that node can test it.

const WIDEST = 8192;
const MOST_LAYERS = 100;
const MOST_DOTS = 6;
const FIRST_UNITS = 10;

/** The next power of two above so many units; null beyond the widest layer there may be. */
function wider(units) {
  const next = 2 ** (Math.floor(Math.log2(units)) + 1);
  return next > WIDEST ? null : next;
}

/** The next power of two below so many units; null below one. */
function narrower(units) {
  return units > 1 ? 2 ** (Math.ceil(Math.log2(units)) - 1) : null;
}

function unitsText(units) {
  return say("units", { count: units });
}

/** What can be done to hidden layer `i`: each with the name of its button and the layers that come of it, or null. */
function layerEdits(layers, i) {
  const [more, fewer] = [wider(layers[i]), narrower(layers[i])];
  return {
    narrow: {
      name: fewer ? say("narrow", { layer: i + 1, units: unitsText(fewer) }) : say("narrowest", { layer: i + 1 }),
      layers: fewer && layers.with(i, fewer),
    },
    widen: {
      name: more ? say("widen", { layer: i + 1, units: unitsText(more) }) : say("widest", { layer: i + 1 }),
      layers: more && layers.with(i, more),
    },
    remove: { name: say("remove", { layer: i + 1 }), layers: layers.toSpliced(i, 1) },
  };
}

/** A new layer in the gap before hidden layer `i`, as wide as the one before it. */
function addEdit(layers, i) {
  const units = layers[i - 1] ?? layers[i] ?? FIRST_UNITS;
  let place = layers.length ? say("between", { before: i, after: i + 1 }) : say("between_ends");
  if (layers.length && i === 0) place = say("before", { layer: 1 });
  if (layers.length && i === layers.length) place = say("after", { layer: i });
  return {
    name: say("add", { units: unitsText(units), place }),
    layers: layers.length < MOST_LAYERS ? layers.toSpliced(i, 0, units) : null,
  };
}

/** Heights of the dots of a column around its middle, and whether there are more units than dots. */
function dots(units, spacing) {
  const cut = units > MOST_DOTS;
  const slots = cut ? MOST_DOTS : Math.max(1, units);
  const heights = Array.from({ length: slots }, (_, i) => (i - (slots - 1) / 2) * spacing);
  // The one left out is where the "…" stands.
  return { heights: cut ? heights.filter((_, i) => i !== MOST_DOTS - 2) : heights, gap: cut ? heights[MOST_DOTS - 2] : null };
}

/** The network in words, for whoever does not see it. */
function inWords({ inputs, layers, output }) {
  const hidden = layers.map((layer, i) => say("layer", { layer: i + 1, units: unitsText(layer.units), activation: layer.activation }));
  const first = inputs === null ? say("inputs") : say("input_count", { count: inputs });
  const last = output ? say("last", { units: unitsText(output.units), activation: output.activation }) : say("output");
  return [first, ...(hidden.length ? hidden : [say("no_layer")]), last].join("; ");
}
