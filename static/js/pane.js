// Opening a conversation beside the list: one fragment, one address, and focus that knows where it came from.
import { $, $$, el, isNarrow, kept } from "./dom.js";
import { ask, Failed, swap, why } from "./wire.js";
import { problem } from "./toast.js";
import * as rows from "./rows.js";

const opened = [];
const closing = [];
/** Told when another conversation is on the screen, and before one leaves it. */
export const onOpen = (run) => opened.push(run);
export const onClose = (run) => closing.push(run);

export const view = () => document.body.dataset.view ?? "";
export const ticket = () => document.body.dataset.ticket ?? "";
const sheet = () => $(".sheet-inbox");
const query = () => rows.list()?.dataset.q ?? "";
const listUrl = () => (view() === "search" ? `/search${query() ? `?q=${encodeURIComponent(query())}` : ""}` : `/views/${view()}`);
const ticketUrl = (id) => $("a", rows.rowOf(id) ?? undefined)?.getAttribute("href") ?? (view() === "search" ? `/search/tickets/${id}?q=${encodeURIComponent(query())}` : `/views/${view()}/tickets/${id}`);

let asking = null;

function here(id) {
  for (const row of $$("#rows > .row.is-here")) { row.classList.remove("is-here"); $("a", row)?.removeAttribute("aria-current"); }
  const row = id ? rows.rowOf(id) : null;
  if (!row) return;
  row.classList.add("is-here");
  $("a", row).setAttribute("aria-current", "true");
  rows.rove(row);
}

const bones = () => {
  const line = (width) => el("span", { class: `bone ${width}` });
  return el("section", { class: "pane pane-thread pane-loading", id: "thread", "aria-busy": "true" },
    el("div", { class: "bones" }, line("w-50"), line("w-20"), line("w-90"), line("w-70"), line("w-35")));
};

/** Show a conversation. `focus`: where the keys go afterwards, "thread", "row" or "reply". */
export async function open(id, { push = true, focus = "thread" } = {}) {
  id = String(id);
  if (id === ticket() && $("#turns")) { show("thread"); place(focus, id); return true; }
  for (const run of closing) run(ticket());
  asking?.abort();
  const mine = asking = new AbortController();
  const before = ticket();
  document.body.dataset.ticket = id;
  here(id);
  rows.rowOf(id)?.scrollIntoView({ block: "nearest" });
  if (push) history.pushState({ ticket: id }, "", ticketUrl(id));
  show("thread");
  const pane = $("#pane");
  pane.setAttribute("aria-busy", "true");
  const late = setTimeout(() => { if (asking === mine) pane.replaceChildren(bones()); }, 300);
  try {
    const parameters = new URLSearchParams({ view: view() });
    if (view() === "search") parameters.set("q", query());
    const html = await ask("GET", `/tickets/${id}/_pane?${parameters}`, { signal: mine.signal });
    if (asking !== mine) return false;
    await swap(pane, html, "innerHTML");
    $("#back")?.setAttribute("href", listUrl());
  } catch (error) {
    if (error.name === "AbortError" || asking !== mine) return false;
    problem(why(error), { retry: () => open(id, { push: false, focus }) });
    if (before && error instanceof Failed && error.status === 404) { rows.leave(rows.rowOf(id) ?? el("li")); close(); }
    return false;
  } finally {
    clearTimeout(late);
    if (asking === mine) pane.removeAttribute("aria-busy");
  }
  title();
  place(focus, id);
  for (const run of opened) run(id);
  rows.sweep();
  return true;
}

/** The open conversation once more, drawn anew. */
export function again() {
  const id = ticket();
  delete document.body.dataset.ticket;
  return open(id, { push: false, focus: "keep" });
}

function place(focus, id) {
  if (focus === "row" && rows.focus(rows.rowOf(id), { preventScroll: true })) return;
  if (focus === "keep") return;
  ($("#subject") ?? $("#pane"))?.focus({ preventScroll: true });
}

/** Back to the list alone, with the row where it was. */
export function close({ push = true } = {}) {
  const id = ticket();
  for (const run of closing) run(id);
  asking?.abort();
  asking = null;
  delete document.body.dataset.ticket;
  here("");
  if (push && id) history.pushState({}, "", listUrl());
  const pane = $("#pane");
  const none = $("#no-pane");
  if (pane && none) pane.replaceChildren(none.content.cloneNode(true));
  show("list");
  title();
  const row = rows.rowOf(id);
  if (!(row && !row.matches(".is-leaving") && rows.focus(row, { preventScroll: true }))) if (!rows.focus(rows.current())) rows.list()?.focus();
  for (const run of opened) run("");
  rows.sweep();
}

/** On a phone one pane is seen at a time. */
export function show(which) {
  const main = sheet();
  if (main) main.dataset.pane = which;
  if (which !== "customer") delete document.documentElement.dataset.customerOpen;
}

export const shown = () => sheet()?.dataset.pane ?? "";

export function toggleCustomer() {
  const root = document.documentElement;
  if (isNarrow()) {
    show(shown() === "customer" ? "thread" : "customer");
    (shown() === "customer" ? $("#customer-title") : $("#show-customer") ?? $("#subject"))?.focus();
    return;
  }
  if (matchMedia("(max-width: 84.99rem)").matches) {
    const open = root.dataset.customerOpen === undefined;
    if (open) root.dataset.customerOpen = ""; else delete root.dataset.customerOpen;
    (open ? $("#customer-title") : $("#show-customer"))?.focus();
    return;
  }
  const off = root.dataset.customer !== "off";
  if (off) { root.dataset.customer = "off"; kept.set("customer", "off"); } else { delete root.dataset.customer; kept.drop("customer"); }
  (off ? $("#show-customer") : $("#customer-title"))?.focus();
}

/** The next conversation of the view, else the one before; nothing left is not a dead end. */
export function next(from = rows.rowOf(ticket())) {
  return rows.after(from) ?? rows.before(from);
}

let name = "";
export function title() {
  name ||= document.querySelector("h1.pane-title")?.textContent.trim() ?? "Prosa";
  const waiting = Number($("#nav-mine")?.dataset.count) || 0;
  const what = $("#ticket-head")?.dataset.subject || (ticket() ? `#${ticket()}` : $("h1")?.textContent.trim() || name);
  document.title = `${waiting ? `(${waiting}) ` : ""}${what} · Prosa`;
}

export function start() {
  if (!sheet()) return;
  history.scrollRestoration = "manual";
  here(ticket());
  addEventListener("popstate", () => {
    const [, where, id] = location.pathname.match(/^\/(?:views\/(\w+)|search)(?:\/tickets\/(\d+))?$/) ?? [];
    const now = location.pathname.startsWith("/search") ? "search" : where;
    if (now !== view() || (now === "search" && (new URLSearchParams(location.search).get("q") ?? "") !== query())) return location.reload();
    if (id) open(id, { push: false, focus: isNarrow() ? "thread" : "row" }); else close({ push: false });
    return undefined;
  });
}
