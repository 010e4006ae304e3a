// Short notices at the edge. One with an Undo shortens its dash; `z` takes the newest back.
import { $, el, icon, dash, shorten, kbd, word, say } from "./dom.js";

const undoable = [];

function place(toast, seconds) {
  const region = $("#toasts");
  if (!region) return;
  while (region.children.length > 2) region.firstElementChild.remove();
  region.append(toast);
  const line = toast.querySelector(".dash");
  const began = Date.now();
  const tick = setInterval(() => {
    if (!toast.isConnected) return clearInterval(tick);
    if (toast.matches(":hover, :focus-within") && !line) return;
    const left = 1 - (Date.now() - began) / (seconds * 1000);
    shorten(line, left);
    if (left <= 0) { clearInterval(tick); close(toast); }
  }, 100);
}

export function close(toast) {
  const at = undoable.findIndex((one) => one.toast === toast);
  if (at >= 0) undoable.splice(at, 1);
  const hadFocus = toast.contains(document.activeElement);
  toast.remove();
  if (hadFocus) ($("#rows a[tabindex='0']") ?? $("main"))?.focus();
}

/** Something was done. `undo` takes it back, for `seconds`. */
export function done(text, { undo, seconds = undo ? 10 : 4, sign = "check" } = {}) {
  const toast = el("div", { class: "toast" }, icon(sign), el("span", {}, text));
  if (undo) {
    const button = el("button", { class: "btn", type: "button" }, word("undo"), kbd("Z"));
    const take = () => { close(toast); undo(); };
    button.addEventListener("click", take);
    toast.append(button, dash());
    undoable.push({ toast, take });
  }
  place(toast, seconds);
  say(text);
  return toast;
}

/** Something did not work. It stays longer, and offers another try. */
export function problem(text, { retry, seconds = 12 } = {}) {
  const toast = el("div", { class: "toast toast-problem" }, icon("alert"), el("span", {}, text));
  if (retry) {
    const again = el("button", { class: "btn", type: "button" }, word("retry"));
    again.addEventListener("click", () => { close(toast); retry(); });
    toast.append(again);
  }
  const off = el("button", { class: "btn btn-icon", type: "button", "aria-label": word("close") }, icon("x", "icon-xs"));
  off.addEventListener("click", () => close(toast));
  toast.append(off);
  place(toast, seconds);
  say(text);
  return toast;
}

export function undoLast() {
  const last = undoable.at(-1);
  if (last) last.take();
  return Boolean(last);
}
