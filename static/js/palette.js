// Ctrl/Cmd K: do something to this conversation, go somewhere, or find somebody. Actions come from the registry.
import { $, $$, el, icon, kbd, kept, KEYS, mayWrite, parse, word } from "./dom.js";
import { ask } from "./wire.js";
import { fold } from "./menu.js";
import * as acts from "./acts.js";
import * as keys from "./keys.js";
import * as macros from "./macros.js";
import * as pane from "./pane.js";

const ICONS = { resolve: "check", reply: "reply", "reply.author": "reply", forward: "forward", compose: "compose", note: "lock", assign: "user-plus", mine: "user", status: "st-open", priority: "flag", tags: "tag", macro: "bolt", move: "users", customer: "panel",
  search: "search", sheet: "help", "go.mine": "inbox", "go.unassigned": "user-plus", "go.open": "st-open", "go.resolved": "check", "go.spam": "spam", spam: "spam", "go.settings": "sliders", "go.attention": "alert", "go.customers": "users", "go.figures": "chart", "go.tour": "book", back: "left", undo: "undo", "copy.link": "link", next: "down", previous: "up", open: "enter", unfold: "expand" };
const HIDDEN = new Set(["palette", "send", "send.resolve", "leave", "attach", "next", "previous", "open", "back", "next.open", "previous.open"]);

let people = [];
let canned = [];
let asked = null;
let returnTo = null;
let about = "";

const recent = () => { try { return JSON.parse(kept.get("recent") ?? "[]"); } catch { return []; } };
const remember = (id) => kept.set("recent", JSON.stringify([id, ...recent().filter((one) => one !== id)].slice(0, 8)));

const iconOf = (node) => $("use", node).getAttribute("href").split("#i-")[1];

/** How well it fits: the beginning of a word is best, letters in order will do; 0 is not at all. */
function fit(label, typed) {
  if (!typed) return 1;
  const text = fold(label);
  const at = text.indexOf(typed);
  if (at === 0) return 100;
  if (at > 0 && /\W/.test(text[at - 1])) return 80;
  if (at > 0) return 40;
  let from = 0;
  for (const letter of typed) { from = text.indexOf(letter, from) + 1; if (!from) return 0; }
  return typed.length > 2 ? 10 : 0;
}

/** The label with what was typed in it. */
function marked(label, typed) {
  const at = typed ? fold(label).indexOf(typed) : -1;
  if (at < 0 || fold(label).length !== label.length) return [label];
  return [label.slice(0, at), el("b", {}, label.slice(at, at + typed.length)), label.slice(at + typed.length)];
}

function entries() {
  const here = about;
  const all = KEYS.filter(({ id, group }) => !HIDDEN.has(id) && keys.has(id) && (group !== "here" || here) && group !== "write")
    .map(({ id, group, label, keys: [combination] }) => ({ id, group: group === "here" ? "group.here" : group === "go" ? "group.go" : "group.any", label, icon: ICONS[id] ?? "arrow", keys: combination, run: () => keys.run(id) }));
  if (here && here === pane.ticket()) {
    for (const item of $$("#ticket-menu [data-palette]")) all.push({ id: item.dataset.palette, group: "group.here", label: item.textContent.trim(), icon: iconOf(item), run: () => item.click() });
  }
  const known = new Set(all.map(({ label }) => label));
  for (const link of $$("#views-nav .nav-item")) {
    const label = $(".cut", link).textContent;
    if (!known.has(label)) all.push({ id: `nav-${link.dataset.view}`, group: "group.go", label, icon: iconOf(link), run: () => link.click() });
  }
  for (const person of people) all.push({ id: `give-${person.value}`, group: "group.people", label: person.label, small: "", av: person.av, run: () => acts.assign(here, person.value, person.label) });
  for (const one of canned) all.push({ id: `macro-${one.dataset.macro}`, group: "group.macros", label: one.dataset.label, small: $("small", one).textContent, icon: "bolt", run: () => macros.use(here, one) });
  const order = ["group.here", "group.macros", "group.people", "group.go", "group.any"];
  return all.sort((a, b) => order.indexOf(a.group) - order.indexOf(b.group));
}

function draw(typed) {
  const list = $("#palette-list");
  const wanted = fold(typed.trim());
  const latest = recent();
  const number = typed.trim().match(/^#?(\d+)$/)?.[1];
  let found = entries().map((entry) => ({ ...entry, score: fit(entry.label, wanted) + (latest.includes(entry.id) ? 5 - latest.indexOf(entry.id) / 2 : 0) }))
    .filter(({ score, group }) => score >= 1 && (wanted || !["group.people", "group.macros"].includes(group)) && !(wanted && score < 6));
  if (wanted) {
    const best = {};
    for (const { group, score } of found) best[group] = Math.max(best[group] ?? 0, score);
    found.sort((a, b) => best[b.group] - best[a.group] || (a.group < b.group ? -1 : a.group > b.group ? 1 : b.score - a.score));
  }
  if (number) found = [{ id: "number", group: "group.go", label: `#${number}`, icon: "arrow", run: () => location.assign(`/tickets/${number}`) }, ...found];
  const parts = [];
  let group = "";
  found.forEach((entry, n) => {
    if (entry.group !== group) { group = entry.group; parts.push(el("p", { class: "palette-label", role: "presentation" }, word(group))); }
    const option = el("div", { class: "option", role: "option", id: `do-${n}`, "aria-selected": "false" }, entry.av ?? icon(entry.icon), el("span", { class: "cut" }, ...marked(entry.label, wanted)), entry.small ? el("small", { class: "cut" }, entry.small) : null, entry.keys && !entry.keys.startsWith("Mod") ? el("span", { class: "keys", "aria-hidden": "true" }, ...entry.keys.split(" ").flatMap(keys.shown).map(kbd)) : null);
    option.run = () => { remember(entry.id); entry.run(); };
    parts.push(option);
  });
  if (wanted) {
    const option = el("div", { class: "option", role: "option", id: "do-search", "aria-selected": "false" }, icon("search"), el("span", { class: "cut" }, word("search_all", { q: typed.trim() })));
    option.run = () => location.assign(`/search?q=${encodeURIComponent(typed.trim())}`);
    parts.push(el("div", { id: "palette-found", role: "presentation" }), option);
  }
  list.replaceChildren(...parts);
  point($("[role=option]", list));
  $(".palette-none").hidden = Boolean($("[role=option]", list));
  find(typed.trim());
}

let wait;
function find(q) {
  clearTimeout(wait);
  asked?.abort();
  if (q.length < 2) return;
  wait = setTimeout(async () => {
    asked = new AbortController();
    try {
      const html = await ask("GET", `/palette/_results?q=${encodeURIComponent(q)}`, { signal: asked.signal });
      const place = $("#palette-found");
      if (!place || $("#palette-input").value.trim() !== q) return;
      const options = $$(".option", parse(html));
      for (const option of options) option.run = () => location.assign(option.dataset.href);
      place.replaceChildren(...(options.length ? [el("p", { class: "palette-label", role: "presentation" }, word("group.found")), ...options] : []));
      if ($("#do-search")?.getAttribute("aria-selected") === "true" || !$("[aria-selected=true]", $("#palette-list"))) point($("[role=option]", $("#palette-list")));
    } catch { /* the words before were aborted */ }
  }, 120);
}

function point(option) {
  const field = $("#palette-input");
  for (const other of $$("#palette-list [aria-selected='true']")) other.setAttribute("aria-selected", "false");
  if (!option) return field.removeAttribute("aria-activedescendant");
  option.setAttribute("aria-selected", "true");
  field.setAttribute("aria-activedescendant", option.id);
  return option.scrollIntoView({ block: "nearest" });
}

function walk(event) {
  const options = $$("#palette-list [role=option]");
  const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (event.isComposing) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    point(options[(at + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length]);
  } else if (event.key === "Enter") {
    event.preventDefault();
    if (options[at]) take(options[at]);
  }
}

function take(option) {
  const palette = $("#palette");
  palette.close();
  setTimeout(() => option.run?.()); // after focus has gone back
}

async function loadPeople(id) {
  people = [];
  canned = [];
  if (!id || !mayWrite) return;
  macros.of(id).then((found) => { canned = found; const field = $("#palette-input"); if (field.value) draw(field.value); }, () => {});
  try {
    const html = await ask("GET", `/tickets/${id}/_pick/assignee`);
    people = $$("[role=option]", parse(html)).map((option) => ({ value: option.dataset.value, label: option.dataset.label, av: $(".av", option) }));
    const field = $("#palette-input");
    if (field.value) draw(field.value);
  } catch { /* then without them */ }
}

export function open() {
  const palette = $("#palette");
  if (!palette) return false;
  if (palette.open) { palette.close(); return true; }
  for (const floating of $$(":popover-open")) floating.hidePopover();
  returnTo = document.activeElement;
  about = $("#pane") ? acts.target() : "";
  const row = document.getElementById(`row-${about}`);
  const line = $(".palette-on", palette);
  line.hidden = !about;
  if (about) line.textContent = word("on", { id: about, name: $(".row-who .cut", row ?? undefined)?.textContent && row ? $(".row-who .cut", row).textContent : $("#ticket-head")?.dataset.who ?? "" });
  palette.showModal();
  const field = $("#palette-input");
  field.value = "";
  draw("");
  field.focus();
  loadPeople(about);
  return true;
}

export function start() {
  const palette = $("#palette");
  if (!palette) return;
  keys.on("palette", open);
  document.addEventListener("click", ({ target }) => { if (target.closest("[data-do='palette']")) open(); });
  const field = $("#palette-input");
  field.addEventListener("input", () => draw(field.value));
  field.addEventListener("keydown", walk);
  $("#palette-list").addEventListener("click", ({ target }) => { const option = target.closest("[role=option]"); if (option) take(option); });
  $("#palette-list").addEventListener("pointermove", ({ target }) => { const option = target.closest("[role=option]"); if (option && option.getAttribute("aria-selected") !== "true") point(option); });
  palette.addEventListener("close", () => { asked?.abort(); if (returnTo?.isConnected) returnTo.focus?.({ preventScroll: true }); });
}
