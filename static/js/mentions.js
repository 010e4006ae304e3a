// Colleagues by `@` in a note: found at the caret, kept by their number, shown as a chip. In a reply it offers the note.
import { $, $$, el, parse, say, word } from "./dom.js";
import { ask } from "./wire.js";
import { beforeCaret, place, rangeOf } from "./caret.js";
import { fold } from "./menu.js";
import { write } from "./mounting.js";
import * as pane from "./pane.js";

/** What was typed since the @, at the beginning of a line or after a space. */
const CALL = /(^|[\s\u200b\u00a0(])@([^@\n]{0,30})$/u;
const FRESH_MS = 60_000;

let writing = null; // the composer on the screen
let called = null; // where in the text it was called from
let refused = false; // Esc: this one is only an @
const known = new Map(); // who can be named in each conversation, and since when that is known

const box = () => $("#mentions");
const draft = () => $("#draft", writing?.node);
const isOpen = () => Boolean(box()?.matches(":popover-open"));
const shownList = () => (writing?.kind === "note" ? $("#mentions-list") : $("#mentions-switch"));
const options = () => $$("[role=option]:not([aria-disabled])", shownList());
const pointed = () => $("[role=option][aria-selected='true']", box());

async function people(id) {
  const there = known.get(id);
  if (there && Date.now() - there.at < FRESH_MS) return there.options;
  const found = $$("[role=option]", parse(await ask("GET", `/tickets/${id}/_mentions`)));
  for (const option of found) option.folded = fold(option.dataset.label);
  known.set(id, { options: found, at: Date.now() });
  return found;
}

const fits = (option, typed) => !typed || option.folded.split(/[\s\-.]+/u).some((part) => part.startsWith(typed)) || option.folded.startsWith(typed);

function point(option) {
  for (const one of $$("[aria-selected='true']", box())) one.setAttribute("aria-selected", "false");
  const place = draft();
  if (!option) { if (place?.hasAttribute("aria-activedescendant")) place.removeAttribute("aria-activedescendant"); return; }
  option.setAttribute("aria-selected", "true");
  if (place?.getAttribute("aria-activedescendant") !== option.id) place?.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function call() {
  const before = beforeCaret(draft());
  const found = before?.text.match(CALL);
  if (!found || /^\s/u.test(found[2]) || before.node.parentElement.closest("data, a, code, pre")) return null;
  const { node, end } = before;
  return { node, start: end - found[2].length - 1, end, text: found[2] };
}

function close() {
  if (!called && !isOpen()) return;
  point(null);
  called = null;
  if (isOpen()) box().hidePopover();
}

async function typed() {
  unmarked();
  const at = call();
  if (!at) { refused = false; close(); return; }
  if (refused || !writing.id || (called && isOpen() && called.text === at.text)) return; // the editor takes our own marks for typing
  const mine = writing;
  const inNote = mine.kind === "note";
  let found = [];
  if (inNote) {
    try { found = (await people(mine.id)).filter((option) => fits(option, fold(at.text.trim()))); } catch { return; } // then it is only an @
  }
  const now = writing === mine && (mine.kind === "note") === inNote ? call() : null;
  if (!now || refused || now.text !== at.text) { if (!now) close(); return; }
  if (inNote ? !found.length : now.text) { close(); return; } // in a reply the offer is made once, at the bare @
  const first = !called;
  called = now;
  $("#mentions-list").hidden = !inNote;
  $("#mentions-switch").hidden = inNote;
  if (inNote) $("#mentions-list").replaceChildren(...found.slice(0, 30));
  if (!isOpen()) box().showPopover();
  place(box(), rangeOf(now).getBoundingClientRect());
  point(inNote ? options()[0] : null); // in a reply Enter stays a new line
  if (first) say(inNote ? word("mentions_n", { n: found.length }) : word("mention_in_note"));
}

/** A name that was changed by hand is only words. */
function unmarked() {
  for (const chip of $$("data[value]", draft())) {
    chip.named ??= chip.textContent;
    if (chip.textContent !== chip.named) chip.replaceWith(...chip.childNodes);
  }
}

function walk(event) {
  if (event.isComposing) return false;
  const all = options();
  const at = all.indexOf(pointed());
  const is = (...keys) => keys.includes(event.key) && !event.ctrlKey && !event.metaKey && !event.shiftKey;
  if (is("ArrowDown", "ArrowUp") && all.length) point(all[at < 0 ? 0 : (at + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]);
  else if (is("Enter", "Tab") && all[at]) take(all[at]);
  else if (event.key === "Escape") { refused = true; close(); } else return false;
  event.preventDefault();
  event.stopImmediatePropagation();
  return true;
}

function take(option) {
  if (option.getAttribute("aria-disabled")) return;
  const at = called;
  const mine = writing;
  close();
  mine.editor.squire.setSelection(rangeOf(at));
  if (mine.kind !== "note") {
    mine.editor.squire.insertPlainText("");
    write("note");
    writing.editor.squire.insertPlainText("@");
    return;
  }
  const chip = el("data", { value: option.dataset.agent }, `@${option.dataset.label}`);
  mine.editor.squire.insertHTML(`${chip.outerHTML}\u00a0`);
  say(word("mentioned", { name: option.dataset.label }));
}

function mount({ detail }) {
  writing = detail;
  const field = draft();
  close();
  if (!field || field.dataset.mentions) return;
  field.dataset.mentions = "on";
  writing.editor.squire.addEventListener("input", typed);
  field.addEventListener("keydown", (event) => { if (called && isOpen()) walk(event); }, { capture: true });
  field.addEventListener("blur", () => setTimeout(() => { if (document.activeElement !== field) close(); }));
}

export function start() {
  if (!box() || !$("#pane")) return;
  document.addEventListener("composer", mount);
  document.addEventListener("selectionchange", () => { if (called && isOpen() && !call()) close(); });
  pane.onClose(close);
  box().addEventListener("mousedown", (event) => event.preventDefault()); // the caret stays
  box().addEventListener("click", ({ target }) => { const option = target.closest("[role=option]"); if (option && called) take(option); });
  box().addEventListener("pointermove", ({ target }) => { const option = target.closest("[role=option]:not([aria-disabled])"); if (option && option !== pointed()) point(option); });
}
