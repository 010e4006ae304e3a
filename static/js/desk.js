// What is being written: the composer on the screen, as every part of it sees it, and its small lines.
import { $, $$, word } from "./dom.js";
import * as files from "./files.js";
import * as lineage from "./lineage.js";

/** The composer on the screen: its node, its kind, and for each kind its words (`drafts`) and its `fields`. */
export let now = null;
export const seat = (mine) => { now = mine; };

export const form = () => $("#composer");
export const own = () => now?.fields[now.kind];
export const isNew = (mine = now) => Boolean(mine) && !mine.id;
export const isHere = () => Boolean(now) && form()?.contains(document.activeElement);

// ------------------------------------------------------------------------------------------- drafts

const random = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, "0")).join("");

/** Words of one kind. Under its key it is sent once, however often one presses. */
export const draftOf = (html = "", dirty = false) => ({ html, dirty, key: crypto.randomUUID?.() ?? random() });

/** All of a draft, as it is kept. */
export const content = (mine, kind) => ({ html: mine.drafts[kind].html, ...(mine.fields[kind]?.values() ?? {}), ...lineage.stamp(mine.drafts[kind]) });

export const isBare = (mine, kind) => !mine.drafts[kind].html && !files.tokens(mine.node, kind).length && (mine.fields[kind]?.isEmpty() ?? true);

/** How it stands: what is written, where the words come from, and whether somebody is at it. */
export function standing() {
  if (!now || isNew()) return null;
  const draft = now.drafts[now.kind];
  const isTouched = now.sending || now.node.contains(document.activeElement) || Object.values(now.drafts).some((one) => one.dirty);
  return { kind: now.kind, hasWords: Boolean(draft.html), isTouched, ...lineage.stamp(draft) };
}

// -------------------------------------------------------------------------------------------- lines

/** What is in the way, said where it is; nothing, once it is mended. */
export function trouble(text) {
  const line = $("#composer-problem", now?.node);
  if (!line) return;
  line.hidden = !text;
  line.textContent = text;
}

/** How the draft stands: `saving`, `saved`, `unsaved`, or nothing to say. */
export function state(name, values) {
  const saved = $("#saved", now?.node);
  if (!saved) return;
  saved.textContent = name ? word(name, values) : "";
  saved.classList.toggle("is-unsaved", name === "unsaved");
}

/** The placeholder, and Discard where there is something to throw away. */
export function blank() {
  const draft = now.drafts[now.kind];
  $("#draft", now.node).classList.toggle("is-blank", now.editor.isEmpty() && !$("#draft li, #draft blockquote", now.node));
  const discards = $(".discard", now.node);
  if (discards) discards.hidden = !(now.kind === "forward" || (draft.html || (isNew() && (now.draft || draft.dirty))));
}

/** When it leaves, if not at once. */
export function leaves() {
  const at = own()?.sendAt;
  const chip = $("#leaves", now.node);
  if (!chip) return;
  chip.hidden = !at;
  now.node.classList.toggle("is-later", Boolean(at));
  if (at) $("[data-do='later'] span", chip).textContent = own().leaves;
}

/** Nothing is in it any more: it was sent, or thrown away. */
export function empty(mine, kind) {
  mine.drafts[kind] = draftOf();
  mine.editor.set("");
  $(`[data-files="${kind}"]`, mine.node).replaceChildren();
  $("#collision")?.replaceChildren();
  mine.fields[kind]?.reset();
  mine.drafts[kind].known = JSON.stringify(content(mine, kind));
  blank();
  leaves();
}

/** Kinds one can switch to: a forward only once there is something to pass on. */
export const switchable = () => $$("[role=tab]", now.node).filter((tab) => now.drafts[tab.dataset.kind] && (tab.dataset.kind !== "forward" || now.fields.forward));
