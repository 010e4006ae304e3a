// Address fields: what is typed or pasted becomes chips, customers are suggested, and what cannot arrive says so.
import { $, $$, el, icon, parse, say, word } from "./dom.js";
import { ask } from "./wire.js";

const ADDRESS = /^(?:"[^"\s\\]{1,64}"|[^\s"<>()[\]:;@\\,]{1,64})@(?:\[[0-9A-Za-z:.]{1,50}\]|[^\s"<>()[\]:;@\\,=?]{1,255})$/;
const BREAKS = /[,;\n\r\t]/;

/** `Ana <ana@x>; "Queiroz, M." <m@y>, b@z` as people; what is no address keeps its words. */
export function read(text) {
  const parts = [];
  let part = "";
  let quoted = false;
  let angle = false;
  for (const char of text) {
    if (char === '"' && !part.endsWith("\\")) quoted = !quoted;
    if (!quoted && char === "<") angle = true;
    if (!quoted && char === ">") angle = false;
    if (!quoted && !angle && BREAKS.test(char)) { parts.push(part); part = ""; } else part += char;
  }
  return [...parts, part].map((one) => one.trim()).filter(Boolean).map(mailbox);
}

function mailbox(text) {
  const found = text.match(/^(.*?)\s*<\s*(?:mailto:)?([^<>]*?)\s*>$/s);
  if (found) return { name: unquoted(found[1]), address: found[2] };
  const last = text.match(/^(.*)\s(\S+@\S+)$/s);
  if (last && ADDRESS.test(last[2])) return { name: unquoted(last[1]), address: last[2] };
  return { name: "", address: text.replace(/^mailto:/i, "") };
}

const unquoted = (name) => name.trim().replace(/^"(.*)"$/s, "$1").replace(/\\(.)/g, "$1").trim();
const typed = ({ name, address }) => (name ? `"${name.replace(/[\\"]/g, "\\$&")}" <${address}>` : address);
export const asTyped = (people) => people.map(typed).join(", ");
const key = (person) => person.address.toLowerCase();

/** One field. `about` knows our own addresses, those that bounced, and who stands in any field; `changed` is
    told of every change. */
export function people(node, { about, changed }) {
  const field = $("input", node);
  const list = $(".chips", node);
  let usual = read(field.dataset.usual ?? "");
  let all = [];
  let asked = null;
  let wait = 0;

  const wrong = (person) => (!ADDRESS.test(person.address) ? word("bad_address", { address: person.address }) : about.ours.has(key(person)) ? word("own_address", { address: person.address }) : "");

  function chip(person) {
    const bad = wrong(person);
    const warning = bad || about.bounced.get(key(person)) || "";
    const off = el("button", { class: "person-off", type: "button", tabindex: "-1", "aria-label": word("remove", { name: person.name || person.address }) }, icon("x", "icon-xs"));
    const item = el("li", { class: `person${bad ? " is-bad" : warning ? " is-bounced" : ""}`, title: warning || person.address, "data-address": person.address },
      warning ? icon("alert", "icon-xs") : null, el("span", { class: "cut" }, person.name || person.address), warning ? el("span", { class: "hidden-text" }, ` ${warning}`) : null, off);
    off.addEventListener("click", () => remove(person));
    off.addEventListener("keydown", (event) => walkChips(event, item, person));
    item.addEventListener("dblclick", () => edit(person));
    return item;
  }

  function draw() { list.replaceChildren(...all.map(chip)); }

  function set(next, quiet = false) {
    const seen = new Set();
    all = next.filter((person) => person.address && !seen.has(key(person)) && seen.add(key(person)));
    draw();
    if (!quiet) changed();
  }

  const add = (more) => { if (more.length) set([...all, ...more]); };

  function remove(person) {
    set(all.filter((one) => one !== person));
    say(word("removed", { name: person.name || person.address }));
    field.focus();
  }

  function edit(person) {
    set(all.filter((one) => one !== person));
    field.value = person.name ? `${person.name} <${person.address}>` : person.address;
    field.focus();
  }

  /** What stands in the line becomes chips. */
  function commit() {
    const more = read(field.value);
    field.value = "";
    hide();
    add(more);
    return more.length;
  }

  function walkChips(event, item, person) {
    const to = { ArrowLeft: item.previousElementSibling, ArrowRight: item.nextElementSibling }[event.key];
    if (to !== undefined) { event.preventDefault(); (to ? $("button", to) : event.key === "ArrowRight" ? field : $("button", item)).focus(); }
    if (event.key === "Backspace" || event.key === "Delete") { event.preventDefault(); remove(person); }
  }

  // ------------------------------------------------------------------------------- suggestions

  const box = () => $("#suggest");
  const isOpen = () => box()?.matches(":popover-open") && box().owner === field;
  const options = () => $$("[role=option]", box());
  const pointed = () => options().find((option) => option.getAttribute("aria-selected") === "true");

  function point(option) {
    for (const one of options()) one.setAttribute("aria-selected", String(one === option));
    if (option) { field.setAttribute("aria-activedescendant", option.id); option.scrollIntoView({ block: "nearest" }); } else field.removeAttribute("aria-activedescendant");
  }

  function hide() {
    clearTimeout(wait);
    asked?.abort();
    if (!isOpen()) return;
    box().hidePopover();
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }

  function suggest() {
    clearTimeout(wait);
    asked?.abort();
    const q = field.value.trim();
    if (!q || BREAKS.test(q)) return hide();
    wait = setTimeout(async () => {
      asked = new AbortController();
      try {
        const html = await ask("GET", `/recipients/_suggest?q=${encodeURIComponent(q)}`, { signal: asked.signal });
        if (field.value.trim() !== q || document.activeElement !== field) return;
        const taken = new Set(about.everybody().map(key));
        const found = $$("[role=option]", parse(html)).filter((option) => !taken.has(option.dataset.address.toLowerCase()));
        if (!found.length) return hide();
        box().replaceChildren(...found);
        box().owner = field;
        if (!box().matches(":popover-open")) box().showPopover();
        under(box(), field);
        field.setAttribute("aria-expanded", "true");
        point(ADDRESS.test(q) ? null : found[0]);
      } catch { /* the letters before were aborted, or nobody answers: one types on */ }
    }, 90);
    return undefined;
  }

  function take(option) {
    const { address, name, bounced } = option.dataset;
    if (bounced) about.bounced.set(address.toLowerCase(), bounced);
    field.value = "";
    hide();
    add([{ address, name }]);
    field.focus();
  }

  field.addEventListener("input", () => { if (field.value.length > 2 && /[;\n]/.test(field.value)) commit(); else suggest(); });
  field.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!BREAKS.test(text.trim()) && !/@/.test(text)) return;
    event.preventDefault();
    field.value = "";
    add(read(text));
  });
  field.addEventListener("blur", () => setTimeout(() => { if (document.activeElement !== field) { commit(); hide(); } }));
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const at = options().indexOf(pointed());
    if (isOpen() && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const count = options().length;
      return point(options()[(at + (event.key === "ArrowDown" ? 1 : -1) + count) % count]);
    }
    if (event.key === "Escape" && isOpen()) { event.preventDefault(); event.stopPropagation(); return hide(); }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { commit(); return undefined; }
    if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey && isOpen() && at >= 0) { event.preventDefault(); return take(options()[at]); }
    if (event.key === "Enter") {
      event.preventDefault();
      if (!commit()) node.dispatchEvent(new CustomEvent("people:next", { bubbles: true }));
      return undefined;
    }
    if ((event.key === "," || event.key === " ") && ADDRESS.test(field.value.trim())) { event.preventDefault(); commit(); return undefined; }
    if (event.key === "Backspace" && !field.value && all.length) { event.preventDefault(); return remove(all.at(-1)); }
    if (event.key === "ArrowLeft" && !field.selectionStart && !field.selectionEnd && all.length) { event.preventDefault(); $("button", list.lastElementChild).focus(); }
    return undefined;
  });
  $(".people-in", node).addEventListener("click", ({ target }) => { if (target.matches(".people-in, .chips")) field.focus(); });

  set(read(field.value), true);
  field.removeAttribute("name"); // without a script the field itself is sent; with one it is the chips
  field.value = "";

  return {
    node, field, add, set, draw, commit, take,
    list: () => all,
    text: () => asTyped(all),
    usual: () => set(usual, true),
    becomeUsual(next) { usual = next; },
    wrong: () => all.map(wrong).find(Boolean) ?? "",
    focus: () => field.focus(),
    offers: (option) => isOpen() && box().contains(option),
  };
}

/** Below what it belongs to, or above where there is no room: there it grows upwards. */
export function under(box, at) {
  const spot = at.closest(".people-in, .split, .composer")?.getBoundingClientRect() ?? at.getBoundingClientRect();
  const edge = 8;
  const { offsetWidth: width, offsetHeight: height } = box;
  const below = innerHeight - spot.bottom > height + edge;
  box.style.inset = "auto";
  if (below) box.style.top = `${spot.bottom + 4}px`; else box.style.bottom = `${Math.max(edge, Math.min(innerHeight - spot.top + 4, innerHeight - height - edge))}px`;
  box.style.left = `${Math.max(edge, Math.min(spot.left, innerWidth - width - edge))}px`;
}
