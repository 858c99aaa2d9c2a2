// What a picture shows, in a sentence with numbers: for those who do not see it, and for those who do.

const WHERE = {
  fitted_curve: "The fitted curve is drawn for tables with one input, a number.",
  decision_boundary: "The boundary is drawn for tables with two inputs, both numbers.",
  predicted_values: "Predictions are set against true values where the target is a number.",
  residuals: "Residuals are drawn where the target is a number.",
  confusion_matrix: "A confusion matrix is counted where the target is a class, of at most twenty.",
  landscape: "The landscape is drawn for networks of at most 2,500 weights, without batch normalisation.",
  layers: "Layers are looked into in networks of at most 65,536 weights.",
  updates: "Updates are measured in networks of at most 65,536 weights.",
};

function percentText(right, all) {
  const share = (100 * right) / all;
  if (share > 99 && right < all) return "more than 99 %";
  return `${Math.round(share)} %`;
}

function moment(frame) {
  if (frame.epoch === 0) return "Before training:";
  const epoch = Number.isInteger(frame.epoch) ? frame.epoch.toLocaleString("en") : frame.epoch.toFixed(1);
  const judged = frame.weights_of_epoch ? `, with the weights of epoch ${frame.weights_of_epoch}` : "";
  return `At epoch ${epoch}${judged}:`;
}

/** Says what `name` shows of a run at one of its `frames`; `healthy` are the ends of the band of updates. */
function sentence(name, scene, frame, frames = [frame], healthy = [], beside = []) {
  if (name === "landscape") return landscapeText(scene.landscape, frame, frames, beside);
  const picture = frame.pictures[sourceOf(name)];
  if (!picture) return `${moment(frame)} the network answers with numbers that are not finite, so there is nothing to draw.`;
  if (name === "layers") return layersText(scene.layers, frame);
  if (name === "updates") return updatesText(scene.layers, frame, frames, healthy);
  const counts = frame.pictures.confusion_matrix?.counts;
  if (name === "predicted_values" || name === "residuals") {
    const all = predictions(scene.predicted_values, picture);
    return name === "residuals" ? residualsText(frame, all) : predictionsText(frame, all);
  }
  if (name === "confusion_matrix") return confusionText(frame, scene.confusion_matrix, picture.counts);
  if (scene[name].classes.length) return rightText(frame, counts);
  if (name === "decision_boundary") return heightsText(frame, scene.decision_boundary, picture);
  return curveText(frame, scene.fitted_curve, picture);
}

function rightText(frame, [training, heldOut]) {
  const { right, all } = rightOf(training);
  const more = rightOf(heldOut);
  const others = more.all ? ` and ${percentText(more.right, more.all)} of the ${grouped(more.all)} held out` : "";
  return `${moment(frame)} ${percentText(right, all)} of the ${grouped(all)} training points${others} lie on the right side.`;
}

function heightsText(frame, { heights }, { reach }) {
  const [least, most] = reach.map((value) => formatNumber(value, 3));
  const [low, high] = heights.map((value) => formatNumber(value, 3));
  return `${moment(frame)} the predictions on this plane go from ${least} to ${most}, the true values from ${low} to ${high}.`;
}

function curveText(frame, { along, points }, { lines }) {
  const { inputs, answers, held_out: heldOut } = points;
  const shown = answers.length - heldOut;
  const misses = inputs[0].slice(0, shown).map((x, i) => Math.abs(heightAt(along, lines[0], x) - answers[i]));
  if (!misses.length) return `${moment(frame)} the curve is drawn, and no point is.`;
  const [low, high] = extremes(answers).map((value) => formatNumber(value, 3));
  return `${moment(frame)} the curve passes half of the training points within ${formatNumber(median(misses), 2)}; they go from ${low} to ${high}.`;
}

function predictionsText(frame, all) {
  const within = (rows) => formatNumber(median(rows.map(({ miss }) => Math.abs(miss))), 3);
  const [training, heldOut] = [all.filter((row) => !row.heldOut), all.filter((row) => row.heldOut)];
  const others = heldOut.length ? `, of those held out within ${within(heldOut)}` : "";
  return `${moment(frame)} half of the training rows are predicted within ${within(training)} of the truth${others}.`;
}

function residualsText(frame, all) {
  const mean = all.reduce((sum, { miss }) => sum + miss, 0) / all.length;
  const worst = all.reduce((most, row) => (Math.abs(row.miss) > Math.abs(most.miss) ? row : most));
  const size = formatNumber(Math.abs(mean), 2);
  const tendency = size === "0" ? "neither too high nor too low" : `${size} too ${mean > 0 ? "high" : "low"}`;
  return `${moment(frame)} predictions are on average ${tendency}; the farthest is ${formatNumber(Math.abs(worst.miss), 3)} too ${worst.miss > 0 ? "high" : "low"}.`;
}

function confusionText(frame, { classes, rows }, [training, heldOut]) {
  const { right, all } = rightOf(training);
  const more = rightOf(heldOut);
  const others = more.all ? `, of those held out ${grouped(more.right)} of ${grouped(more.all)}` : "";
  const sample = all < rows[0] ? `, a sample of ${grouped(rows[0])},` : "";
  let most = { count: 0 };
  training.forEach((row, truth) => row.forEach((count, named) => {
    if (truth !== named && count > most.count) most = { count, truth, named };
  }));
  const mistake = most.count
    ? ` The most frequent mistake: ${classes[most.truth]} taken for ${classes[most.named]}, ${most.count === 1 ? "once" : `${grouped(most.count)} times`}.`
    : "";
  return `${moment(frame)} ${grouped(right)} of ${grouped(all)} training rows${sample} are named right${others}.${mistake}`;
}
