// What can be done to a conversation: shown at once, asked of the server, taken back visibly if it says no.
import { $, el, me, say, word, isNarrow } from "./dom.js";
import { ask, why } from "./wire.js";
import { done, problem, undoLast } from "./toast.js";
import * as keys from "./keys.js";
import * as list from "./list.js";
import * as pane from "./pane.js";
import * as rows from "./rows.js";
import { putHead } from "./turns.js";

/** Which conversation a key means: the open one, unless the keys are in the list. */
export function target() {
  const row = document.activeElement?.closest?.("#rows > .row");
  if (row) return rows.idOf(row);
  return pane.ticket() || rows.idOf(rows.current());
}

const head = (id) => { const one = $("#ticket-head"); return one?.dataset.ticket === String(id) ? one : null; };

/** Keep what the screen shows now, so that it can be put back. */
function picture(id) {
  const row = rows.rowOf(id);
  const top = head(id);
  const was = { row: row?.innerHTML, rowClass: row?.className, head: top?.innerHTML };
  return () => {
    const now = rows.rowOf(id);
    if (now && was.row != null) { now.innerHTML = was.row; now.className = was.rowClass; delete now.dataset.leaving; rows.settle(); }
    const nowTop = head(id);
    if (nowTop && was.head != null) nowTop.innerHTML = was.head;
  };
}

/** One action. `paint` shows it before the server answers. */
async function act(id, { method, url, form, paint, text, undo, retry, after, quiet }) {
  const back = picture(id);
  paint?.(rows.rowOf(id), head(id));
  after?.();
  try {
    const html = await ask(method, `/tickets/${id}${url}`, { form });
    if (html) await putHead(html);
    if (text) { if (quiet && head(id)) say(text); else done(text, { undo }); }
    return true;
  } catch (error) {
    back();
    problem(why(error), { retry });
    return false;
  }
}

// ------------------------------------------------------------------------------------------ verbs

const isOpen = (id) => {
  const top = head(id);
  if (top) return top.dataset.open === "yes";
  return viewOf(rows.rowOf(id)?.dataset.status) === "open";
};

const isSpam = (id) => (head(id) ?? rows.rowOf(id))?.dataset.status === "spam";

/** Where a conversation of this status is listed. */
const viewOf = (status) => (status === "spam" ? "spam" : ["resolved", "closed"].includes(status) ? "resolved" : "open");

const leaves = (status) => pane.view() !== "search" && viewOf(status) !== (["resolved", "spam"].includes(pane.view()) ? pane.view() : "open");

function paintStatus(status) {
  return (row, top) => {
    if (row) row.dataset.status = status;
    const isDone = viewOf(status) !== "open";
    row?.classList.toggle("is-unread", row.classList.contains("is-unread") && !isDone);
    if (row && leaves(status)) row.classList.add("is-leaving");
    const chip = top && $("#pick-status", top);
    if (chip) chip.lastChild.textContent = word(`status.${status}`);
    if (top) { top.dataset.open = isDone ? "no" : "yes"; top.dataset.status = status; }
  };
}

/** Resolve and go on; a resolved one is reopened by the same key. */
export function resolve(id = target(), { silent = false } = {}) {
  if (!id) return false;
  const opening = !isOpen(id);
  const wasOpen = pane.ticket() === String(id);
  const row = rows.rowOf(id);
  const following = pane.next(row);
  act(id, {
    method: opening ? "DELETE" : "POST", url: "/resolution", paint: paintStatus(opening ? "open" : "resolved"),
    text: silent ? "" : word(opening ? "reopened" : "resolved", { id }),
    undo: () => act(id, { method: opening ? "POST" : "DELETE", url: "/resolution", text: word(opening ? "resolved" : "reopened", { id }), after: () => rows.stay(rows.rowOf(id)) }).then(() => list.look(id)),
    retry: () => resolve(id),
    after: () => { if (!opening) goOn(id, following, wasOpen); },
  });
  return true;
}

/** Put it among spam and go on; the same key takes it out again. */
export function spam(id = target()) {
  if (!id) return false;
  const marking = !isSpam(id);
  const wasOpen = pane.ticket() === String(id);
  const following = pane.next(rows.rowOf(id));
  const said = (one) => word(one ? "spam" : "not_spam", { id });
  act(id, {
    method: marking ? "PUT" : "DELETE", url: "/spam", paint: paintStatus(marking ? "spam" : "open"), text: said(marking),
    undo: () => act(id, { method: marking ? "DELETE" : "PUT", url: "/spam", text: said(!marking), after: () => rows.stay(rows.rowOf(id)) }).then(() => list.look(id)),
    retry: () => spam(id),
    after: () => goOn(id, following, wasOpen),
  });
  return true;
}

/** After resolving or sending: the next in the view; at its end the view itself. */
export function goOn(id, following = pane.next(rows.rowOf(id)), wasOpen = pane.ticket() === String(id)) {
  const stays = pane.view() === "search" || pane.view() === "resolved";
  if (stays) return;
  if (wasOpen) {
    if (following && !isNarrow()) pane.open(rows.idOf(following), { focus: "row" }); else pane.close();
  } else if (following) rows.focus(following);
  rows.sweep();
}

export function assign(id, agent, name) {
  if (!id) return false;
  const mine = String(agent) === me || agent === "me";
  act(id, {
    method: "PUT", url: "/assignee", form: { agent_id: agent },
    paint: (row, top) => {
      const chip = top && $("#pick-assignee .cut", top);
      if (chip) chip.textContent = mine ? word("you_capital") : name;
      if (row) row.dataset.assignee = mine ? me : agent;
      if (row && pane.view() === "unassigned" && agent) row.classList.add("is-leaving");
    },
    text: agent ? word("assigned", { id, name: mine ? word("you") : name }) : word("unassigned", { id }),
    retry: () => assign(id, agent, name),
  });
  return true;
}

const PUT = { status: ["/status", "status"], priority: ["/priority", "priority"], team: ["/team", "team_id"], topic: ["/topic", "topic_id"] };

/** What a menu chose. */
export function choose(id, what, value, label) {
  if (what === "assignee") return assign(id, value, label);
  if (what === "status" && value === "spam") return isSpam(id) || spam(id);
  if (what === "status" && ["resolved"].includes(value) && isOpen(id)) return resolve(id);
  const [url, field] = PUT[what];
  return act(id, {
    method: "PUT", url, form: { [field]: value },
    paint: what === "status" ? paintStatus(value) : (_row, top) => {
      const chip = top && $(`#pick-${what}`, top);
      if (chip) chip.lastChild.textContent = label;
    },
    text: word("changed", { id }), quiet: true, retry: () => choose(id, what, value, label),
  });
}

export const tag = (id, name) => act(id, { method: "POST", url: "/tags", form: { name }, retry: () => tag(id, name) });
export const untag = (id, name) => act(id, { method: "DELETE", url: `/tags/${encodeURIComponent(name)}`, retry: () => untag(id, name) });

export async function copy(text, said) {
  try { await navigator.clipboard.writeText(text); } catch {
    const area = el("textarea", { readonly: true, class: "hidden-text" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  done(said ?? word("copied"));
}

const copyLink = () => { const id = target(); if (!id) return false; copy(`${location.origin}/tickets/${id}`, word("link_copied")); return true; };

export function start() {
  keys.on("undo", () => undoLast() || $("[data-do='undo-send']")?.click() === undefined);
  document.addEventListener("click", ({ target: at }) => {
    const source = at.closest("[data-copy]");
    if (source) { const from = $(source.dataset.copy); copy(from.value ?? from.textContent); }
  });
  for (const [name, href] of [["mine", "/views/mine"], ["unassigned", "/views/unassigned"], ["open", "/views/open"], ["resolved", "/views/resolved"], ["spam", "/views/spam"], ["attention", "/attention"], ["customers", "/customers"], ["figures", "/figures"], ["settings", "/settings"], ["tour", "/demo/tour"]]) {
    keys.on(`go.${name}`, () => { location.assign(href); });
  }
  if (!$("#pane")) return;
  keys.on("resolve", () => resolve());
  keys.on("spam", () => spam());
  keys.on("mine", () => assign(target(), "me"));
  keys.on("copy.link", copyLink);
  keys.on("customer", () => (pane.ticket() ? pane.toggleCustomer() : false));
  keys.on("back", () => {
    if (!pane.ticket()) return false;
    if (pane.shown() === "customer" || document.documentElement.dataset.customerOpen !== undefined) { if (isNarrow()) pane.show("thread"); else delete document.documentElement.dataset.customerOpen; $("#subject")?.focus(); return true; }
    pane.close();
    return true;
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (!button) return;
    const run = { resolve: () => resolve(pane.ticket()), spam: () => spam(pane.ticket()), "copy-link": copyLink, customer: pane.toggleCustomer,
      thread: () => { pane.show("thread"); $("#subject")?.focus(); }, back: () => { event.preventDefault(); pane.close(); } }[button.dataset.do];
    run?.();
  });
}
