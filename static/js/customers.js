// The list of customers: walking it with the keys, and finding somebody while one types.
import { $, $$, say, word } from "./dom.js";
import { ask, swap, why } from "./wire.js";
import { problem } from "./toast.js";
import * as keys from "./keys.js";

const list = () => $("#people");
const links = () => $$("#people > .listed > a");

/** One row is in the tab order; the arrows and j k walk among them. */
function rove(link) {
  for (const other of links()) other.tabIndex = other === link ? 0 : -1;
}

function settle() {
  const all = links();
  if (all.length && !all.some((link) => link.getAttribute("tabindex") === "0")) rove(all[0]);
  const none = $("#people-none");
  if (none) none.hidden = all.length > 0;
}

function step(to) {
  const all = links();
  const at = all.indexOf(document.activeElement?.closest?.("#people > .listed > a"));
  const next = at < 0 ? all[0] : all[at + to];
  if (!next) { if (all.length) say(word("no_more")); return Boolean(all.length); }
  rove(next);
  next.focus();
  return true;
}

function openCurrent() {
  const link = document.activeElement?.closest?.("#people > .listed > a");
  if (!link) return false;
  link.click();
  return true;
}

function search(form) {
  const field = $("#people-q");
  let timer = 0;
  let asked = null;
  const look = async () => {
    asked?.abort();
    asked = new AbortController();
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    try {
      const html = await ask("GET", `/customers/_rows?${query}`, { signal: asked.signal });
      await swap(list(), html, "innerHTML");
      history.replaceState(null, "", query.size ? `/customers?${query}` : "/customers");
      settle();
      say(word("found_n", { n: links().length }));
    } catch (error) { if (error.name !== "AbortError") problem(why(error)); }
  };
  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, 150); });
  form.addEventListener("change", ({ target }) => { if (target !== field) look(); });
  form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(timer); look().then(() => links()[0]?.focus()); });
}

/** Names are offered while one of many is typed. */
let offering = 0;
function offer({ target }) {
  const names = target.dataset?.names;
  const place = names && document.getElementById(target.getAttribute("list"));
  if (!place) return;
  clearTimeout(offering);
  offering = setTimeout(async () => {
    try { place.innerHTML = await ask("GET", `${names}?value=${encodeURIComponent(target.value)}`); } catch { /* then they are typed */ }
  }, 120);
}

export function start() {
  document.addEventListener("input", offer);
  document.addEventListener("focusin", offer);
  document.addEventListener("htmx:after:swap", ({ target }) => {
    const form = target.closest?.(".fact") ?? document.querySelector(".fact:has([aria-invalid='true'])");
    if ($(".fact-saved", form ?? undefined) && form) say($(".fact-saved", form).textContent);
    $("[aria-invalid='true']", form ?? document.createElement("i"))?.focus();
    if (list()) settle();
  });
  if (!list() || $("#rows")) return;
  settle();
  const field = $("#people-q");
  if (field) {
    keys.on("search", () => { field.focus(); field.select(); });
    field.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") { event.preventDefault(); step(1); }
      if (event.key === "Escape") { event.preventDefault(); links()[0]?.focus(); }
    });
  }
  keys.on("next", () => step(1));
  keys.on("previous", () => step(-1));
  keys.on("open", openCurrent);
  list().addEventListener("focusin", ({ target }) => { const link = target.closest(".listed > a"); if (link) rove(link); });
  const form = $("[data-people-search]");
  if (form) search(form);
}
