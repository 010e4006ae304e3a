// Macros: found by `/` at the caret or by `m`, put into the reply with what they do, or done at once.
import { $, $$, el, parse, say, word } from "./dom.js";
import { ask, why } from "./wire.js";
import { done, problem } from "./toast.js";
import { base } from "./drafts.js";
import { beforeCaret, place, rangeOf } from "./caret.js";
import { content, isNew } from "./desk.js";
import { fold } from "./menu.js";
import * as acts from "./acts.js";
import * as after from "./after.js";
import * as files from "./files.js";
import * as gaps from "./gaps.js";
import * as keys from "./keys.js";
import * as list from "./list.js";
import * as pane from "./pane.js";
import * as rows from "./rows.js";
import * as turns from "./turns.js";

/** What was typed since the slash, at the beginning of a line or after a space; `::` is the same. */
const CALL = /(^|[\s\u200b])(\/|::)([^/\n]{0,40})$/u;
const FRESH_MS = 60_000;

let writing = null; // the composer on the screen
let about = ""; // the conversation the menu is open for
let called = null; // where in the text it was called from: a node and from where to where
let refused = false; // Esc: this slash is only a slash
let returnTo = null;
const lists = new Map(); // what each conversation's menu offers, and since when that is known

const box = () => $("#macros");
const field = () => $("#macros-input");
const isOpen = () => Boolean(box()?.matches(":popover-open"));
const options = () => $$("#macros-list [role=option]:not([hidden])");
const pointed = () => $("#macros-list [aria-selected='true']");

// --------------------------------------------------------------------------------------- the menu

/** All that can be used on a conversation, or while a new one is written; asked for once a minute. */
export async function of(id) {
  const known = lists.get(id);
  if (known && Date.now() - known.at < FRESH_MS) return known.options;
  const found = $$("[role=option]", parse(await ask("GET", id ? `/tickets/${id}/macros/_menu` : "/new/_macros")));
  for (const option of found) option.folded = { name: fold(option.dataset.label), all: fold(option.textContent) };
  lists.set(id, { options: found, at: Date.now() });
  return found;
}

/** The beginning of a name is best, then of a word in it, then anything that is said or done. */
function fit({ folded }, typed) {
  if (!typed) return 1;
  if (folded.name.startsWith(typed)) return 4;
  if (folded.name.split(/[\s\-_.,:]+/u).some((part) => part.startsWith(typed))) return 3;
  if (folded.name.includes(typed)) return 2;
  return typed.length > 1 && folded.all.includes(typed) ? 1 : 0;
}

function mark(option, typed) {
  const name = $(".macro-name", option);
  const { label } = option.dataset;
  const at = typed && fold(label).length === label.length ? fold(label).indexOf(typed) : -1;
  name.replaceChildren(...(at < 0 ? [label] : [label.slice(0, at), el("b", {}, label.slice(at, at + typed.length)), label.slice(at + typed.length)]));
}

function draw(all, text) {
  const typed = fold(text.trim());
  const found = all.map((option) => [fit(option, typed), option]).filter(([score]) => score).sort(([a], [b]) => b - a).map(([, option]) => option);
  for (const option of found) mark(option, typed);
  $("#macros-list").replaceChildren(...found);
  $(".macro-none", box()).hidden = found.length > 0;
  point(found[0]);
  return found.length;
}

const speaker = () => (called ? $("#draft", writing?.node) : field());

function point(option) {
  for (const one of $$("#macros-list [aria-selected='true']")) one.setAttribute("aria-selected", "false");
  const at = speaker();
  if (!option) return at?.removeAttribute("aria-activedescendant");
  option.setAttribute("aria-selected", "true");
  // the editor takes a change of its own attributes for typing: one that changes nothing must not be one
  if (at?.getAttribute("aria-activedescendant") !== option.id) at?.setAttribute("aria-activedescendant", option.id);
  return option.scrollIntoView({ block: "nearest" });
}

function close({ focus = false } = {}) {
  if (!isOpen()) return;
  $("#draft", writing?.node)?.removeAttribute("aria-activedescendant");
  box().hidePopover();
  called = null;
  if (focus && returnTo?.isConnected) returnTo.focus({ preventScroll: true });
}

function walk(event) {
  if (event.isComposing) return false;
  const all = options();
  const at = all.indexOf(pointed());
  if (event.key === "ArrowDown" || event.key === "ArrowUp") point(all[(at + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]);
  else if ((event.key === "Enter" || event.key === "Tab") && !event.ctrlKey && !event.metaKey && !event.shiftKey) { if (all[at]) take(all[at]); } else if (event.key === "Escape") { refused = Boolean(called); close({ focus: !called }); } else return false;
  event.preventDefault();
  event.stopImmediatePropagation();
  return true;
}

// ------------------------------------------------------------------------------------ at the caret

/** The slash before the caret with what follows it, if that calls for the menu. */
function call() {
  const draft = $("#draft", writing?.node);
  const before = beforeCaret(draft);
  const found = before?.text.match(CALL);
  if (!found || /^\s/u.test(found[3])) return null;
  const { node, end } = before;
  const start = end - found[2].length - found[3].length;
  if (!found[1] && !isLineStart(node, draft)) return null;
  return { node, start, end, text: found[3] };
}

/** Whether nothing, or a space, stands before a piece of text in its line. */
function isLineStart(node, draft) {
  const line = node.parentElement.closest("p, div, li, blockquote, pre") ?? draft;
  const range = document.createRange();
  range.setStart(line, 0);
  range.setEnd(node, 0);
  const before = range.cloneContents();
  return before.lastElementChild?.matches("br") || /(^|[\s\u200b])$/u.test(before.textContent);
}

async function typed() {
  const at = call();
  if (!at) { refused = false; if (called) close(); return; }
  if (refused) return;
  const mine = writing;
  let all;
  try { all = await of(mine.id); } catch { return; } // then it is only a slash
  const now = writing === mine ? call() : null;
  if (!now || refused) { if (called) close(); return; }
  const first = !called;
  called = now;
  about = mine.id;
  $(".pick-field", box()).hidden = true;
  const n = draw(all, now.text);
  if (!n) { close(); called = null; return; }
  if (!isOpen()) box().showPopover();
  place(box(), rangeOf(now).getBoundingClientRect());
  if (first) say(word("macros_n", { n }));
}

// -------------------------------------------------------------------------------------- by its key

/** With a line of its own to type in: on the open conversation, or on a row. */
async function open(id = acts.target(), at = null) {
  if (!id && !at) return false;
  const spot = at ?? (id === pane.ticket() ? $("#ticket-head") : $("a", rows.rowOf(id) ?? undefined));
  if (!spot) return false;
  returnTo = at ? $("#draft", writing?.node) : document.activeElement;
  close();
  about = String(id);
  $(".pick-field", box()).hidden = false;
  field().value = "";
  $("#macros-list").replaceChildren();
  box().showPopover();
  const rect = spot.getBoundingClientRect();
  const there = () => place(box(), at ? rect : { left: rect.left + 12, top: 0, bottom: Math.min(rect.bottom, innerHeight - 240) });
  there();
  field().focus(); // at once: what is typed while the list is on its way is meant for it
  let all;
  try { all = await of(about); } catch (error) { close({ focus: true }); problem(why(error)); return true; }
  if (!isOpen() || called || about !== String(id)) return true;
  draw(all, field().value);
  there();
  return true;
}

// -------------------------------------------------------------------------------------- using one

function take(option) {
  const id = about;
  const at = called;
  close({ focus: !at });
  use(id, option, at);
}

/** One with words goes into the reply; one without does what it does. */
export async function use(id, option, at = null) {
  if (!("text" in option.dataset) && !at) return run(id, option);
  if (!at && !(writing?.id === id && writing.node.contains(document.activeElement))) await keys.run("reply");
  if (writing?.id !== id) return undefined;
  return insert(option, at);
}

async function insert(option, at) {
  const mine = writing;
  const { kind } = mine;
  if (at) mine.editor.squire.setSelection(rangeOf(at));
  let made;
  try { made = parse(await bring(mine, option.dataset.macro)); } catch (error) { problem(why(error)); return; }
  if (writing !== mine || mine.kind !== kind) return;
  const html = $("[data-html]", made).innerHTML.trim();
  if (html) mine.editor.squire.insertHTML(html); else if (at) mine.editor.squire.insertHTML("");
  const added = [...$("[data-files]", made).content.children];
  $(`[data-files="${kind}"]`, mine.node).append(...added);
  if (added.length) files.weigh(mine.node);
  after.wait(mine.node, [...$("[data-chips]", made).content.children], Number(option.dataset.macro), kind);
  say(word("macro_in", { name: option.dataset.label }));
  gaps.show(mine);
  if (!gaps.select(mine)) mine.editor.focus();
}

/** Its words for this customer; its files are in the draft then. */
async function bring(mine, macro) {
  if (!isNew(mine)) return ask("POST", `/tickets/${mine.id}/macros/${macro}/drafts/${mine.kind}`);
  return ask("POST", `${await base(mine, mine.kind)}/macros/${macro}`, { form: content(mine, mine.kind) });
}

async function run(id, option) {
  const { macro, label: name } = option.dataset;
  const following = pane.next(rows.rowOf(id));
  const wasOpen = pane.ticket() === String(id);
  const post = async (url, form) => {
    const html = await ask("POST", `/tickets/${id}/macros/${url}`, { form });
    await turns.putHead(html);
    list.look(id);
    return parse(html);
  };
  try {
    const made = await post(macro);
    const { back } = $("[data-back]", made).dataset;
    const undo = () => post("actions", { actions: back }).then(() => say(word("macro_back", { id })), (error) => problem(why(error)));
    done(word("macro_done", { name, id }), back === "[]" ? {} : { undo });
    if (["resolved", "spam"].includes($("#ticket-head", made)?.dataset.status) && /"status"/.test(back)) acts.goOn(id, following, wasOpen);
  } catch (error) { problem(why(error), { retry: () => run(id, option) }); }
}

// --------------------------------------------------------------------------------------- beginning

/** A composer has come onto the page, or shows another kind of message. */
function mount({ detail }) {
  writing = detail;
  const draft = $("#draft", writing.node);
  if (!after.pending(writing.node) || draft.dataset.macros) return gaps.show(writing);
  draft.dataset.macros = "on";
  writing.editor.squire.addEventListener("input", () => { typed(); gaps.show(writing); });
  draft.addEventListener("keydown", (event) => { if (called && isOpen() && !walk(event) && (event.ctrlKey || event.metaKey)) close(); }, { capture: true });
  draft.addEventListener("blur", () => setTimeout(() => { if (called && document.activeElement !== draft) close(); }));
  return gaps.show(writing);
}

export function start() {
  if (!box() || !$("#pane, .composer-new")) return;
  document.addEventListener("composer", mount);
  document.addEventListener("change", ({ target }) => { if (target.matches?.("#pending [name=macros]")) after.redraw(target.parentElement); });
  document.addEventListener("selectionchange", () => { if (called && isOpen() && !call()) close(); });
  keys.on("macro", () => { if (!acts.target()) return false; open(); return true; });
  pane.onClose(() => close());
  field().addEventListener("input", () => draw(lists.get(about)?.options ?? [], field().value));
  field().addEventListener("keydown", walk);
  box().addEventListener("mousedown", (event) => { if (called) event.preventDefault(); }); // the caret stays
  box().addEventListener("click", ({ target }) => { const option = target.closest("[role=option]"); if (option) take(option); });
  box().addEventListener("pointermove", ({ target }) => { const option = target.closest("[role=option]"); if (option && option !== pointed()) point(option); });
  document.addEventListener("click", (event) => {
    const { target } = event;
    const button = target.closest("[data-do='macros']");
    if (button) { if (isOpen()) close(); else open(writing?.id, button); return; }
    if (isOpen() && !box().contains(target)) close();
    const off = target.closest("[data-do='macro-off']");
    if (!off) return;
    const chip = off.closest("li");
    const next = $("button", chip.nextElementSibling ?? chip.previousElementSibling ?? undefined);
    const pending = chip.closest("#pending");
    chip.remove();
    after.keep(pending);
    if (next?.isConnected) next.focus(); else writing?.editor.focus();
  });
}
