// Forms on pages of their own: focus on what is wrong, how strong a password is, where this browser is.
import { $, $$, el, say, word } from "./dom.js";
import { rich } from "./rich.js";

function strength(password) {
  if (password.length < 10) return password.length ? 1 : 0;
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^\w\s]/, /[\s-]/].filter((kind) => kind.test(password)).length;
  const variety = new Set(password).size;
  if (variety < 5) return 1;
  return Math.min(4, 2 + (password.length >= 14) + (password.length >= 20 || kinds > 2));
}

function meter(field) {
  const hint = document.getElementById(`${field.id}-hint`);
  if (!hint) return;
  hint.classList.add("strength");
  const marks = [1, 2, 3, 4].map(() => el("i"));
  const said = el("span", {}, hint.textContent);
  hint.replaceChildren(...marks, said);
  field.addEventListener("input", () => {
    const n = strength(field.value);
    marks.forEach((mark, i) => mark.classList.toggle("on", i < n));
    said.textContent = word(`strength_${n}`);
  });
}

/** Some answers take seconds: the button says what is going on. */
function busy(button) {
  button.setAttribute("aria-disabled", "true");
  if (!button.dataset.busy) return;
  button.dataset.idle = button.innerHTML;
  button.textContent = button.dataset.busy;
  say(button.dataset.busy);
}

function idle(button) {
  button.removeAttribute("aria-disabled");
  if (button.dataset.idle) button.innerHTML = button.dataset.idle;
  delete button.dataset.idle;
}

export function start() {
  const wrong = $("[aria-invalid='true']");
  if (wrong) wrong.focus();
  $$("[data-strength]").forEach(meter);
  const zone = $("select[data-zone]");
  const mine = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && (!zone.value || zone.value === "UTC") && !wrong && [...zone.options].some((option) => option.value === mine)) zone.value = mine;
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (event.defaultPrevented || !button || button.closest("#composer")) return;
    if (button.getAttribute("aria-disabled")) return event.preventDefault();
    setTimeout(() => busy(button));
  });
  addEventListener("pageshow", () => $$("[type=submit][aria-disabled]").forEach(idle));
  $$("[data-rich] textarea").forEach(rich);
  // what a provider sent us back with is sent on by itself; the button is for who has no scripts
  const sent = $("form[data-send]");
  if (sent) sent.requestSubmit(sent.querySelector("[type=submit]"));
}
