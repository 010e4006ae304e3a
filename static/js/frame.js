// A customer's letter in its frame: as high as it is, as wide as there is room, readable in either theme.
import { $, $$, el, icon, word } from "./dom.js";
import { scheme } from "./looks.js";
import * as ink from "./ink.js";

const heights = new Map();
const watched = new WeakSet();
const sheets = new WeakMap(); // constructed, so that no policy minds them
const SMALLEST = 0.6; // below this nobody reads: then it scrolls sideways

function dress(frame) {
  const page = frame.contentDocument;
  if (!page?.body || !page.documentElement) return;
  const root = page.documentElement;
  const painted = frame.dataset.painted ? frame.dataset.painted === "yes" : ink.paints(page);
  frame.dataset.painted = painted ? "yes" : "no";
  const dark = scheme() === "dark" && !painted;
  const letter = painted && scheme() === "dark"; // a letter with paper of its own is read on its paper
  const paper = getComputedStyle(frame);
  root.style.colorScheme = dark ? "dark" : "light";
  if (dark) ink.dim(page, paper.color, paper.outlineColor); else ink.restore(page);
  frame.classList.toggle("is-paper", letter);
  const style = sheets.get(page) ?? new page.defaultView.CSSStyleSheet();
  if (!sheets.has(page)) { sheets.set(page, style); page.adoptedStyleSheets = [...page.adoptedStyleSheets, style]; }
  style.replaceSync(`
    body { padding: ${letter ? "14px 16px" : "0"}; background: transparent; ${painted ? "" : `color: ${paper.color};`}
      font: 14px/1.57 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
    body > .scroll > :first-child, body > .scroll > :first-child > :first-child { margin-top: 0; }
    body > .scroll > :last-child, body > .scroll > :last-child > :last-child { margin-bottom: 0; }
    body > .scroll > br:last-child { display: none; }
    img[data-remote], img[data-broken] { border-color: color-mix(in srgb, GrayText 40%, transparent); border-radius: 4px; }
    img:is([data-remote], [data-broken]):is([alt=""], :not([alt])) { content: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E"); }
    .is-narrow :is(table, td, th, div)[width]:not([width*="%"]), .is-narrow :is(table, td, th, div)[style*="width"] { width: auto !important; min-width: 0 !important; }
    .is-wide { display: block !important; max-width: 100% !important; overflow-x: auto; }
    .is-narrow img { max-width: 100% !important; height: auto !important; }
    a:focus-visible { outline: 2px solid ${paper.outlineColor}; outline-offset: 1px; border-radius: 2px; }
    ${painted ? "" : `a { color: ${paper.outlineColor}; text-underline-offset: .2em; }`}`);
  for (const link of page.links) { link.target = "_blank"; link.rel = "noopener noreferrer"; }
}

/** Rows and columns of figures, not the layout of a letter. */
const isData = (table) => table.rows.length > 2 && table.rows[0].cells.length > 3 && !table.querySelector("table");

/** A table of data or among words scrolls by itself; one that holds the letter is its layout. */
function scrollTables(box) {
  const all = box.textContent.trim().length;
  for (const table of box.querySelectorAll("table")) {
    if (table.parentElement.closest("table") || table.scrollWidth <= box.clientWidth + 1) continue;
    table.classList.toggle("is-wide", isData(table) || table.textContent.trim().length < all * 0.8);
  }
}

/** A letter wider than its place first gives up its fixed widths, then gets smaller. */
function fit(page) {
  for (const box of page.querySelectorAll("body > .scroll, body > details[open] > .scroll")) {
    box.style.zoom = "";
    box.classList.remove("is-narrow");
    for (const table of box.querySelectorAll("table.is-wide")) table.classList.remove("is-wide");
    if (box.scrollWidth <= box.clientWidth + 1) continue;
    box.classList.add("is-narrow");
    scrollTables(box);
    if (box.scrollWidth > box.clientWidth + 1) box.style.zoom = String(Math.max(SMALLEST, box.clientWidth / box.scrollWidth));
  }
}

function measure(frame) {
  const page = frame.contentDocument;
  if (!page?.body || !frame.clientWidth) return;
  if (frame.dataset.wide !== String(frame.clientWidth)) { frame.dataset.wide = String(frame.clientWidth); fit(page); }
  const high = Math.ceil(Math.max(page.body.scrollHeight, page.body.getBoundingClientRect().height)) + 2;
  if (!high || Math.abs(high - frame.clientHeight) < 2) return;
  frame.style.height = `${high}px`;
  heights.set(frame.id, high);
  document.dispatchEvent(new CustomEvent("letter"));
}

/** What the bar above a letter offers is only there while there is something to show. */
function offer(frame) {
  const bar = frame.parentElement.querySelector(".pictures");
  const page = frame.contentDocument;
  if (!bar || !page?.documentElement) return;
  const waiting = Boolean(page.querySelector("img[data-remote]"));
  const counted = Number(page.documentElement.dataset.trackers) || 0;
  bar.hidden = !waiting && !counted;
  bar.classList.toggle("is-quiet", !waiting);
  $("button", bar).hidden = !waiting;
  $("span", bar).textContent = waiting ? bar.dataset.waiting : bar.dataset.counted;
}

/** A picture that does not come says so, quietly, where it would be. */
function broken(image, again) {
  image.removeAttribute("src");
  image.dataset.broken = "";
  if (!image.alt) image.alt = word("picture_broken");
  again();
}

// Browsers show it too, most of them; a window of the desktop's does not.
const where = () => $("#where") ?? document.body.appendChild(el("div", { class: "where", id: "where", "aria-hidden": "true", hidden: true }));

let pointed = null;

/** Where a link leads, with its host in the letters DNS knows it by, while one points at it. */
function point(frame, link) {
  const line = where();
  pointed = link && [frame, link];
  line.hidden = !link;
  if (!link) return;
  const web = /^https?:$/.test(link.protocol);
  const lies = link.nextElementSibling?.classList.contains("elsewhere");
  line.classList.toggle("is-lie", Boolean(lies));
  line.replaceChildren(...(lies ? [icon("alert", "icon-xs")] : []),
    ...(web ? [el("b", {}, link.host), decodeURI(safe(link.pathname + link.search + link.hash)).slice(0, 300)] : [link.title || link.href.slice(0, 300)]));
  stand(frame);
}

/** At the foot of the letter, or of what is seen of it. */
function stand(frame) {
  const line = where();
  const spot = frame.getBoundingClientRect();
  line.style.left = `${Math.max(8, spot.left)}px`;
  line.style.top = `${Math.min(innerHeight - 34, Math.max(spot.top + 4, spot.bottom - 30))}px`;
  line.style.maxWidth = `${Math.min(spot.width, innerWidth - 16)}px`;
}

const safe = (path) => { try { decodeURI(path); return path; } catch { return encodeURI(path); } };

function ready(frame) {
  const page = frame.contentDocument;
  if (!page?.body || page.URL === "about:blank") return;
  delete frame.dataset.painted;
  delete frame.dataset.wide;
  point(frame, null);
  dress(frame);
  measure(frame);
  new ResizeObserver(() => measure(frame)).observe(page.body);
  const again = () => { delete frame.dataset.wide; measure(frame); };
  for (const image of page.images) {
    image.addEventListener("load", again, { once: true });
    if (image.hasAttribute("src") && image.complete && !image.naturalWidth) broken(image, again);
    else image.addEventListener("error", () => broken(image, again), { once: true });
  }
  for (const details of page.querySelectorAll("details")) details.addEventListener("toggle", again);
  for (const [come, go] of [["mouseover", "mouseout"], ["focusin", "focusout"]]) {
    page.addEventListener(come, ({ target }) => { const link = target.closest?.("a[href]"); if (link) point(frame, link); });
    page.addEventListener(go, () => point(frame, null));
  }
  offer(frame);
  // keys pressed in a letter are meant for the page
  page.addEventListener("keydown", (event) => {
    if (event.target.closest?.("summary, a") && /^(Enter| )$/.test(event.key)) return;
    const copy = new KeyboardEvent("keydown", { key: event.key, ctrlKey: event.ctrlKey, metaKey: event.metaKey, shiftKey: event.shiftKey, altKey: event.altKey, bubbles: true, cancelable: true });
    if (!frame.dispatchEvent(copy)) event.preventDefault();
  });
}

function watch() {
  for (const frame of $$("iframe.frame")) {
    if (watched.has(frame)) { offer(frame); continue; }
    watched.add(frame);
    const known = heights.get(frame.id);
    if (known) frame.style.height = `${known}px`;
    frame.addEventListener("load", () => ready(frame));
    if (frame.contentDocument?.readyState === "complete") ready(frame);
  }
}

export function start() {
  watch();
  for (const what of ["turns", "htmx:after:swap"]) document.addEventListener(what, watch);
  document.addEventListener("looks", () => $$("iframe.frame").forEach((frame) => { dress(frame); measure(frame); }));
  document.addEventListener("scroll", () => { if (pointed?.[1].isConnected) stand(...pointed); }, { capture: true, passive: true });
  addEventListener("resize", () => $$("iframe.frame").forEach(measure));
  document.addEventListener("click", ({ target }) => {
    if (!target.closest("[data-do='pictures']")) return;
    const frame = $("iframe.frame", target.closest(".letter-body"));
    frame.src = `${frame.src.split("?")[0]}?images=1`;
    target.closest(".pictures").hidden = true;
    $("#subject")?.focus({ preventScroll: true });
  });
}
