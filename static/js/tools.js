// The toolbar: what the words look like, and where they lead.
import { $, $$, word } from "./dom.js";
import { now, trouble } from "./desk.js";

/** Buttons show what the caret stands in. */
export function press() {
  if (!now) return;
  for (const button of $$("[data-format]", now.node)) button.setAttribute("aria-pressed", String(Boolean(now.editor.is(button.dataset.format))));
}

export function format(what) {
  if (what === "A") askLink(); else now.editor.format(what);
  press();
}

// ---------------------------------------------------------------------------------------------- link

let spot = null; // where the link goes: the field takes the selection away

const row = () => $("#link-row", now?.node);

function askLink() {
  if (now.editor.is("A")) { now.editor.unlink(); return; }
  spot = now.editor.squire.getSelection();
  row().hidden = false;
  const field = $("#link-input", row());
  field.value = /^https?:\/\/\S+$/.test(now.editor.selected()) ? now.editor.selected() : "";
  field.focus();
}

/** What somebody typed, as an address one can follow; empty where it is none. */
function address(typed) {
  if (/^(https?:\/\/|mailto:|tel:)/i.test(typed)) return typed;
  if (/^\S+@\S+\.\S+$/.test(typed)) return `mailto:${typed}`;
  return /^\S+\.\S{2,}/.test(typed) ? `https://${typed}` : "";
}

export function setLink() {
  const typed = $("#link-input", row()).value.trim();
  const url = address(typed);
  if (typed && !url) return trouble(word("link_bad"));
  row().hidden = true;
  if (spot) now.editor.squire.setSelection(spot);
  return url ? now.editor.link(url) : now.editor.focus();
}

export function closeLink() {
  if (!row() || row().hidden) return false;
  row().hidden = true;
  return true;
}

export function start() {
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("#composer [data-format]");
    if (button && now) format(button.dataset.format);
  });
  // a toolbar or a suggestion must not take the caret away
  document.addEventListener("mousedown", (event) => { if (event.target.closest("#composer [data-format], #suggest")) event.preventDefault(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target.id === "link-input") { event.preventDefault(); setLink(); } });
}
