// The open conversation: what was said since, in place, without touching what is being written.
import { $, $$, parse, say, word } from "./dom.js";
import { ask, Failed, swap, why } from "./wire.js";
import { problem } from "./toast.js";
import * as keys from "./keys.js";
import * as pane from "./pane.js";

const turns = () => $("#turns");
export const lastSeen = () => Math.max(0, ...$$("#turns > [data-message]").map((one) => Number(one.dataset.message)));

const moment = (one) => Number(one.dataset.at) || 0;

/** Where a new entry stands: before the first that is later. What is older than all that is shown waits. */
async function insert(place, item) {
  const shown = $$(":scope > [data-at]", place);
  if ($("#earlier") && shown.length && moment(item) < moment(shown[0])) return null;
  const after = shown.findLast((one) => moment(one) <= moment(item));
  const [target, how] = after ? [after, "afterend"] : $("#earlier") ? [$("#earlier"), "afterend"] : [place, "afterbegin"];
  await swap(target, item.outerHTML, how);
  return document.getElementById(item.id);
}

/** What was said before, above what is read; that stays where it is. */
async function earlier(button) {
  const id = pane.ticket();
  button.setAttribute("aria-disabled", "true");
  try {
    const html = await ask("GET", `/tickets/${id}/_turns?before=${encodeURIComponent(button.dataset.before)}`);
    if (!still(id)) return;
    const first = $("#turns > [data-at]");
    await swap($("#earlier"), html, "outerHTML");
    document.dispatchEvent(new CustomEvent("turns"));
    const more = $("[data-do='earlier']");
    (more ?? first?.previousElementSibling?.querySelector("button") ?? $("#subject"))?.focus({ preventScroll: true });
    say(word("earlier_shown"));
  } catch (error) {
    button.removeAttribute("aria-disabled");
    problem(why(error), { retry: () => earlier(button) });
  }
}

/** A letter that the address names is looked for, unfolded and shown, however old it is. */
async function named() {
  const id = location.hash.match(/^#(message-\d+)$/)?.[1];
  if (!id || !turns()) return;
  for (let page = 0; page < 40 && !document.getElementById(id) && $("[data-do='earlier']"); page += 1) await earlier($("[data-do='earlier']"));
  const one = document.getElementById(id);
  if (!one) return;
  beginning = 0;
  if (one.matches(".letter")) fold(one, true);
  one.scrollIntoView({ block: "start" });
  one.classList.add("is-fresh");
}

/** Put messages and events where they belong: known ones are morphed, new ones stand where their time is. */
export async function apply(html, { tell = false } = {}) {
  const place = turns();
  if (!place) return;
  const scroll = $("#thread-scroll");
  const atEnd = !scroll || Math.abs(scroll.scrollTop) < 80; // column-reverse: the end is 0
  const before = scroll?.scrollHeight ?? 0;
  let version = Number(place.dataset.version) || 0;
  for (const item of [...parse(html).children].filter((one) => one.id)) {
    version = Math.max(version, Number(item.dataset.version) || 0);
    const there = document.getElementById(item.id);
    if ("gone" in item.dataset) { there?.remove(); continue; }
    if (there) {
      if (there.classList.contains("is-folded")) item.classList.add("is-folded"); else item.classList.remove("is-folded");
      const details = $$("details[open]", there).map((one) => one.id).filter(Boolean);
      for (const id of details) $(`[id="${id}"]`, item)?.setAttribute("open", "");
      const fold = $(".letter-unfold", there)?.getAttribute("aria-expanded");
      if (fold) $(".letter-unfold", item)?.setAttribute("aria-expanded", fold);
      await swap(there, item.outerHTML, "outerMorph");
    } else {
      const added = await insert(place, item);
      if (!added) continue;
      added.classList.add("is-fresh");
      if (tell && item.dataset.kind === "customer") say(word("new_message", { name: item.dataset.who }));
    }
  }
  place.dataset.version = version;
  if (scroll && !atEnd) scroll.scrollTop -= scroll.scrollHeight - before; // what one reads stays put
  document.dispatchEvent(new CustomEvent("turns"));
}

let running = false;
let again = false;

/** Ask for what changed since what is shown. */
export async function refresh({ head = true, customer = true } = {}) {
  const id = pane.ticket();
  const place = turns();
  if (!id || place?.dataset.ticket !== id) return;
  if (running) { again = true; return; }
  running = true;
  try {
    const since = place.dataset.version;
    const asked = [ask("GET", `/tickets/${id}/_turns?since=${since}`).then((html) => still(id) && apply(html, { tell: true }))];
    if (head) asked.push(ask("GET", `/tickets/${id}/_head`).then((html) => still(id) && putHead(html)));
    if (customer) asked.push(ask("GET", `/tickets/${id}/_customer`).then((html) => still(id) && swap($("#customer"), html, "innerMorph")));
    await Promise.all(asked);
  } catch (error) {
    if (error instanceof Failed && error.status === 404 && still(id)) pane.close();
  } finally {
    running = false;
    if (again) { again = false; refresh({ head, customer }); }
  }
}

const still = (id) => pane.ticket() === id && turns()?.dataset.ticket === id;

/** The head as it is now; a menu that is open on it keeps its place. */
export async function putHead(html) {
  const head = $("#ticket-head");
  const item = $("#ticket-head", parse(html));
  if (!head || !item || item.dataset.ticket !== head.dataset.ticket) return;
  if (Number(item.dataset.version) < Number(head.dataset.version)) return;
  const back = $("#back")?.getAttribute("href");
  if (back) $("#back", item)?.setAttribute("href", back);
  const focused = document.activeElement?.id;
  await swap(head, item.outerHTML, "outerMorph");
  if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus();
  pane.title();
}

/** A nudge about the open conversation: at once, unless it is known. */
export function nudge(version) {
  const place = turns();
  if (place && Number(place.dataset.version) >= version && Number($("#ticket-head")?.dataset.version) >= version) return;
  refresh();
}

let beginning = 0; // until when a letter that grows is still put at its beginning

/** A letter is read from its beginning: one that is higher than the screen does not open at its end. */
function begin() {
  const scroll = $("#thread-scroll");
  const last = $$("#turns > [data-message]:not(.is-folded)").at(-1);
  if (!scroll || !last || Date.now() > beginning) return;
  scroll.scrollTop = 0;
  const above = scroll.getBoundingClientRect().top + 20 - last.getBoundingClientRect().top;
  if (above > 0) scroll.scrollTop = -above;
}

function fold(article, open = article.classList.contains("is-folded")) {
  article.classList.toggle("is-folded", !open);
  $(".letter-unfold", article)?.setAttribute("aria-expanded", String(open));
  if (open) document.dispatchEvent(new CustomEvent("turns"));
}

export function start() {
  if (!$("#pane")) return;
  const opened = () => { beginning = Date.now() + 3000; begin(); };
  pane.onOpen((id) => { if (id) opened(); });
  document.addEventListener("letter", begin);
  for (const what of ["wheel", "touchstart", "pointerdown", "keydown"]) addEventListener(what, () => { beginning = 0; }, { passive: true, capture: true });
  opened();
  named();
  addEventListener("hashchange", named);
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-do='fold']");
    if (button) fold(button.closest(".letter"));
    const before = target.closest("[data-do='earlier']");
    if (before && !before.hasAttribute("aria-disabled")) earlier(before);
  });
  keys.on("unfold", () => {
    const folded = $$("#turns .letter.is-folded");
    if (folded.length) folded.forEach((one) => fold(one, true));
    else $$("#turns .letter").slice(1, -2).forEach((one) => fold(one, false));
    return Boolean(turns());
  });
}
