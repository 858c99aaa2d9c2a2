// The words of a component in the reader's language: Python sends them (`for_browser` of words.py), `say` says them.

let reader = null;

/** Takes the messages, which language they are in, and how it separates decimals and thousands. */
function speak(words) {
  reader = { ...words, plural: new Intl.PluralRules(words.language) };
}

/** One of the messages with `values` in place of its {names}; of one with plurals the form for `count`. */
function say(name, values = {}) {
  const message = reader.messages[name];
  const text = typeof message === "string" ? message : message[reader.plural.select(values.count)] ?? message.other;
  // One pass: what a person wrote is not searched for names.
  return text.replace(/\{(\w+)\}/g, (_, key) => (Number.isInteger(values[key]) ? grouped(values[key]) : String(values[key])));
}

/** What Python has stored in English, in the reader's language as far as it was told. */
function heard(text) {
  return reader.messages[text] ?? text;
}

/** A count as 20,100. */
function grouped(count) {
  return separated(String(count).replace(/\B(?=(\d{3})+$)/g, ","));
}

/** A number that is written as code writes it, with the reader's separators and a true minus. */
function separated(text) {
  return text.replace(/[.,-]/g, (sign) => ({ ".": reader.separators[0], ",": reader.separators[1], "-": "−" })[sign]);
}
