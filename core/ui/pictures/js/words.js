// What a picture shows, in a sentence with numbers: for those who do not see it, and for those who do.

function percentText(right, all) {
  const share = (100 * right) / all;
  if (share > 99 && right < all) return say("most_of");
  return say("percent", { count: Math.round(share) });
}

function moment(frame) {
  if (frame.epoch === 0) return say("before_training");
  const epoch = epochText(frame.epoch);
  return frame.weights_of_epoch ? say("at_epoch_with", { epoch, judged: frame.weights_of_epoch }) : say("at_epoch", { epoch });
}

/** An epoch, or a part of one, as a number. */
function epochText(epoch) {
  return Number.isInteger(epoch) ? grouped(epoch) : separated(epoch.toFixed(1));
}

/** Says what `name` shows of a run at one of its `frames`; `healthy` are the ends of the band of updates, and
 * `unitSteps` names an optimizer whose steps do not shrink with the gradients. */
function sentence(name, scene, frame, frames = [frame], healthy = [], beside = [], unitSteps = "") {
  if (name === "landscape") return landscapeText(scene.landscape, frame, frames, beside);
  const picture = frame.pictures[sourceOf(name)];
  if (!picture) return say("not_finite", { moment: moment(frame) });
  if (name === "layers") return layersText(scene.layers, frame);
  if (name === "updates") {
    const told = updatesText(scene.layers, frame, frames, healthy);
    return unitSteps ? `${told} ${say("unit_steps", { optimizer: unitSteps })}` : told;
  }
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
  const told = { moment: moment(frame), share: percentText(right, all), all };
  return more.all ? say("right_both", { ...told, other: percentText(more.right, more.all), more: more.all }) : say("right", told);
}

function heightsText(frame, { heights }, { reach }) {
  const [least, most] = reach.map((value) => formatNumber(value, 3));
  const [low, high] = heights.map((value) => formatNumber(value, 3));
  return say("heights", { moment: moment(frame), least, most, low, high });
}

function curveText(frame, scene, { lines }) {
  const { along, points } = scene;
  const { inputs, answers, held_out: heldOut } = points;
  const shown = answers.length - heldOut;
  const misses = inputs[0].slice(0, shown).map((x, i) => Math.abs(heightAt(along, lines[0], x) - answers[i]));
  if (!misses.length) return say("no_point", { moment: moment(frame) });
  const [low, high] = extremes(answers).map((value) => formatNumber(value, 3));
  const said = say("curve_within", { moment: moment(frame), miss: formatNumber(median(misses), 2), low, high });
  const [bottom, top] = heightsOf(scene);
  return lines[0].some((height) => height >= bottom && height <= top) ? said : `${said} ${say("curve_outside")}`;
}

function predictionsText(frame, all) {
  const within = (rows) => formatNumber(median(rows.map(({ miss }) => Math.abs(miss))), 3);
  const [training, heldOut] = [all.filter((row) => !row.heldOut), all.filter((row) => row.heldOut)];
  const told = { moment: moment(frame), miss: within(training) };
  return heldOut.length ? say("predicted_both", { ...told, other: within(heldOut) }) : say("predicted_within", told);
}

function residualsText(frame, all) {
  const mean = all.reduce((sum, { miss }) => sum + miss, 0) / all.length;
  const worst = all.reduce((most, row) => (Math.abs(row.miss) > Math.abs(most.miss) ? row : most));
  const size = formatNumber(Math.abs(mean), 2);
  const off = (value, text) => say(value > 0 ? "too_high" : "too_low", { size: text });
  const tendency = size === "0" ? say("neither") : off(mean, size);
  return say("residuals_are", { moment: moment(frame), tendency, farthest: off(worst.miss, formatNumber(Math.abs(worst.miss), 3)) });
}

function confusionText(frame, { classes, rows }, [training, heldOut]) {
  const { right, all } = rightOf(training);
  const more = rightOf(heldOut);
  const others = more.all ? say("of_held_out", { right: more.right, all: more.all }) : "";
  const sample = all < rows[0] ? say("sample_of", { rows: rows[0] }) : "";
  let most = { count: 0 };
  training.forEach((row, truth) => row.forEach((count, named) => {
    if (truth !== named && count > most.count) most = { count, truth, named };
  }));
  const mistake = most.count
    ? ` ${say("mistake", { truth: classes[most.truth], named: classes[most.named], count: most.count })}`
    : "";
  return say("named_right", { moment: moment(frame), right, all, sample, others }) + mistake;
}
