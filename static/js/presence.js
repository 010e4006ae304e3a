// Who else is here: this browser says what it shows and writes, and asks who is at the open ticket and at those in the list.
import { $, $$, coalesced, me, parse, say } from "./dom.js";
import { ask } from "./wire.js";
import * as live from "./live.js";
import * as pane from "./pane.js";
import * as rows from "./rows.js";

const BEAT_MS = 10_000;
const TYPING_MS = 3000; // said again this often while one types; the server forgets it after five seconds
const PAUSE_MS = 4000; // after which nobody types any more
const LIST_MS = 10_000; // at most this often the whole list is asked for what may have ended unsaid
const QUIET_MS = 60_000; // for so long the same person is not announced again

// ------------------------------------------------------------------------------------------ saying

let socket = null;
let typedAt = 0;
let saidAt = 0;
let last = "";
let pausing = 0;

const kind = () => $("#composer")?.dataset.kind;
const isTyping = () => Date.now() - typedAt < PAUSE_MS && (kind() === "reply" || kind() === "note");

/** What this browser does now. A page nobody looks at does nothing. */
function doing() {
  if (document.hidden || !$("#turns") || !pane.ticket()) return { ticket: null, writing: null };
  return { ticket: Number(pane.ticket()), writing: isTyping() ? kind() : null };
}

function tell({ again = false } = {}) {
  if (!socket.connected) return;
  const now = doing();
  const words = JSON.stringify(now);
  if (words === last && !(again && now.ticket)) return;
  last = words;
  saidAt = Date.now();
  socket.emit("here", now);
}

const came = coalesced(300, () => tell());

function typed() {
  typedAt = Date.now();
  clearTimeout(pausing);
  pausing = setTimeout(tell, PAUSE_MS + 50);
  tell({ again: Date.now() - saidAt > TYPING_MS });
}

function paused() {
  typedAt = 0;
  clearTimeout(pausing);
  tell();
}

// ------------------------------------------------------------------------------------------ asking

let ending = 0;
const announced = new Map(); // whom we spoke of, and when

/** Who is at the open ticket. What cannot be asked for is not shown. */
async function head() {
  const id = pane.ticket();
  const place = $("#watchers");
  if (!id || !place) return;
  let html = "";
  try { html = await ask("GET", `/tickets/${id}/_presence`); } catch { /* nobody, then */ }
  if (pane.ticket() !== id || !place.isConnected) return;
  const seen = parse(html);
  const { lapses } = $("[data-lapses]", seen)?.dataset ?? {};
  clearTimeout(ending);
  if (lapses) ending = setTimeout(head, Number(lapses) * 1000 + 500);
  place.replaceChildren(...$$(".watcher", seen));
  place.hidden = !place.children.length;
  beside($(".collide", seen));
  announce(place);
}

/** A line above the composer, when somebody answers what one could answer oneself. */
function beside(line) {
  const composer = $("#composer");
  const there = $("#beside");
  if (!line || !composer) { there?.remove(); return; }
  if (there?.textContent !== line.textContent) { there?.remove(); composer.before(line); }
}

/** Say who began to write, once; who only looks is no news. */
function announce(place) {
  for (const one of $$("[data-writes]", place)) {
    const whom = `${pane.ticket()} ${one.dataset.writes}`;
    if (Date.now() - (announced.get(whom) ?? 0) > QUIET_MS) say(one.title);
    announced.set(whom, Date.now());
  }
}

const here = coalesced(400, head);

const asked = new Set();
let sweeping = 0;

const list = coalesced(1000, async () => {
  const ids = [...asked].filter((id) => rows.rowOf(id)).slice(0, 200);
  asked.clear();
  if (!ids.length) return;
  let seen = parse("");
  try { seen = parse(await ask("GET", `/presence/_rows?ids=${ids.join(",")}`)); } catch { /* nobody, then */ }
  drawn(ids, seen);
});

/** Who is at these rows, as the server says. */
function drawn(ids, seen) {
  for (const id of ids) {
    const place = document.getElementById(`here-${id}`);
    place?.replaceChildren(...($(`[data-ticket="${id}"]`, seen)?.childNodes ?? []));
  }
  const { lapses } = $("[data-lapses]", seen)?.dataset ?? {};
  if (!lapses || sweeping) return;
  sweeping = setTimeout(() => { sweeping = 0; look($$("#rows .row-here:has([data-doing])").map((place) => place.closest(".row"))); }, Math.max(LIST_MS, Number(lapses) * 1000 + 500));
}

function look(some) {
  for (const row of some) if (rows.idOf(row)) asked.add(rows.idOf(row));
  if (asked.size) list();
}

const everywhere = () => { here(); look(rows.all()); };

export function start() {
  socket = live.connection();
  if (!socket || !$("#pane")) return;
  socket.on("connect", () => { last = ""; came(); everywhere(); });
  socket.on("rewatch", () => { last = ""; came(); everywhere(); });
  socket.on("presence", ({ ticket, agent }) => {
    if (String(agent) === me) return;
    if (String(ticket) === pane.ticket()) here();
    if (rows.rowOf(ticket)) look([rows.rowOf(ticket)]);
  });
  pane.onOpen(() => { typedAt = 0; came(); here(); });
  pane.onClose(() => { clearTimeout(ending); paused(); });
  document.addEventListener("visibilitychange", () => { came(); if (!document.hidden) everywhere(); });
  document.addEventListener("input", ({ target }) => { if (target.closest?.("#composer #draft")) typed(); });
  document.addEventListener("focusout", ({ target, relatedTarget }) => { if (target.closest?.("#composer") && !relatedTarget?.closest?.("#composer")) paused(); });
  setInterval(() => { if (Date.now() - saidAt >= BEAT_MS - 500) tell({ again: true }); }, BEAT_MS / 2);
  document.addEventListener("here", ({ detail: { ids, seen } }) => { for (const id of ids) asked.delete(id); drawn(ids, seen); });
  const list_ = rows.list();
  if (list_) new MutationObserver((changes) => look(changes.flatMap((one) => [...one.addedNodes]).filter((node) => node.matches?.(".row")))).observe(list_, { childList: true });
  everywhere();
}
