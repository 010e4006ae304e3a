// Leaving the composer: its draft is kept, or thrown away by who says so.
import { $ } from "./dom.js";
import { ask, why } from "./wire.js";
import { problem } from "./toast.js";
import { empty, form, isNew, now, own, state } from "./desk.js";
import { away, base, drop, flush } from "./drafts.js";
import { replace } from "./mounting.js";
import { closeLink } from "./tools.js";
import * as pictures from "./pictures.js";
import * as turns from "./turns.js";

/** From the page of a new conversation to where one came from. */
export function goBack() {
  if (history.length > 1 && document.referrer.startsWith(location.origin)) history.back(); else location.assign("/");
}

/** Esc: out of what is open within the composer first, then out of it. */
export function leave({ target }) {
  if (!form()?.contains(target)) {
    if (target.closest?.("dialog, [popover], form.search")) return false;
    target.blur?.();
    return true;
  }
  if (pictures.closeAlt() || closeLink()) { now.editor.focus(); return true; }
  flush();
  if (isNew()) { goBack(); return true; }
  own()?.fold();
  fold();
  $("#subject")?.focus({ preventScroll: true });
  return true;
}

export const fold = () => form().classList.remove("is-open");

/** Throw the draft away, here and on the server. */
export async function discard() {
  const mine = now;
  const { kind } = mine;
  clearTimeout(mine.timer);
  const url = isNew(mine) && !mine.draft ? "" : away(await base(mine, kind), mine, kind);
  drop(mine, kind);
  empty(mine, kind);
  mine.seen = turns.lastSeen();
  try { if (url) await ask("DELETE", url); } catch (error) { problem(why(error)); return; }
  if (isNew(mine)) { goBack(); return; }
  state("");
  if (kind === "forward") replace(await ask("GET", `/tickets/${mine.id}/_composer`));
  $("#subject")?.focus();
}
