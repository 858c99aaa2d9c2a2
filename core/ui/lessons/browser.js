// Remembers in this browser which lessons were answered and solved, brings the stage into sight after a press, and gives
// the focus to what came of it, as the button that was pressed is often gone.

const KEY = "losslab.lessons";
const PATIENCE = 2000;
const last = new Map();
const seen = {};

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

/** The table of numbers scrolls on a phone; what scrolls can have the focus, or no key would scroll it. */
function letKeysScroll() {
  const table = document.querySelector(".st-key-lesson_table [data-testid='stExpanderDetails']");
  if (table) table.tabIndex = getComputedStyle(table).overflowY === "auto" ? 0 : -1;
}

function focusOn(selector) {
  const place = document.querySelector(selector);
  if (!place) return;
  place.tabIndex = -1;
  place.focus({ preventScroll: true });
}

/** Gives the focus to a place as soon as what had it is gone; the page takes away what is old some time after a press. */
function catchFocus(selector) {
  const deadline = Date.now() + PATIENCE;
  const look = () => {
    if (document.activeElement === document.body) focusOn(selector);
    if (Date.now() < deadline) setTimeout(look, 100);
  };
  requestAnimationFrame(look);
}

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const before = last.get(parentElement) ?? {};
  const known = JSON.stringify(remember(data.done));
  if (data.asks && known !== before.known && known !== "{}") setStateValue("known", JSON.parse(known));
  requestAnimationFrame(letKeysScroll);
  // Between two lessons the component is another one, and what was pressed in the first is still no news.
  const isNew = (name) => data[name] && data[name] !== seen[name];
  if (isNew("arrived")) catchFocus("[data-testid='stMain'] h1");
  if (isNew("pressed")) {
    requestAnimationFrame(intoSight);
    catchFocus(".st-key-lesson_stage");
  }
  if (isNew("verdict")) requestAnimationFrame(() => { intoSight(); focusOn(".st-key-lesson_verdict"); });
  for (const name of ["arrived", "pressed", "verdict"]) seen[name] = data[name] || seen[name];
  last.set(parentElement, { known });
  return () => last.delete(parentElement);
}
