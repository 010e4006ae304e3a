// Words of one's own from another window: shown above the composer, taken or thrown away; and a composer nobody touches follows them.
import { $, $$, parse, say } from "./dom.js";
import { ask, why } from "./wire.js";
import { problem } from "./toast.js";
import { standing } from "./desk.js";
import { save } from "./drafts.js";
import { replace, write } from "./mounting.js";
import * as live from "./live.js";
import * as pane from "./pane.js";

const place = () => $("#apart");

/** How the server's draft stands now. */
async function look() {
  const id = pane.ticket();
  if (!id || !place()) return;
  let html = "";
  try { html = await ask("GET", `/tickets/${id}/drafts/_apart`); } catch { return; }
  if (pane.ticket() === id) await put(html, id);
}

async function put(html, id) {
  const fresh = $("#apart", parse(html));
  const shown = () => $$("#apart .apart-one:not([hidden])").length;
  const before = shown();
  place()?.replaceWith(fresh);
  const here = standing();
  if (!here) return;
  const kept = $(`[data-stands][data-kind="${here.kind}"]`, fresh);
  const isOurs = !kept ? !here.hasWords : kept.dataset.name === here.base || kept.dataset.hand === here.hand;
  if (!isOurs && !here.isTouched && (await redraw(id))) return;
  for (const one of $$(".apart-one:not([data-stands])", fresh)) one.hidden = one.dataset.hand === here.hand;
  if (kept) kept.hidden = isOurs;
  if (shown() > before) say($(".apart-one:not([hidden])", fresh).getAttribute("aria-label"));
}

/** A composer nobody is at takes what another window has written since. */
async function redraw(id) {
  try {
    const drawn = await ask("GET", `/tickets/${id}/_composer`);
    if (pane.ticket() !== id || standing()?.isTouched !== false) return false;
    replace(drawn);
    return true;
  } catch { return false; }
}

/** What stands in the composer is kept first: it changes places with what is taken, and nothing else goes. */
async function settle(button, act) {
  const { kind, name } = button.closest(".apart-one").dataset;
  const id = pane.ticket();
  try {
    if (standing()?.hasWords) await save(standing().kind);
    await act(`/tickets/${id}/drafts/${kind}/apart/${name}`, id);
    write(kind);
  } catch (error) { problem(why(error)); look(); }
}

const take = (button) => settle(button, async (url) => replace(await ask("POST", url)));
const drop = (button) => settle(button, async (url, id) => put(await ask("DELETE", url), id));

const DO = { "apart-take": take, "apart-drop": drop };

export function start() {
  if (!$("#pane")) return;
  document.addEventListener("click", ({ target }) => { const button = target.closest("[data-do]"); if (button) DO[button.dataset.do]?.(button); });
  live.connection()?.on("draft", ({ ticket }) => { if (String(ticket) === pane.ticket()) look(); });
  live.connection()?.on("connect", look); // what was written while nobody listened
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
}
