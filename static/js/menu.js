// Small menus at the button that opened them: filter by typing, walk by arrows, Enter takes, Esc leaves.
import { $, $$, isNarrow } from "./dom.js";
import { ask, why } from "./wire.js";
import { problem } from "./toast.js";
import * as acts from "./acts.js";
import * as keys from "./keys.js";
import * as pane from "./pane.js";
import * as rows from "./rows.js";

/** Under its button, or above it where there is more room. */
export function place(box, at) {
  const edge = 8;
  if (isNarrow() && box.id === "picker") { box.style.inset = "auto 0 0 0"; return; }
  const spot = at.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = box;
  const below = innerHeight - spot.bottom;
  const top = below > height + edge || below > spot.top ? spot.bottom + 6 : spot.top - height - 6;
  box.style.inset = "auto";
  box.style.top = `${Math.max(edge, Math.min(top, innerHeight - height - edge))}px`;
  const left = at.dataset.menu ? spot.right - width : spot.left;
  box.style.left = `${Math.max(edge, Math.min(left, innerWidth - width - edge))}px`;
}

// --------------------------------------------------------------------------------------- pickers

let trigger = null;

/** What is typed while a menu is on its way is meant for it, and none of it a key that does something else. */
function holdKeys() {
  const held = [];
  const hold = (event) => {
    const { key, target } = event;
    const isMeant = key.length === 1 || key === "Enter" || key === "Escape";
    if (!isMeant || event.ctrlKey || event.metaKey || event.isComposing || keys.isTyping(target)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    held.push(key);
  };
  document.addEventListener("keydown", hold, { capture: true });
  return () => { document.removeEventListener("keydown", hold, { capture: true }); return held; };
}

function typeHeld(box, field, held) {
  const last = held.findIndex((key) => key.length > 1);
  field.value += held.slice(0, last < 0 ? undefined : last).join("");
  if (field.value) filter(box, field.value);
  if (held[last] === "Enter") { const option = $(".option.is-at", box); if (option) take(box, option); }
  if (held[last] === "Escape") box.hidePopover();
}

async function pick(what, id, at) {
  const box = $("#picker");
  if (!box || !id) return false;
  const release = holdKeys();
  try {
    box.innerHTML = await ask("GET", `/tickets/${id}/_pick/${what}`);
  } catch (error) { release(); problem(why(error)); return true; }
  at = opener(at);
  trigger = at;
  const inside = $(".pick-in", box);
  inside.dataset.ticket = id;
  box.showPopover();
  at.setAttribute("aria-expanded", "true");
  place(box, at);
  for (const option of $$(".option[data-chosen]", box)) option.setAttribute("aria-selected", "true");
  const field = $("#pick-input", box);
  point(box, $(".option[data-chosen]", box) ?? $(".option", box));
  field.focus();
  field.addEventListener("input", () => filter(box, field.value));
  field.addEventListener("keydown", (event) => walk(event, box));
  box.onclick = ({ target }) => { const option = target.closest(".option"); if (option) take(box, option); };
  box.onpointermove = ({ target }) => { const option = target.closest("[role=option]"); if (option) point(box, option); };
  typeHeld(box, field, release());
  return true;
}

/** What stands in a menu is gone with it: the button that opened that one stays. */
const opener = (at) => $(`[data-menu="${at.closest("[popover]")?.id}"]`) ?? at;

const visible = (box) => $$(".option:not([hidden])", box);

function point(box, option) {
  for (const other of $$(".option.is-at", box)) other.classList.remove("is-at");
  if (!option) return $("#pick-input", box).removeAttribute("aria-activedescendant");
  option.classList.add("is-at");
  if (option.id) $("#pick-input", box).setAttribute("aria-activedescendant", option.id);
  return option.scrollIntoView({ block: "nearest" });
}

export const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function filter(box, typed) {
  const wanted = fold(typed.trim());
  for (const option of $$("[role=option]", box)) option.hidden = !fold(option.dataset.label).includes(wanted);
  const fresh = $(".pick-new", box);
  if (fresh) {
    fresh.hidden = !wanted || $$("[role=option]", box).some((option) => fold(option.dataset.label) === wanted);
    $("b", fresh).textContent = typed.trim().toLowerCase();
  }
  point(box, visible(box)[0]);
}

function walk(event, box) {
  const options = visible(box);
  const at = options.findIndex((option) => option.classList.contains("is-at"));
  if (event.isComposing) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    point(box, options[(at + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length]);
  } else if (event.key === "Home" || event.key === "End") {
    event.preventDefault();
    point(box, options.at(event.key === "Home" ? 0 : -1));
  } else if (event.key === "Enter") {
    event.preventDefault();
    if (options[at]) take(box, options[at]);
  } else if (event.key === "Tab") { event.preventDefault(); box.hidePopover(); }
}

function take(box, option) {
  const inside = $(".pick-in", box);
  const { ticket, what } = inside.dataset;
  if (what === "tags") return toggleTag(box, option, ticket);
  box.hidePopover();
  if (!("chosen" in option.dataset)) acts.choose(ticket, what, option.dataset.value, option.dataset.label);
}

function toggleTag(box, option, id) {
  const field = $("#pick-input", box);
  if (option.matches(".pick-new")) {
    acts.tag(id, field.value.trim());
    box.hidePopover();
    return;
  }
  const on = "chosen" in option.dataset;
  if (on) { delete option.dataset.chosen; acts.untag(id, option.dataset.value); } else { option.dataset.chosen = ""; acts.tag(id, option.dataset.value); }
  option.setAttribute("aria-selected", String(!on));
  field.focus();
}

/** By key: on the open conversation its own button, on a row the row. */
function byKey(what) {
  return () => {
    const id = acts.target();
    if (!id) return false;
    const button = id === pane.ticket() ? $(`#pick-${what}`) : null;
    const at = button?.offsetParent ? button : button ? $("#ticket-head") : $("a", rows.rowOf(id) ?? undefined);
    if (!at) return false;
    pick(what, id, at);
    return true;
  };
}

// ----------------------------------------------------------------------------------- plain menus

function openMenu(button) {
  const menu = document.getElementById(button.dataset.menu);
  if (!menu) return;
  if (menu.matches(":popover-open")) return menu.hidePopover();
  menu.showPopover();
  place(menu, button);
  button.setAttribute("aria-expanded", "true");
  $("a, button", menu)?.focus();
  menu.addEventListener("toggle", ({ newState }) => {
    if (newState !== "closed") return;
    button.setAttribute("aria-expanded", "false");
    if (document.activeElement === document.body || menu.contains(document.activeElement)) button.focus();
  }, { once: true });
}

function walkMenu(event) {
  const menu = event.target.closest?.(".menu-float:popover-open");
  if (!menu || !["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) return;
  event.preventDefault();
  const options = $$("a, button", menu);
  const at = options.indexOf(document.activeElement);
  const to = event.key === "Home" ? 0 : event.key === "End" ? options.length - 1 : (at + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length;
  options[to].focus();
}

export function start() {
  const box = $("#picker");
  box?.addEventListener("toggle", ({ newState }) => {
    if (newState !== "closed") return;
    trigger?.setAttribute("aria-expanded", "false");
    const back = trigger?.isConnected ? trigger : $("#subject");
    if (document.activeElement === document.body || box.contains(document.activeElement)) (back?.matches("a, button, [tabindex]") ? back : $("#subject"))?.focus({ preventScroll: true });
    box.replaceChildren();
  });
  for (const [id, what] of [["assign", "assignee"], ["status", "status"], ["priority", "priority"], ["tags", "tags"], ["move", "team"]]) keys.on(id, byKey(what));
  document.addEventListener("click", ({ target }) => {
    if (target.closest(".menu-float .option")) target.closest(".menu-float").hidePopover();
    const picking = target.closest("[data-pick]");
    if (picking) pick(picking.dataset.pick, pane.ticket(), picking);
    const button = target.closest("[data-menu]");
    if (button) openMenu(button);
  });
  document.addEventListener("keydown", walkMenu);
}
