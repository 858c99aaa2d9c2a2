// Remembers in this browser which lessons were answered and solved, keeps a choice in the address, brings the stage into sight after a press, and gives
// the focus to what came of it, as the button that was pressed is often gone.

const KEY = "losslab.lessons";
const PATIENCE = 2000;
const SETTLED = 600; // longer than a smooth scroll takes
const HEAD = 64; // pixels that the head of the page covers
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

/** Puts what is chosen into the address as it is: set by the server, each choice would be a step on the way back. */
function keepInAddress(choice) {
  const address = new URL(location.href);
  if (!choice || address.searchParams.get("choice") === choice) return;
  address.searchParams.set("choice", choice);
  history.replaceState(history.state, "", address);
}

/** Whether what begins at `top` is under the head of the page, or so far down that little of it is on the screen. */
function outOfSight(top, height) {
  return top < HEAD - 8 || top > height / 3;
}

/** On a phone the words are above or below the curves: show the verdict with the chart under it. */
function intoSight() {
  const stage = document.querySelector(".st-key-lesson_stage");
  if (!stage) return;
  stage.style.scrollMarginTop = `${HEAD}px`;
  const smooth = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (outOfSight(stage.getBoundingClientRect().top, innerHeight)) {
    stage.scrollIntoView({ block: "start", behavior: smooth ? "smooth" : "auto" });
  }
}

/** Keeps the stage in sight while the page still grows: the chart comes into sight by itself, and the verdict appears
 * above it. Whoever scrolls or types meanwhile has the last word. */
function holdInSight() {
  const deadline = Date.now() + PATIENCE;
  const hands = new AbortController();
  for (const name of ["wheel", "touchstart", "pointerdown", "keydown"]) {
    addEventListener(name, () => hands.abort(), { signal: hands.signal, passive: true });
  }
  const look = () => {
    if (hands.signal.aborted) return;
    intoSight();
    if (Date.now() < deadline) setTimeout(look, SETTLED);
    else hands.abort();
  };
  requestAnimationFrame(look);
}

/** The table of numbers scrolls on a phone; what scrolls can have the focus, or no key would scroll it. */
function letKeysScroll() {
  const table = document.querySelector(".st-key-lesson_table [data-testid='stExpanderDetails']");
  if (table) table.tabIndex = getComputedStyle(table).overflowY === "auto" ? 0 : -1;
}

/** Gives the parts of the page the names that links to them have. */
function letLinksLead() {
  for (const part of ["lesson_reveal", "lesson_repair", "lesson_exercise"]) {
    const place = document.querySelector(`.st-key-${part}`);
    if (place) place.id = part;
  }
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
  keepInAddress(data.choice);
  requestAnimationFrame(letKeysScroll);
  requestAnimationFrame(letLinksLead);
  // Between two lessons the component is another one, and what was pressed in the first is still no news.
  const isNew = (name) => data[name] && data[name] !== seen[name];
  if (isNew("arrived")) catchFocus("[data-testid='stMain'] h1");
  if (isNew("pressed")) {
    holdInSight();
    catchFocus(".st-key-lesson_stage");
  }
  if (isNew("verdict")) {
    holdInSight();
    requestAnimationFrame(() => focusOn(".st-key-lesson_verdict"));
  }
  for (const name of ["arrived", "pressed", "verdict"]) seen[name] = data[name] || seen[name];
  last.set(parentElement, { known });
  return () => last.delete(parentElement);
}
