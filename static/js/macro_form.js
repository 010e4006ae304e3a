// The page of one macro: a language at a time, placeholders by a click, and how it will read.
import { $, $$, parse } from "./dom.js";
import { ask } from "./wire.js";

function mount(form) {
  const panel = () => $(".macro-panel:not([hidden])", form);
  const place = $("#macro-preview", form);
  let timer = 0;
  let shown = 0;

  const preview = () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const mine = (shown += 1);
      try {
        const html = await ask("POST", "/settings/macros/_preview", { form: { html: $(".rich", panel())?.innerHTML ?? "" } });
        if (mine === shown) place.replaceChildren(parse(html));
      } catch { /* it is only a preview */ }
    }, 250);
  };

  const choose = (tab, { focus = true } = {}) => {
    for (const one of $$("[data-language]", form)) {
      const on = one === tab;
      one.setAttribute("aria-selected", String(on));
      one.tabIndex = on ? 0 : -1;
      $(`#panel-${one.dataset.language}`, form).hidden = !on;
    }
    if (focus) tab.focus();
    preview();
  };

  form.addEventListener("click", ({ target }) => {
    const tab = target.closest("[data-language]");
    if (tab) choose(tab);
    const name = target.closest("[data-placeholder]")?.dataset.placeholder;
    if (name) $(".rich", panel()).dispatchEvent(new CustomEvent("insert", { detail: `{{${name}}}` }));
  });
  form.addEventListener("mousedown", (event) => { if (event.target.closest("[data-placeholder]")) event.preventDefault(); }); // the caret stays
  form.addEventListener("keydown", (event) => {
    const tab = event.target.closest("[data-language]");
    if (!tab || !/^Arrow(Left|Right)$/.test(event.key)) return;
    event.preventDefault();
    const tabs = $$("[data-language]", form);
    choose(tabs[(tabs.indexOf(tab) + (event.key === "ArrowRight" ? 1 : -1) + tabs.length) % tabs.length]);
  });
  form.addEventListener("input", ({ target }) => {
    if (!target.closest(".rich")) return;
    $(`#tab-${target.closest(".macro-panel").id.slice(6)}`, form).toggleAttribute("data-written", Boolean(target.textContent.trim()));
    preview();
  });
  preview();
}

export function start() {
  const form = $("#macro-form");
  if (form) mount(form);
}
