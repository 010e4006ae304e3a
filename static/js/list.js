// Walking the list, more of it, and what is new in it.
import { $, coalesced, parse, word, say } from "./dom.js";
import { ask } from "./wire.js";
import * as keys from "./keys.js";
import * as pane from "./pane.js";
import * as rows from "./rows.js";

const rowsUrl = () => (pane.view() === "search" ? `/search/_rows` : `/views/${pane.view()}/_rows`);

// ---------------------------------------------------------------------------------------- walking

function step(to) {
  const row = rows.current();
  if (!row) return false;
  const inList = document.activeElement?.closest?.("#rows > .row");
  const next = inList || document.body.dataset.ticket ? (to > 0 ? rows.after(row) : rows.before(row)) : row;
  if (!next) { if (to > 0) more(); say(word("no_more")); return true; }
  rows.focus(next);
  if (!rows.after(next)) more();
  return true;
}

function openCurrent() {
  const row = rows.current();
  if (!row) return false;
  pane.open(rows.idOf(row));
  return true;
}

/** The next or former conversation, opened at once. */
function turn(to) {
  const from = rows.rowOf(pane.ticket()) ?? rows.current();
  const row = to > 0 ? rows.after(from) : rows.before(from);
  if (!row) { say(word("no_more")); return true; }
  pane.open(rows.idOf(row));
  return true;
}

// ------------------------------------------------------------------------------------------- more

let loading = false;
async function more() {
  const list = rows.list();
  if (loading || !list?.dataset.next) return;
  loading = true;
  list.setAttribute("aria-busy", "true");
  try {
    const html = await ask("GET", `${rowsUrl()}?before=${encodeURIComponent(list.dataset.next)}`);
    const page = parse(html);
    const next = $("[data-next]", page);
    if (next) { list.dataset.next = next.dataset.next; next.remove(); } else delete list.dataset.next;
    for (const row of [...page.children]) if (row.id && !document.getElementById(row.id)) list.append(row);
    rows.settle();
    await null; // whoever watches for new rows has seen them
    rows.tell($("[data-presence]", page));
  } catch { /* asked again at the next scroll */ } finally {
    loading = false;
    list.removeAttribute("aria-busy");
  }
}

// ------------------------------------------------------------------------------------------- live

const changed = new Set();
let refreshing = false;

// A row is on the screen within a second however steadily mail comes: the longest wait is 0.9 s, most are none.
const refresh = coalesced(700, async () => {
  const ids = [...changed].slice(0, 100);
  if (!ids.length || refreshing) return; // the one that runs asks again at its end
  refreshing = true;
  for (const id of ids) changed.delete(id);
  let pause = 0;
  try {
    await rows.apply(await ask("GET", `${rowsUrl()}?ids=${ids.join(",")}`));
  } catch {
    for (const id of ids) changed.add(id);
    pause = 3000;
  }
  refreshing = false;
  if (changed.size) setTimeout(refresh, pause);
}, 200);

/** A ticket changed somewhere: ask how its row looks now. */
export function nudge(id, version) {
  if (!rows.list() || pane.view() === "search") return;
  if (Number(rows.rowOf(id)?.dataset.version) >= version && !rows.rowOf(id).dataset.leaving) return;
  changed.add(String(id));
  refresh();
}

/** How this row looks now, without waiting for the others. */
export async function look(id) {
  if (!rows.list() || pane.view() === "search") return;
  try { await rows.apply(await ask("GET", `${rowsUrl()}?ids=${id}`), { quiet: true }); } catch { /* a nudge comes too */ }
}

/** What came on top. */
export async function newest() {
  if (!rows.list() || pane.view() === "search") return;
  try { await rows.apply(await ask("GET", rowsUrl())); } catch { /* the next nudge asks again */ }
}

/** After sleep or a lost line: everything that is shown, and what came on top. */
export async function catchUp() {
  const list = rows.list();
  if (!list || pane.view() === "search") return;
  await newest();
  try {
    const ids = rows.all().map(rows.idOf).slice(0, 200);
    if (ids.length) await rows.apply(await ask("GET", `${rowsUrl()}?ids=${ids.join(",")}`), { quiet: true });
  } catch { /* the next try asks again */ }
}

// ------------------------------------------------------------------------------------------ search

let searching = null;
function search() {
  const form = $("form.search");
  const field = $("#q");
  if (!form) return;
  let timer;
  const look = async () => {
    const q = field.value.trim();
    searching?.abort();
    searching = new AbortController();
    const list = rows.list();
    try {
      const html = q ? await ask("GET", `/search/_rows?q=${encodeURIComponent(q)}`, { signal: searching.signal }) : "";
      list.dataset.q = q;
      const page = parse(html);
      const here = $("[data-presence]", page);
      here?.remove();
      list.replaceChildren(page);
      history.replaceState(history.state, "", q ? `/search?q=${encodeURIComponent(q)}` : "/search");
      const none = $("#list-empty .list-none");
      rows.settle();
      if (none && !rows.all().length) none.textContent = q ? word("none_for", { q }) : word("results_here");
      const found = $(".search-found");
      if (found) found.hidden = true;
      say(word("found_n", { n: rows.all().length }));
      await null; // whoever watches for new rows has seen them
      rows.tell(here);
    } catch { /* typing on aborts the one before */ }
  };
  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, 180); });
  form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(timer); look().then(() => rows.focus(rows.all()[0])); });
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "Enter") { if (rows.all().length && event.key === "ArrowDown") { event.preventDefault(); rows.focus(rows.all()[0]); } }
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); if (!rows.focus(rows.current())) field.blur(); }
  });
}

export function start() {
  keys.on("search", () => { const field = $("#q"); if (field) { field.focus(); field.select(); } else location.assign("/search"); });
  const list = rows.list();
  if (!list) return;
  keys.on("next", () => step(1));
  keys.on("previous", () => step(-1));
  keys.on("open", openCurrent);
  keys.on("next.open", () => turn(1));
  keys.on("previous.open", () => turn(-1));
  list.addEventListener("click", (event) => {
    const link = event.target.closest(".row > a");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    pane.open(rows.idOf(link.parentElement));
  });
  list.addEventListener("scroll", () => { if (list.scrollTop + list.clientHeight > list.scrollHeight - 600) more(); }, { passive: true });
  if (list.scrollHeight <= list.clientHeight + 200) more();
  search();
}
