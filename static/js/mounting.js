// The composer on the page: wired when it comes, filled with what was begun, switched between reply, note and forward.
import { $, $$, isNarrow, parse } from "./dom.js";
import { editor } from "./editor.js";
import { fields } from "./fields.js";
import { blank, content, draftOf, form, isNew, leaves, now, own, seat, state, trouble } from "./desk.js";
import { changed, flush, here, save } from "./drafts.js";
import { press } from "./tools.js";
import * as files from "./files.js";
import * as keys from "./keys.js";
import * as lineage from "./lineage.js";
import * as pictures from "./pictures.js";
import * as turns from "./turns.js";

/** Where each kind is posted. */
export const POSTS = { reply: "replies", note: "notes", forward: "forwards" };

/** Wire the composer that is on the page now. */
export function mount() {
  const node = form();
  if (!node || now?.node === node) return;
  unmount();
  const { ticket: id = "", draftId: draft = "", kind } = node.dataset;
  seat({ node, id, draft, kind, drafts: {}, fields: {}, editor: editor($("#draft", node)), seen: turns.lastSeen(), timer: 0, sending: false });
  fill(now);
  show(now.kind, { first: true });
  listen(now);
  files.mount(now);
  for (const cap of $$("[data-mod]", node)) keys.capOf(cap);
  const time = $("#saved", node)?.dataset.saved;
  if (time && !now.drafts[now.kind].dirty) state("saved", { time });
  for (const [one, kept] of Object.entries(now.drafts)) if (kept.dirty) save(one);
  announceItself(now);
}

/** For what stands beside the words, such as macros. */
const announceItself = (mine) => mine.node.dispatchEvent(new CustomEvent("composer", { bubbles: true, detail: mine }));

/** What the server kept, or what this browser has beyond it. */
function fill(mine) {
  const hooks = { changed, trouble, next: () => mine.editor.focus() };
  for (const part of $$("[data-fields]", mine.node)) mine.fields[part.dataset.fields] = fields(part, mine.node, hooks);
  for (const template of $$("template[data-draft]", mine.node)) {
    const kind = template.dataset.draft;
    const local = here(mine, kind);
    mine.drafts[kind] = { ...draftOf(local?.html ?? template.innerHTML.trim(), Boolean(local)), ...lineage.begun(template, local) };
    if (local) mine.fields[kind]?.apply(local);
  }
  if (mine.drafts.reply?.dirty && mine.drafts.reply.html) mine.kind = "reply";
  if (!mine.drafts[mine.kind]) [mine.kind] = Object.keys(mine.drafts);
}

function listen(mine) {
  const draft = $("#draft", mine.node);
  mine.editor.squire.addEventListener("input", () => { files.adopt(); changed(); });
  mine.editor.squire.addEventListener("pathChange", () => setTimeout(press));
  draft.addEventListener("focus", () => {
    mine.fields[mine.kind]?.fold();
    if (mine.editor.isEmpty() || !mine.writing) mine.seen = turns.lastSeen();
  });
  draft.addEventListener("blur", () => { mine.writing = false; });
}

export function unmount() {
  if (!now) return;
  flush();
  clearTimeout(now.timer);
  try { now.editor.destroy(); } catch { /* its place is gone already */ }
  seat(null);
}

/** Put a composer the server drew in the place of the one that is there. */
export function replace(html) {
  unmount();
  $("#desk-bottom").replaceChildren(parse(html));
  mount();
}

/** Reply, note or forward: each has its own words, fields and files. */
export function show(kind, { first = false } = {}) {
  if (!first) { now.drafts[now.kind].html = now.editor.html(); flush(); }
  now.kind = kind;
  dress(kind);
  now.editor.set(now.drafts[kind].html);
  now.drafts[kind].html = now.editor.html();
  now.drafts[kind].known = JSON.stringify(content(now, kind));
  pictures.closeAlt();
  blank();
  leaves();
  files.weigh(now.node);
  trouble(own()?.wrong() ?? "");
  if (!first) announceItself(now);
}

/** Everything around the words says which kind it is. */
function dress(kind) {
  const { node } = now;
  node.dataset.kind = kind;
  if (!isNew()) node.action = `/tickets/${now.id}/${POSTS[kind]}`;
  node.classList.toggle("is-note", kind === "note");
  for (const tab of $$("[role=tab]", node)) {
    const on = tab.dataset.kind === kind;
    tab.setAttribute("aria-selected", String(on));
    tab.tabIndex = on ? 0 : -1;
  }
  const draft = $("#draft", node);
  const named = kind[0].toUpperCase() + kind.slice(1);
  draft.setAttribute("aria-label", draft.dataset[`label${named}`]);
  draft.dataset.placeholder = draft.dataset[`placeholder${named}`];
  for (const list of $$("[data-files]", node)) list.hidden = list.dataset.files !== kind;
}

/** Go on with this kind, at the end of its words. */
export function write(kind) {
  if (!form()) return false;
  mount();
  if (kind !== now.kind) show(kind);
  now.node.classList.add("is-open");
  now.editor.toEnd();
  if (isNarrow()) now.node.scrollIntoView({ block: "end" });
  return true;
}
