// The rows of the list: where one is, what is above, and how rows change without moving the one you are on.
import { $, $$, parse, word, isCalm } from "./dom.js";
import { swap } from "./wire.js";

export const list = () => $("#rows");
export const all = () => $$("#rows > .row:not(.is-leaving)");
export const rowOf = (id) => document.getElementById(`row-${id}`);
export const idOf = (row) => row?.dataset.id ?? "";
export const openId = () => document.body.dataset.ticket ?? "";

/** The row that has the keys: focused, else the one last focused, else the open one, else the first. */
export function current() {
  const rows = list();
  if (!rows) return null;
  return document.activeElement?.closest?.("#rows > .row")
    ?? $(":scope > .row:has(> a[tabindex='0'])", rows) ?? rowOf(openId()) ?? all()[0] ?? null;
}

export function rove(row) {
  if (!row) return;
  for (const link of $$(":scope > .row > a[tabindex='0']", list())) link.tabIndex = -1;
  const link = $("a", row);
  if (link) link.tabIndex = 0;
}

/** Every row but one leaves the tab order; the arrows and j k walk among them. */
export function settle() {
  const rows = all();
  for (const row of rows) { const link = $("a", row); if (link && link.tabIndex !== 0) link.tabIndex = -1; }
  if (!rows.some((row) => $("a", row)?.getAttribute("tabindex") === "0")) rove(rowOf(openId()) ?? rows[0]);
  const none = $("#list-empty");
  if (none) none.hidden = rows.length > 0;
}

export function focus(row, options) {
  if (!row) return false;
  rove(row);
  $("a", row)?.focus(options);
  return true;
}

export const after = (row) => { let next = row?.nextElementSibling; while (next && (!next.matches(".row") || next.matches(".is-leaving"))) next = next.nextElementSibling; return next ?? null; };
export const before = (row) => { let next = row?.previousElementSibling; while (next && (!next.matches(".row") || next.matches(".is-leaving"))) next = next.previousElementSibling; return next ?? null; };

/** Which row must not move: under the pointer, focused, open, or the first one seen in a scrolled list. */
function anchor() {
  const rows = list();
  const hovered = rows.matches(":hover") ? $(":scope > .row:hover", rows) : null;
  const focused = document.activeElement?.closest?.("#rows > .row");
  const mine = hovered ?? focused ?? rowOf(openId());
  if (mine) return mine;
  return rows.scrollTop > 4 ? all().find((row) => row.offsetTop + row.offsetHeight > rows.scrollTop) ?? null : null;
}

/** Change rows and keep the anchor where it is on the screen, with room below if the list is too short to scroll. */
export async function steadily(change) {
  const rows = list();
  const still = anchor();
  const top = still?.getBoundingClientRect().top;
  await change(still);
  if (!still?.isConnected) { showFresh(); return; }
  const moved = still.getBoundingClientRect().top - top;
  if (Math.abs(moved) > 0.5) {
    const wanted = rows.scrollTop + moved;
    const last = all().at(-1);
    // scrollHeight is never less than the list itself: what the rows really fill says how much room is lacking
    const room = wanted + rows.clientHeight - (last.offsetTop + last.offsetHeight);
    if (room > 0) rows.style.setProperty("--room", `${Math.ceil(room)}px`);
    rows.scrollTop = wanted;
  }
  showFresh();
}

// ------------------------------------------------------------------------------------------- fresh

const unseen = new Set();

function showFresh() {
  const rows = list();
  const pill = $("#fresh");
  if (!pill) return;
  for (const id of unseen) {
    const row = rowOf(id);
    if (!row || row.offsetTop >= rows.scrollTop - 8) unseen.delete(id);
  }
  pill.hidden = unseen.size === 0;
  if (unseen.size) $("span", pill).textContent = word(unseen.size === 1 ? "new_1" : "new_n", { n: unseen.size });
}

export function toTop() {
  const rows = list();
  unseen.clear();
  rows.style.removeProperty("--room");
  rows.scrollTo({ top: 0, behavior: isCalm() ? "auto" : "smooth" });
  showFresh();
  focus(all()[0], { preventScroll: true });
}

function flash(row) {
  row.classList.add("is-fresh");
  row.addEventListener("animationend", () => row.classList.remove("is-fresh"), { once: true });
}

// ------------------------------------------------------------------------------------------ changes

const order = (row) => `${row.dataset.at} ${row.dataset.id.padStart(12, "0")}`;

/** Rows as the server says they are now: changed, new on top, or gone. */
export async function apply(html, { quiet = false, place = true } = {}) {
  const fresh = [...parse(html).children];
  if (!fresh.length) return;
  const here = fresh.find((item) => item.matches("[data-presence]"));
  const rows = list();
  await steadily(async (still) => {
    for (const item of fresh) {
      if (!item.id) continue;
      const there = document.getElementById(item.id);
      if ("gone" in item.dataset) { if (there) leave(there); continue; }
      if (!item.matches(".row")) continue;
      if (there) {
        if (Number(there.dataset.version) > Number(item.dataset.version)) continue;
        const rose = there.dataset.at !== item.dataset.at;
        const kept = { tab: $("a", there)?.getAttribute("tabindex"), leaving: there.dataset.leaving };
        const classes = ["is-here"].filter((name) => there.classList.contains(name));
        const changedText = there.textContent !== item.textContent;
        if (classes.length) { item.classList.add(...classes); $("a", item).setAttribute("aria-current", "true"); }
        if (kept.tab != null) $("a", item).setAttribute("tabindex", kept.tab);
        await swap(there, item.outerHTML, "outerMorph");
        there.classList.remove("is-leaving");
        delete there.dataset.leaving;
        if (rose && place && there !== still) insert(rows, there);
        if (rose && changedText && !quiet) flash(there);
      } else if (place) {
        $("a", item).tabIndex = -1;
        insert(rows, item);
        if (!quiet) { flash(item); unseen.add(item.dataset.id); }
      }
    }
  });
  settle();
  tell(here);
}

/** Who is at these rows came with them: nobody has to ask for it. */
export function tell(here) {
  if (here) document.dispatchEvent(new CustomEvent("here", { detail: { ids: here.dataset.presence.split(","), seen: here.content } }));
}

/** Newest first. */
function insert(rows, row) {
  const next = $$(":scope > .row", rows).find((other) => other !== row && order(other) < order(row));
  const holdsFocus = row.contains(document.activeElement);
  if (next) { if (next.previousElementSibling !== row) rows.insertBefore(row, next); }
  else if (!rows.dataset.next) rows.append(row);
  else if (!row.isConnected) return;
  if (holdsFocus) $("a", row)?.focus({ preventScroll: true });
}

/** It does not belong here any more: it fades, but not under your hands. */
export function leave(row) {
  const onIt = row.matches(":hover") || row.contains(document.activeElement) || idOf(row) === openId();
  row.dataset.leaving = "";
  row.classList.add("is-leaving");
  if (onIt) return;
  fade(row);
}

export function fade(row) {
  row.classList.add("is-leaving", "is-gone");
  const off = async () => {
    if (!row.isConnected || !row.classList.contains("is-gone")) return;
    const next = row.contains(document.activeElement) ? after(row) ?? before(row) : null;
    await steadily(() => row.remove());
    if (next) focus(next, { preventScroll: true });
    settle();
  };
  if (isCalm()) off(); else setTimeout(off, 180);
}

export const stay = (row) => { row?.classList.remove("is-leaving", "is-gone"); if (row) delete row.dataset.leaving; settle(); };

/** What has left the view and is no longer touched goes now. */
export function sweep() {
  for (const row of $$("#rows > .row[data-leaving]:not(.is-gone)")) {
    if (!(row.matches(":hover") || row.contains(document.activeElement) || idOf(row) === openId())) fade(row);
  }
}

export function start() {
  const rows = list();
  if (!rows) return;
  settle();
  rows.addEventListener("focusin", ({ target }) => rove(target.closest(".row")));
  rows.addEventListener("scroll", () => { if (rows.scrollTop < 2) rows.style.removeProperty("--room"); showFresh(); }, { passive: true });
  rows.addEventListener("pointerleave", () => setTimeout(sweep, 60));
  rows.addEventListener("focusout", () => setTimeout(sweep, 60));
  $("#fresh button")?.addEventListener("click", toTop);
}
