// Placeholders that a macro could not fill in: shown in the text, and in the way of Send.
import { $ } from "./dom.js";
import { pending } from "./after.js";
import { rangeOf } from "./caret.js";

let names = null;

/** Placeholders that are still in the text, each as a range. */
function ranges(writing) {
  const place = pending(writing?.node);
  const draft = $("#draft", writing?.node);
  if (!place || !draft || writing.kind === "note") return [];
  names ??= new RegExp(`\\{\\{ ?(?:${place.dataset.names.replaceAll(".", "\\.").split(" ").join("|")})(?:\\|[^{}|]{0,80})? ?\\}\\}`, "g");
  const found = [];
  const texts = document.createTreeWalker(draft, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode;
    for (const { 0: text, index } of node.data.matchAll(names)) found.push(rangeOf({ node, start: index, end: index + text.length }));
  }
  return found;
}

const sentence = (writing, found) => {
  const all = [...new Set(found.map((range) => range.toString().replace(/^\{\{ ?/, "{{").replace(/(\|[^}]*)? ?\}\}$/, "}}")))];
  return pending(writing.node).dataset.gaps.replace("{names}", all.join(", "));
};

/** Shown in the text as it stands (it is ours to colour, and nobody's to send) and said above Send. */
export function show(writing) {
  const found = ranges(writing);
  const line = $("#gaps", writing?.node);
  if (globalThis.Highlight) CSS.highlights.set("gap", new Highlight(...found));
  if (!line) return;
  const text = found.length ? sentence(writing, found) : "";
  line.hidden = !text;
  if ($("span", line).textContent !== text) $("span", line).textContent = text;
}

/** So that what one types takes its place. */
export function select(writing) {
  const [first] = ranges(writing);
  if (!first) return false;
  writing.editor.focus();
  writing.editor.squire.setSelection(first);
  return true;
}

/** What keeps a reply from being sent: a sentence, and how to get there. */
export function left(writing) {
  const found = ranges(writing);
  return found.length ? [sentence(writing, found), () => select(writing)] : null;
}
