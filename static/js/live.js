// Nudges: the socket says what changed, the ordinary views say how it looks now. Without it, everything is asked again in turns.
import { io } from "socket.io-client";
import { $, coalesced, me, parse, say, word } from "./dom.js";
import { ask, swap, toLogin } from "./wire.js";
import * as list from "./list.js";
import * as pane from "./pane.js";
import * as turns from "./turns.js";

const POLL_MS = 20_000;
let socket = null;
let wasLost = false;
let hiddenSince = 0;
let missed = null; // what to ask once the server listens for us: it may have happened before that

/** For what else is said over it; null for who is not signed in. */
export const connection = () => socket;

const watch = coalesced(600, () => {
  if (!socket?.connected) return;
  socket.emit("watch", { view: pane.view() || null, ticket: Number(pane.ticket()) || null, since: Number($("#turns")?.dataset.version) || 0 }, () => {
    missed?.();
    missed = null;
  });
});

/** Between drawing a page and listening for its changes something may have come. */
function sinceDrawn() {
  list.newest();
  turns.refresh({ head: false, customer: false });
}

/** All that is counted, in one answer: what stands in each view, and what is new on the bell. */
export const counts = coalesced(2000, async () => {
  const nav = $("#views-nav");
  try {
    const fresh = parse(await ask("GET", `/views/_counts?view=${encodeURIComponent(pane.view() || document.body.dataset.page)}`));
    if (nav) {
      await swap(nav, $("#views-nav", fresh).outerHTML, "outerMorph");
      numbers();
    }
    document.dispatchEvent(new CustomEvent("bell", { detail: $("#bell", fresh) }));
  } catch { /* the next nudge asks again */ }
});

function numbers() {
  const count = $(`#nav-${pane.view()}`)?.dataset.count;
  const shown = $("#list-count");
  if (shown && count !== undefined) shown.textContent = count === "0" ? "" : count;
  for (const badge of document.querySelectorAll("[data-badge]")) {
    const n = $(`#nav-${badge.dataset.badge}`)?.dataset.count ?? "";
    badge.textContent = n;
    badge.hidden = !Number(n);
  }
  for (const chip of document.querySelectorAll(".view-chip")) {
    const n = $(`#nav-${chip.pathname.split("/").pop()}`)?.dataset.count;
    const num = $(".num", chip);
    if (num && n !== undefined) num.textContent = n === "0" ? "" : n;
  }
  pane.title();
}

function everything() {
  turns.refresh();
  list.catchUp();
  counts();
}

function lost(on) {
  const line = $("#lost");
  if (line) { line.hidden = !on; $("span", line).textContent = word("reconnecting"); }
  document.documentElement.toggleAttribute("data-lost", on);
  if (on !== wasLost) { if (!on) say(word("reconnected")); wasLost = on; }
}

export function start() {
  if (!me) return;
  socket = io({ transports: ["websocket"], reconnectionDelay: 500, reconnectionDelayMax: 5000, randomizationFactor: 0.5, timeout: 8000 });
  let before = false;
  let warn = 0;
  socket.on("connect", () => {
    clearTimeout(warn);
    lost(false);
    missed = before ? everything : sinceDrawn;
    before = true;
    watch();
  });
  const gone = () => { clearTimeout(warn); warn = setTimeout(() => lost(true), 3000); };
  socket.on("disconnect", (reason) => { gone(); if (reason === "io server disconnect") setTimeout(() => socket.connect(), 1000); });
  socket.on("connect_error", gone);
  socket.on("changed", ({ ticket, version }) => {
    if (String(ticket) === pane.ticket()) turns.nudge(version);
    list.nudge(ticket, version);
  });
  socket.on("counts", counts);
  socket.on("customer", () => { if (pane.ticket()) turns.refresh({ head: false }); });
  socket.on("rewatch", () => { watch(); everything(); });
  socket.on("signed_out", () => toLogin());
  pane.onOpen((id) => {
    // a found conversation is in no view we listen to, so what came while it opened has to be asked for
    if (id && pane.view() === "search") missed ??= () => turns.refresh({ head: false, customer: false });
    watch();
  });
  addEventListener("popstate", watch);

  setInterval(() => { if (!socket.connected && !document.hidden) everything(); }, POLL_MS);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { hiddenSince = Date.now(); return; }
    if (Date.now() - hiddenSince < 30_000 && socket.connected) return;
    if (socket.connected) { watch(); everything(); } else socket.connect();
  });
  addEventListener("online", () => { if (!socket.connected) socket.connect(); });
  numbers();
}
