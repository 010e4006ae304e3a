// One handler for every key in the registry (the JSON in #keys). Files give actions to names; nothing else binds keys.
import { $, KEYS, REFUSED, kbd, isMac, word } from "./dom.js";
import { done } from "./toast.js";

const actions = new Map();
const PREFIX_MS = 1200;
let prefix = "";
let forget = 0;

/** Say what a name of the registry does. It answers false when there was nothing to do. */
export const on = (id, run) => actions.set(id, run);
export const has = (id) => actions.has(id);
export const run = (id, event) => actions.get(id)?.(event);

const TYPING = "input:not([type=checkbox]):not([type=radio]):not([type=button]), textarea, select, [contenteditable=true], [contenteditable=''], [role=textbox]";
export const isTyping = (target) => target instanceof Element && Boolean(target.closest(TYPING));
const isOff = () => document.documentElement.dataset.singleKeys === "off";
const isFloating = () => Boolean($("dialog[open], :popover-open"));

/** The character decides, not the key: `/` and `?` may need AltGr or Shift on this keyboard. */
function pressed(event) {
  const mod = isMac ? event.metaKey : event.ctrlKey;
  const altGr = event.getModifierState?.("AltGraph");
  if (event.key === "/" || event.key === "?") return mod && !altGr ? "" : event.key;
  if (altGr || event.altKey) return "";
  if (mod) return `Mod+${event.shiftKey ? "Shift+" : ""}${event.key.length === 1 ? event.key.toLowerCase() : event.key}`;
  if (event.ctrlKey || event.metaKey) return "";
  if (event.key.length === 1 && event.shiftKey && event.key.toLowerCase() !== event.key) return `Shift+${event.key.toLowerCase()}`;
  return event.key;
}

function hint(text) {
  const chip = $("#hint");
  if (!chip) return;
  chip.hidden = !text;
  if (text) chip.replaceChildren(kbd(text.toUpperCase()), " …");
}

function reset() {
  prefix = "";
  clearTimeout(forget);
  hint("");
}

function handle(event) {
  if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
  const name = pressed(event);
  if (!name || ["Shift", "Control", "Alt", "Meta", "AltGraph", "Dead"].includes(event.key)) return;
  const typing = isTyping(event.target);
  const single = !name.startsWith("Mod+");
  if (isFloating() && name !== "Mod+k") return;
  if (single && typing && name !== "Escape") return reset();
  if (single && isOff() && !/^(Escape|Enter|Arrow)/.test(name)) return;
  // a control in focus keeps the keys it needs itself
  if (name === "Enter" && event.target.closest?.("button, summary, a:not(.row a)")) return;
  if (/^Arrow/.test(name) && !event.target.closest?.("#list") && document.activeElement !== document.body) return;

  const sequence = prefix ? `${prefix} ${name}` : name;
  const wasPrefixed = Boolean(prefix);
  reset();
  if (event.repeat && !["j", "k", "ArrowDown", "ArrowUp"].includes(name)) return;

  for (const { id, keys, group } of KEYS) {
    if (!keys.includes(sequence)) continue;
    if (typing !== (group === "write") && single) continue;
    if (!actions.has(id)) continue;
    if (actions.get(id)(event) !== false) { event.preventDefault(); return; }
  }
  if (REFUSED.some(({ id, keys, group }) => keys.includes(sequence) && typing === (group === "write") && actions.has(id))) { event.preventDefault(); done(word("light"), { sign: "lock", seconds: 6 }); return; }
  if (!wasPrefixed && !typing && KEYS.some(({ keys }) => keys.some((one) => one.startsWith(`${sequence} `)))) {
    prefix = sequence;
    hint(sequence);
    forget = setTimeout(reset, PREFIX_MS);
    event.preventDefault();
  }
}

const SHOWN = { ArrowDown: "↓", ArrowUp: "↑", Enter: "↵", Escape: "Esc", Mod: isMac ? "⌘" : "Ctrl", Shift: isMac ? "⇧" : "Shift" };
/** As it is printed on a key cap. */
export const shown = (keys) => keys.split(" ").flatMap((one) => one.split(/(?<=.)\+/)).map((part) => SHOWN[part] ?? part.toUpperCase());

export function start() {
  document.addEventListener("keydown", handle);
  for (const cap of document.querySelectorAll("[data-mod]")) capOf(cap);
}

/** `Ctrl K` on most machines, `⌘K` on a Mac. */
export function capOf(cap) {
  cap.textContent = isMac ? `⌘${cap.dataset.mod.replaceAll(" ", "")}` : `Ctrl ${cap.dataset.mod}`;
}
