// The frames of runs as they come from the lab: which there are, which one an epoch shows, how they are read.

/** Forgets what a run has shown. */
function clearFrames(run) {
  Object.assign(run, { scene: null, frames: [], seenAttempt: 0 });
}

/** Takes frames in the order they were told; one that was taken in passing makes room for the next. */
function addFrames(runs, told) {
  for (const { run: id, attempt, passing, frame } of told) {
    const run = runs.find((other) => other.id === id);
    if (!run || attempt < run.seenAttempt) continue;
    if (attempt > run.seenAttempt) {
      clearFrames(run);
      run.seenAttempt = attempt;
    }
    if (frame.epoch < 0) {
      run.scene = frame.pictures;
      continue;
    }
    run.frames = run.frames.filter((old) => !old.passing && old.epoch !== frame.epoch);
    run.frames.push({ ...frame, passing });
    run.frames.sort((a, b) => a.epoch - b.epoch);
  }
}

/** Every epoch at which one of the runs has a frame, ascending. */
function epochsShown(runs) {
  return [...new Set(runs.flatMap((run) => run.frames.map((frame) => frame.epoch)))].sort((a, b) => a - b);
}

/** What a run shows at an epoch: its newest frame by then; null = its newest. */
function frameAt(run, epoch) {
  return run.frames.findLast((frame) => epoch === null || frame.epoch <= epoch) ?? null;
}

/** A byte for each cell, from base64. */
function bytesOf(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** The class a cell belongs to, and how sure of it the network is, from 0 (a guess) to 1. */
function cells(picture, classes) {
  const share = bytesOf(picture.share);
  const winner = picture.winner ? bytesOf(picture.winner) : share.map((byte) => (byte > 127 ? 1 : 0));
  const guess = 255 / classes;
  const sure = Array.from(share, (byte, i) => {
    const own = picture.winner ? byte : winner[i] ? byte : 255 - byte;
    return Math.max(0, (own - guess) / (255 - guess));
  });
  return { winner, sure };
}

/** What is right of all counted rows; counts are [true class][predicted class]. */
function rightOf(counts) {
  const all = counts.flat().reduce((sum, count) => sum + count, 0);
  const right = counts.reduce((sum, row, i) => sum + row[i], 0);
  return { right, all };
}

/** The predictions of a run, and what they miss, of training rows and of those held out. */
function predictions(scene, picture) {
  const start = scene.answers.length - scene.held_out;
  const pairs = scene.answers.map((truth, i) => ({ truth, predicted: picture.predicted[i], heldOut: i >= start }));
  return pairs
    .filter(({ predicted }) => predicted !== null)
    .map((pair) => ({ ...pair, miss: pair.predicted - pair.truth }));
}

/** The height of a line between the places it is known at. */
function heightAt(xs, ys, x) {
  const last = xs.length - 1;
  const place = Math.min(last - 1, Math.max(0, Math.floor(((x - xs[0]) / (xs[last] - xs[0])) * last)));
  const share = (x - xs[place]) / (xs[place + 1] - xs[place]);
  return ys[place] + share * (ys[place + 1] - ys[place]);
}
