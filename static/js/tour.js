// The guided tour of the demo. Loaded there and nowhere else; without it the card works by its forms alone.
import { $, isCalm } from "./dom.js";
import { done } from "./toast.js";

const GAP = 4;
const BY_KEYS = "prosa-tour-by-keys";
const card = $("#tour");
const ring = $("#tour-ring");

/** What is seen of an element: where it stands, less what its scrolling neighbours cut off. */
function seen(element) {
  let { left, top, right, bottom } = element.getBoundingClientRect();
  for (let above = element.parentElement; above && above !== document.body; above = above.parentElement) {
    if (getComputedStyle(above).overflow === "visible") continue;
    const edge = above.getBoundingClientRect();
    left = Math.max(left, edge.left); right = Math.min(right, edge.right);
    top = Math.max(top, edge.top); bottom = Math.min(bottom, edge.bottom);
  }
  return right - left > 8 && bottom - top > 8 ? { left, top, right, bottom } : null;
}

const there = () => [...document.querySelectorAll(card.dataset.ring)].find((one) => one.checkVisibility());

/** Around what the step speaks of, as far as it is on the screen. It takes no clicks. */
function place() {
  const element = there();
  const spot = element && !$("dialog[open]") && seen(element);
  ring.hidden = !spot;
  if (spot) {
    const at = { left: spot.left - GAP, top: spot.top - GAP, width: spot.right - spot.left + 2 * GAP, height: spot.bottom - spot.top + 2 * GAP };
    for (const [name, value] of Object.entries(at)) ring.style[name] = `${value}px`;
  }
  const lead = $(".tour-there", card);
  lead.hidden = Boolean(element) || location.pathname === $("a", lead).pathname;
  document.documentElement.style.setProperty("--tour", `${card.offsetHeight}px`);
}

let waiting = 0;
const soon = () => { waiting ||= requestAnimationFrame(() => { waiting = 0; if (card.isConnected) place(); }); };

function end() {
  watching.disconnect();
  card.remove();
  ring.remove();
  document.documentElement.style.removeProperty("--tour");
}

async function close(event) {
  event.preventDefault();
  const form = event.target;
  const body = new URLSearchParams(new FormData(form));
  body.set("to", "");
  const had = card.contains(document.activeElement);
  end();
  done(card.dataset.closed, { sign: "info", seconds: 8 });
  if (had) $("main")?.focus({ preventScroll: true });
  await fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" } });
}

/** Whoever went on by the keyboard stays on the button that goes on; whoever clicked keeps the page's keys. */
function remember(event) {
  try { sessionStorage.setItem(BY_KEYS, event.submitter?.matches(":focus-visible") ? event.submitter.id || "back" : ""); } catch { /* a private window */ }
}

function goOn() {
  let by = "";
  try { by = sessionStorage.getItem(BY_KEYS); sessionStorage.removeItem(BY_KEYS); } catch { /* the same */ }
  if (by) setTimeout(() => ($(`#tour #${by}`) ?? $("#tour-on")).focus({ preventScroll: true }), 0);
  else if (location.hash === "#tour" && document.referrer.includes(location.host) === false) $("#tour-on").focus();
}

const watching = new MutationObserver(soon);

card.addEventListener("submit", (event) => {
  const closes = event.target.matches("[data-tour-close]") || event.submitter?.matches("[data-tour-close]");
  if (closes) close(event); else remember(event);
});
watching.observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["hidden", "class", "open", "data-pane", "data-kind"] });
document.addEventListener("scroll", soon, { capture: true, passive: true });
addEventListener("resize", soon);
there()?.scrollIntoView({ block: "nearest", behavior: isCalm() ? "instant" : "smooth" });
place();
goOn();
