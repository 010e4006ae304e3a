// When somebody works: spans of a day are added, removed and copied; a photo and a lone tick send themselves.
import { $, $$, say } from "./dom.js";

const spans = (day) => $$(".span", day);

function add(day, begins = "", ends = "") {
  const span = $("#span").content.firstElementChild.cloneNode(true);
  const [from, to] = $$("input", span);
  Object.assign(from, { name: `${day.dataset.day}-from`, value: begins });
  Object.assign(to, { name: `${day.dataset.day}-to`, value: ends });
  from.setAttribute("aria-label", day.dataset.from);
  to.setAttribute("aria-label", day.dataset.to);
  $(".day-free", day).before(span);
  return from;
}

/** The next span one would add: a morning, then an afternoon. */
function another(day) {
  const last = spans(day).at(-1);
  const ended = last && $$("input", last)[1].value;
  add(day, last ? "" : "09:00", last ? "" : "18:00").focus();
  if (ended) $$("input", spans(day).at(-1))[0].value = ended;
}

function copy(day) {
  const values = spans(day).map((span) => $$("input", span).map((input) => input.value));
  for (let next = day.nextElementSibling; next; next = next.nextElementSibling) {
    spans(next).forEach((span) => span.remove());
    values.forEach(([begins, ends]) => add(next, begins, ends));
  }
}

function drop(span) {
  const day = span.closest(".day");
  span.remove();
  $("[data-span-add]", day).focus();
}

export function start() {
  document.addEventListener("click", ({ target }) => {
    const day = target.closest("[data-hours] .day");
    if (!day) return;
    if (target.closest("[data-span-add]")) another(day);
    else if (target.closest("[data-span-drop]")) drop(target.closest(".span"));
    else if (target.closest("[data-day-copy]")) { copy(day); say(target.closest("button").title); }
  });
  document.addEventListener("change", ({ target }) => {
    const form = target.closest("[data-photo], [data-send-on-change]");
    if (form && form.checkValidity()) form.requestSubmit();
  });
}
