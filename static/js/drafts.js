// Drafts: kept on the server and here while one types, so that no crash, no line and no other window loses them.
import { $, kept, parse } from "./dom.js";
import { ask } from "./wire.js";
import { blank, content, isBare, isNew, leaves, now, own, state, trouble } from "./desk.js";
import * as lineage from "./lineage.js";
import * as turns from "./turns.js";

const SAVE_MS = 800;
const AGAIN_MS = 5000;

const place = (mine, kind) => (isNew(mine) ? `draft-new-${mine.draft || 0}` : `draft-${mine.id}-${kind}`);

/** The copy in this browser: there until the server has all of it. */
export const here = (mine, kind) => { try { return JSON.parse(kept.get(place(mine, kind)) ?? "null"); } catch { return null; } };
export const keep = (mine, kind) => kept.set(place(mine, kind), copy(mine, kind));
export const drop = (mine, kind) => kept.drop(place(mine, kind));
const copy = (mine, kind) => JSON.stringify({ ...content(mine, kind), leaves: mine.fields[kind]?.leaves });

/** Something was typed, chosen or attached. */
export function changed() {
  if (!now) return;
  if (!now.writing) { now.writing = true; now.seen ||= turns.lastSeen(); }
  const { kind } = now;
  const draft = now.drafts[kind];
  draft.html = now.editor.html();
  const all = JSON.stringify(content(now, kind));
  if (all === draft.known) return blank(); // the editor tidied up; nobody typed, and what went wrong still stands
  draft.known = all;
  draft.dirty = true;
  blank();
  leaves();
  if (!own()?.wrong()) trouble("");
  keep(now, kind);
  saveIn(SAVE_MS, kind);
}

export function saveIn(ms, kind = now.kind) {
  clearTimeout(now.timer);
  now.timer = setTimeout(() => save(kind), ms);
}

/** Where a draft lives on the server; a new conversation gets its place with the first save. */
export async function base(mine, kind) {
  if (!isNew(mine)) return `/tickets/${mine.id}/drafts/${kind}`;
  if (!mine.draft) {
    mine.beginning ??= ask("POST", "/new/drafts", { form: content(mine, kind) });
    try {
      const before = place(mine, kind);
      const { draft } = $("[data-draft]", parse(await mine.beginning)).dataset;
      if (!mine.draft) {
        mine.draft = draft;
        const local = kept.get(before);
        if (local) { kept.set(place(mine, kind), local); kept.drop(before); }
        if (mine === now) history.replaceState(history.state, "", `/new/${draft}`);
      }
    } finally { mine.beginning = null; }
  }
  return `/new/${mine.draft}`;
}

/** An empty draft is no draft; a forward has something to pass on, and a new conversation its own address. */
const isNothing = (mine, kind) => isBare(mine, kind) && kind !== "forward" && !isNew(mine);
const hasNoPlace = (mine, kind) => isNew(mine) && !mine.draft && isBare(mine, kind);

/** Throwing away says whose words are meant, as keeping them does. */
export const away = (url, mine, kind) => `${url}?${new URLSearchParams(lineage.stamp(mine.drafts[kind]))}`;

export async function save(kind = now.kind) {
  const mine = now;
  if (!mine || mine.sending || hasNoPlace(mine, kind)) return;
  const all = content(mine, kind);
  const same = JSON.stringify(all);
  state("saving");
  try {
    const url = await base(mine, kind);
    const time = isNothing(mine, kind) ? await ask("DELETE", away(url, mine, kind)).then(() => "") : await ask("PUT", url, { form: all });
    if (JSON.stringify(content(mine, kind)) === same) { mine.drafts[kind].dirty = false; drop(mine, kind); }
    if (mine === now) state(time ? "saved" : "", { time });
  } catch {
    if (mine === now) { state("unsaved"); saveIn(AGAIN_MS, kind); }
  }
}

/** Before leaving: what is not saved yet goes now, and the copy here stays until it has arrived. */
export function flush() {
  if (!now || now.sending) return;
  clearTimeout(now.timer);
  for (const kind of Object.keys(now.drafts)) if (now.drafts[kind].dirty && !hasNoPlace(now, kind)) flushOne(now, kind);
}

function flushOne(mine, kind) {
  const key = place(mine, kind);
  const mark = copy(mine, kind);
  const all = content(mine, kind);
  const [method, url] = !isNew(mine) ? [isNothing(mine, kind) ? "DELETE" : "PUT", away(`/tickets/${mine.id}/drafts/${kind}`, mine, kind)]
    : mine.draft ? ["PUT", `/new/${mine.draft}`] : ["POST", "/new/drafts"];
  kept.set(key, mark);
  ask(method, url, { form: method === "DELETE" ? undefined : all, keepalive: all.html.length < 60_000 })
    .then(() => { if (kept.get(key) === mark) kept.drop(key); }, () => {});
  mine.drafts[kind].dirty = false;
}
