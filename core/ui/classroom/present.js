// Keys of the presenter's view: what a keyboard and a clicker send goes one step on or back.

const STEPS = { ArrowRight: "next", PageDown: "next", " ": "next", ArrowLeft: "back", PageUp: "back" };

/** The name of the button a key stands for; nothing where somebody types, or a key has its own meaning. */
function stepOf({ key, ctrlKey, metaKey, altKey, shiftKey, defaultPrevented, target }) {
  if (defaultPrevented || ctrlKey || metaKey || altKey || shiftKey) return undefined;
  const own = key === " " ? "button, a, input, summary" : "[role='radiogroup'], [role='slider']";
  if (target?.closest?.(`input:not([type='checkbox']), textarea, select, [contenteditable='true'], [role='dialog'], ${own}`)) return undefined;
  return STEPS[key];
}

export default function ({ parentElement }) {
  if (parentElement.listens) return undefined;
  parentElement.listens = true;
  const press = (event) => {
    const button = document.querySelector(`.st-key-present_${stepOf(event)} button:not([disabled])`);
    if (!button) return;
    event.preventDefault();
    button.click();
  };
  document.addEventListener("keydown", press);
  return () => {
    parentElement.listens = false;
    document.removeEventListener("keydown", press);
  };
}
