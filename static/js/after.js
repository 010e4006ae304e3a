// What macros do once the reply is sent: chips above Send, and the field that the draft keeps.
import { $, $$, parse } from "./dom.js";
import { ask } from "./wire.js";

/** Where a reply shows what its macros will do. */
export const pending = (node) => $("#pending", node);
const kept = (place) => $("[name=macros]", place);
const ONCE = ["status", "priority", "assign", "team"];

function read(place) {
  try { return JSON.parse(kept(place).value) ?? {}; } catch { return {}; }
}

/** These chips of a macro, too. A ticket has one status: the last one that was chosen. */
export function wait(node, chips, macro, kind) {
  const place = pending(node);
  if (!place || kind !== "reply") return;
  const shown = $(".pending-list", place);
  for (const chip of chips) {
    const { do: what } = JSON.parse(chip.dataset.action);
    for (const other of $$("[data-action]", shown)) if (other.dataset.action === chip.dataset.action || (ONCE.includes(what) && JSON.parse(other.dataset.action).do === what)) other.remove();
    shown.append(chip);
  }
  keep(place, [...(read(place).used ?? []), macro]);
}

/** Into the field that the draft keeps and the reply sends. */
export function keep(place, used = read(place).used ?? []) {
  const actions = $$("[data-action]", place).map((chip) => JSON.parse(chip.dataset.action));
  kept(place).value = JSON.stringify({ used: [...new Set(used)].slice(-20), actions: actions.slice(0, 20) });
  place.hidden = !actions.length;
  place.dispatchEvent(new CustomEvent("macros", { bubbles: true })); // the draft has changed
}

/** The field was set by somebody else: sent, thrown away, or as this browser kept it. */
export async function redraw(place) {
  const { value } = kept(place);
  const shown = $(".pending-list", place);
  if (!value) { shown.replaceChildren(); place.hidden = true; return; }
  try {
    const chips = parse(await ask("GET", `/tickets/${place.closest("form").dataset.ticket}/macros/_chips?${new URLSearchParams({ macros: value })}`));
    if (kept(place).value !== value) return;
    shown.replaceChildren(...chips.children);
    place.hidden = !shown.children.length;
  } catch { /* they stand in the field all the same */ }
}

/** What becomes of the ticket, where a macro says so and the writer did not. */
export function becomes(mine, chosen) {
  const place = pending(mine.node);
  if (chosen !== "open" || mine.kind !== "reply" || !place) return chosen;
  const { to } = (read(place).actions ?? []).find((one) => one.do === "status") ?? {};
  return ["pending", "resolved"].includes(to) ? to : chosen;
}
