// Notices: the bell that knows what is new, what opening a conversation makes read, following, and the page of all.
import { $, $$, me, parse, say, word } from "./dom.js";
import { ask, swap, why } from "./wire.js";
import { done, problem } from "./toast.js";
import * as acts from "./acts.js";
import * as keys from "./keys.js";
import * as live from "./live.js";
import * as pane from "./pane.js";
import * as turns from "./turns.js";

const MOST = 100; // the bell counts, and names tickets, up to here

const bell = () => $("#bell");
const page = () => $("#notices");

// ---------------------------------------------------------------------------------------- the bell

const put = (html) => ring($("#bell", parse(html)));

async function ring(fresh) {
  if (!fresh || !bell()) return;
  if (bell().hasAttribute("aria-current")) fresh.setAttribute("aria-current", "page");
  await swap(bell(), fresh.outerHTML, "outerMorph");
  shown();
}

function shown() {
  const n = Number(bell()?.dataset.unread ?? 0);
  for (const badge of $$("[data-bell]")) {
    badge.textContent = n ? n >= MOST ? `${MOST - 1}+` : n : "";
    badge.hidden = !n;
    badge.closest("a").ariaLabel = bell()?.ariaLabel; // the number is for the eye, this is for the ear
  }
  if (n) navigator.setAppBadge?.(n).catch(() => {}); else navigator.clearAppBadge?.().catch(() => {});
}

let known = ""; // the conversation that was read here though the bell could not say whether it is news

/** What is before somebody's eyes is read, in whatever browser it was told. */
async function seen() {
  const id = pane.ticket();
  if (!id || document.hidden || !$("#turns")) return;
  const { tickets = "", unread = "0" } = bell()?.dataset ?? {};
  if (!Number(unread) || (tickets === "?" ? known === id : !tickets.split(" ").includes(id))) return;
  known = id; // "?": there is too much to say which, and who looks at one is told nothing more of it
  try { await put(await ask("POST", `/tickets/${id}/notices`)); } catch { known = ""; /* it stays new, then */ }
}

/** The bell as it is now, with whatever made the counts be asked. */
async function news({ detail: fresh }) {
  const what = (one) => `${one?.dataset.unread} ${one?.dataset.tickets}`;
  const same = what(fresh) === what(bell());
  await ring(fresh);
  await seen();
  if (!same && page() && !page().dataset.more) await refresh();
}

// ------------------------------------------------------------------------------------- following

async function follow() {
  const id = acts.target();
  if (!id) return false;
  const on = $("#ticket-head")?.dataset.ticket === String(id) && "followed" in $("#ticket-head").dataset;
  try {
    const html = await ask(on ? "DELETE" : "PUT", `/tickets/${id}/following`);
    if (pane.ticket() === String(id)) await turns.putHead(html);
    done(word(on ? "unfollowed" : "followed", { id }), { undo: on ? undefined : follow });
  } catch (error) { problem(why(error)); }
  return true;
}

// ---------------------------------------------------------------------------------------- the page

const rows = () => $$(".told", page() ?? undefined);
const links = () => $$(".told-link", page() ?? undefined);
const line = (id) => document.getElementById(`notice-${id}`);
const here = () => document.activeElement?.closest?.(".told");
const url = (more = {}) => `/notices/_rows?${new URLSearchParams({ show: page().dataset.show, ...more })}`;

/** One of them is in the tab order; the arrows and j k walk among them. */
function settle() {
  const all = links();
  if (!all.some((link) => link.tabIndex === 0) && all.length) all[0].tabIndex = 0;
}

function go(row) {
  if (!row) return false;
  for (const link of links()) link.tabIndex = -1;
  const link = $(".told-link", row);
  link.tabIndex = 0;
  link.focus();
  row.scrollIntoView({ block: "nearest" });
  return true;
}

function step(by) {
  const all = rows();
  const at = all.indexOf(here());
  if (!all.length) return false;
  return go(at < 0 ? all[by > 0 ? 0 : all.length - 1] : all[Math.min(Math.max(at + by, 0), all.length - 1)]);
}

const leaving = new Set(); // what is being put away
let acted = 0; // counted when something begins to be put away or back, and when it is: what was asked for before is old

async function refresh() {
  let html, before;
  try { do { before = acted; html = await ask("GET", url()); } while (before !== acted); } catch { return; }
  const id = here()?.dataset.id; // where one is by now: a key may have been pressed meanwhile
  page().replaceChildren(parse(html));
  for (const gone of leaving) line(gone)?.classList.add("is-leaving");
  settle();
  if (id) go(line(id) ?? rows()[0]);
}

async function more(button) {
  const last = $$(".told-day", page()).at(-1)?.dataset.day ?? "";
  try {
    const fresh = parse(await ask("GET", url({ before: button.dataset.before, day: last })));
    const first = $(".told", fresh);
    page().dataset.more = "yes";
    button.closest(".told-more").replaceWith(fresh);
    settle();
    go(first);
  } catch (error) { problem(why(error)); }
}

async function away(row = here()) {
  if (!row) return false;
  const all = rows();
  const next = all[all.indexOf(row) + 1] ?? all[all.indexOf(row) - 1];
  const { id } = row.dataset;
  acted += 1;
  leaving.add(id);
  row.classList.add("is-leaving");
  if (row.contains(document.activeElement)) { if (!go(next)) $("#main")?.focus(); }
  try {
    await ask("POST", `/notices/${id}/done`);
    acted += 1;
    remove(line(id)); // not the row of then: the list may have been drawn anew, by what was true before
    if (!rows().length) await refresh();
    done(word("put_away"), { undo: () => back(id) });
  } catch (error) { line(id)?.classList.remove("is-leaving"); problem(why(error)); }
  leaving.delete(id);
  return true;
}

function remove(row) {
  const day = row?.closest(".told-day");
  row?.remove();
  if (day && !$(".told", day)) day.remove();
}

async function back(id) {
  acted += 1;
  try { await ask("DELETE", `/notices/${id}/done`); } catch (error) { problem(why(error)); return; }
  delete page().dataset.more;
  await refresh();
  go(line(id));
}

async function readAll() {
  try { await put(await ask("POST", "/notices/read", { form: {} })); } catch (error) { problem(why(error)); return true; }
  if (page().dataset.show === "unread") await refresh(); else for (const row of rows()) row.classList.remove("is-new");
  say(word("all_read"));
  return true;
}

function onPage() {
  settle();
  keys.on("next", () => step(1));
  keys.on("previous", () => step(-1));
  keys.on("notice.done", () => { away(); return Boolean(here()) || undefined; });
  keys.on("notice.read", () => { readAll(); });
  page().addEventListener("focusin", ({ target }) => { if (target.matches(".told-link")) { for (const link of links()) link.tabIndex = link === target ? 0 : -1; } });
}

export function start() {
  if (!me) return;
  keys.on("go.notices", () => { location.assign("/notices"); });
  keys.on("go.mentions", () => { location.assign("/notices?show=mentions"); });
  const socket = live.connection();
  for (const what of ["noticed", "connect", "rewatch"]) socket?.on(what, live.counts);
  document.addEventListener("bell", news);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) seen(); });
  shown();
  if ($("#pane")) {
    keys.on("follow", follow);
    pane.onOpen(() => { known = ""; seen(); });
    seen();
  }
  if (page()) onPage();
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    const run = { follow, "notice-done": () => away(button.closest(".told")), "notices-read": readAll, "notices-more": () => more(button) }[button?.dataset.do];
    if (run && !(event.ctrlKey || event.metaKey)) { event.preventDefault(); run(); }
  });
}
