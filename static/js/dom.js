// Small helpers every other file uses.

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

const read = (id) => {
  try { return JSON.parse(document.getElementById(id)?.textContent || "null"); } catch { return null; }
};

const WORDS = read("words") ?? {};
const every = read("keys") ?? [];
/** The keys one may press, and those that are for others. */
export const KEYS = every.filter(({ no }) => !no);
export const REFUSED = every.filter(({ no }) => no);
export const mayWrite = !REFUSED.length;

/** A sentence of the product in the reader's language. */
export function word(name, values = {}) {
  return (WORDS[name] ?? name).replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}

export const meta = (name) => $(`meta[name="${name}"]`)?.content ?? "";
export const me = meta("agent");
export const isMac = /Mac|iP(hone|ad)/.test(navigator.platform);
export const isNarrow = () => matchMedia("(max-width: 47.99rem)").matches;
export const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** An element from a tag, its attributes and what is in it. Text stays text. */
export function el(tag, attributes = {}, ...inside) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value == null) continue;
    node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...inside.filter((part) => part != null));
  return node;
}

const SVG = "http://www.w3.org/2000/svg";

export function icon(name, cls = "icon-s") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon ${cls}`);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${document.body.dataset.icons}#i-${name}`);
  svg.append(use);
  return svg;
}

/** A dash whose left part is as long as the share that is left. */
export function dash(tone = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `dash ${tone}`);
  svg.setAttribute("viewBox", "0 0 32 4");
  svg.setAttribute("aria-hidden", "true");
  for (const part of ["dash-track", "dash-left"]) {
    const line = document.createElementNS(SVG, "line");
    for (const [name, value] of Object.entries({ class: part, x1: 1.5, y1: 2, x2: 30.5, y2: 2 })) line.setAttribute(name, value);
    svg.append(line);
  }
  return svg;
}

export const shorten = (svg, share) =>
  svg?.querySelector(".dash-left")?.setAttribute("x2", (1.5 + 29 * Math.max(0, Math.min(1, share))).toFixed(1));

export const kbd = (text) => el("kbd", { class: "key" }, text);

/** HTML of ours as nodes that are not in the page yet. */
export function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

/** Say it to who cannot see it. The region stays; only its words change. */
export function say(text) {
  const status = document.getElementById("status");
  if (!status) return;
  status.textContent = status.textContent === text ? `${text}\u00a0` : text;
}

export const kept = {
  get(key) { try { return localStorage.getItem(`prosa-${key}`); } catch { return null; } },
  set(key, value) { try { localStorage.setItem(`prosa-${key}`, value); } catch { /* full, or a private window */ } },
  drop(key) { try { localStorage.removeItem(`prosa-${key}`); } catch { /* the same */ } },
};

/** At once, then at most once in `wait` ms with a little jitter, so that a hundred browsers do not ask together. */
export function coalesced(wait, run, jitter = wait * 0.3) {
  let last = 0;
  let timer = 0;
  return () => {
    if (timer) return;
    const rest = Math.max(0, last + wait - Date.now());
    timer = setTimeout(() => { timer = 0; last = Date.now(); run(); }, rest ? rest + Math.random() * jitter : 0);
  };
}
