// Attached pictures, looked at where one is: arrows walk among those of the same letter, Esc goes back.
import { $, $$, icon } from "./dom.js";

let among = [];
let from = null;

function show(link) {
  const box = $("#picture");
  const name = $(".file-name .cut", link)?.textContent ?? "";
  from = link;
  box.setAttribute("aria-label", name);
  $(".picture-name", box).textContent = name;
  $(".picture-n", box).textContent = among.length > 1 ? `${among.indexOf(link) + 1}/${among.length}` : "";
  for (const [what, value] of [["src", link.dataset.look], ["alt", name]]) $("img", box).setAttribute(what, value);
  $("[download]", box).href = link.href;
  for (const button of $$("[data-turn]", box)) button.hidden = among.length < 2;
}

const turn = (by) => { if (among.length > 1) show(among[(among.indexOf(from) + by + among.length) % among.length]); };

export function start() {
  const box = $("#picture");
  if (!box) return;
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-look]");
    const turning = event.target.closest("#picture [data-turn]");
    if (turning) turn(Number(turning.dataset.turn));
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    among = $$("a[data-look]", link.closest(".files"));
    show(link);
    box.showModal();
  });
  box.addEventListener("keydown", ({ key }) => { if (key === "ArrowRight" || key === "ArrowLeft") turn(key === "ArrowRight" ? 1 : -1); });
  box.addEventListener("close", () => { $("img", box).removeAttribute("src"); from?.focus({ preventScroll: true }); });
  // what calls itself a picture and is none is a file like any other
  document.addEventListener("error", ({ target }) => {
    if (!target.matches?.(".file-pic img")) return;
    target.closest("a")?.removeAttribute("data-look");
    target.replaceWith(icon("file", ""));
  }, { capture: true });
  for (const image of $$(".file-pic img")) if (image.complete && !image.naturalWidth) image.src = image.getAttribute("src"); // it failed before we listened
}
