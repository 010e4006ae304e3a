// The guided tour of the demo. Loaded there and nowhere else; without it the card works by its forms alone.
import { $, isCalm } from "./dom.js";
import { done } from "./toast.js";

const GAP = 4;
const BARE_GAP = 10; // around what has no edge of its own
const EDGE = 2; // of the window
const ENOUGH = 240; // px that show what it is
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

/** Only what changes is written: it is watched, and would else be looked at for ever. */
const hide = (node, is) => { if (node.hidden !== is) node.hidden = is; };

/** Around what the step speaks of, as far as it is on the screen. It takes no clicks. */
function place() {
  const element = there();
  const spot = element && !$("dialog[open]") && seen(element);
  hide(ring, !spot);
  if (spot) {
    const { paddingInlineStart, borderInlineStartWidth } = getComputedStyle(element);
    const gap = parseFloat(paddingInlineStart) || parseFloat(borderInlineStartWidth) ? GAP : BARE_GAP;
    const left = Math.max(EDGE, spot.left - gap), top = Math.max(EDGE, spot.top - gap);
    const at = { left, top, width: Math.min(innerWidth - EDGE, spot.right + gap) - left, height: Math.min(innerHeight - EDGE, spot.bottom + gap) - top };
    for (const [name, value] of Object.entries(at)) ring.style[name] = `${value}px`;
  }
  const lead = $(".tour-there", card);
  hide(lead, Boolean(element) || location.pathname === $("a", lead).pathname);
  document.documentElement.style.setProperty("--tour", `${card.offsetHeight}px`);
}

/** What cannot be seen, or hardly, is brought into sight, once: later the page is the reader's. */
function bring() {
  const element = there();
  if (!element) return;
  const { top, height } = element.getBoundingClientRect();
  const spot = seen(element);
  if (spot && spot.top === top && spot.bottom - top >= Math.min(height, ENOUGH)) return;
  element.scrollIntoView({ block: height > ENOUGH ? "start" : "center", behavior: isCalm() ? "instant" : "smooth" });
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
  await fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" }, keepalive: true });
}

/** Whoever went on by the keyboard stays on the button that goes on; whoever clicked keeps the page's keys. */
function remember(event) {
  try { sessionStorage.setItem(BY_KEYS, event.submitter?.matches(":focus-visible") ? "yes" : ""); } catch { /* a private window */ }
}

function goOn() {
  let by = "";
  try { by = sessionStorage.getItem(BY_KEYS); sessionStorage.removeItem(BY_KEYS); } catch { /* the same */ }
  if (by) setTimeout(() => $("#tour-on").focus({ preventScroll: true }), 0);
}

const watching = new MutationObserver(soon);

card.addEventListener("submit", (event) => {
  const closes = event.target.matches("[data-tour-close]") || event.submitter?.matches("[data-tour-close]");
  if (closes) close(event); else remember(event);
});
watching.observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["hidden", "class", "open", "data-pane", "data-kind"] });
document.addEventListener("scroll", soon, { capture: true, passive: true });
addEventListener("resize", soon);
bring();
place();
goOn();
