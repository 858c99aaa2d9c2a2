// Remembers in this browser which lessons were answered and solved, and brings the stage into sight after a press.

const KEY = "losslab.lessons";
const last = new Map();

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) || {};
  } catch {
    return {}; // no storage, or something else's
  }
}

function remember(done) {
  const known = remembered();
  const marks = Object.entries(done).filter(([lesson]) => known[lesson] !== "solved");
  const merged = { ...known, ...Object.fromEntries(marks) };
  try {
    if (marks.length) localStorage.setItem(KEY, JSON.stringify(merged));
  } catch {
    // A browser that keeps nothing shows what this session knows.
  }
  return merged;
}

/** On a phone the words are above or below the curves: show the verdict with the chart under it. */
function intoSight() {
  const stage = document.querySelector(".st-key-lesson_stage");
  if (!stage) return;
  stage.style.scrollMarginTop = "4rem";
  const { top } = stage.getBoundingClientRect();
  const smooth = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (top < 0 || top > innerHeight / 3) stage.scrollIntoView({ block: "start", behavior: smooth ? "smooth" : "auto" });
}

function focusVerdict() {
  const verdict = document.querySelector(".st-key-lesson_verdict");
  if (!verdict) return;
  verdict.tabIndex = -1;
  verdict.focus({ preventScroll: true });
}

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const before = last.get(parentElement) ?? {};
  const known = JSON.stringify(remember(data.done));
  if (known !== before.known && known !== "{}") setStateValue("known", JSON.parse(known));
  if (data.pressed && data.pressed !== before.pressed) requestAnimationFrame(intoSight);
  if (data.verdict && data.verdict !== before.verdict) requestAnimationFrame(() => { intoSight(); focusVerdict(); });
  last.set(parentElement, { known, pressed: data.pressed, verdict: data.verdict });
  return () => last.delete(parentElement);
}
