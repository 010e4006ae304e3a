// The sheet behind `?`: drawn from the registry, so it cannot be wrong.
import { $, el, kbd, word, KEYS } from "./dom.js";
import { on, shown } from "./keys.js";

const ORDER = ["any", "go", "list", "here", "write"];

function draw(place) {
  const groups = [...new Set([...ORDER, ...KEYS.map((key) => key.group)])];
  place.replaceChildren(...groups.filter((group) => KEYS.some((key) => key.group === group)).map((group) =>
    el("section", { class: "keys-group" }, el("h3", { class: "palette-label" }, word(`group.${group}`)),
      el("dl", { class: "keys-list" }, ...KEYS.filter((key) => key.group === group).map((key) =>
        el("div", {}, el("dt", {}, key.label), el("dd", {}, ...key.keys.flatMap((keys, i) => [
          i ? el("span", { class: "muted" }, ` ${word("or")} `) : null, ...caps(keys)]))))))));
}

const caps = (keys) => keys.split(" ").flatMap((one, i) => [
  i ? el("span", { class: "muted" }, ` ${word("then")} `) : null, el("span", { class: "keys" }, ...shown(one).map(kbd))]);

export function start() {
  const sheet = $("#sheet");
  if (!sheet) return;
  const open = () => {
    const place = $("[data-keys]", sheet);
    if (!place.firstChild) draw(place);
    sheet.showModal();
  };
  on("sheet", open);
  sheet.addEventListener("keydown", (event) => { if (event.key === "?") { event.preventDefault(); sheet.close(); } });
  document.addEventListener("click", ({ target }) => {
    if (target.closest("[data-do='sheet']")) open();
    if (target.closest("dialog [data-close]")) target.closest("dialog").close();
    if (target instanceof HTMLDialogElement) target.close(); // the scrim
  });
}
