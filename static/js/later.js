// When it leaves: what one picks most, or a moment as people say it.
import { $, parse } from "./dom.js";
import { ask, why } from "./wire.js";
import { problem } from "./toast.js";
import { under } from "./people.js";

let wait = 0;
let asking = null;

/** Ask for a moment at this button; `chosen(at, words)` gets what was picked. */
export async function later(at, chosen) {
  const box = $("#later");
  if (!box) return;
  if (box.matches(":popover-open")) return box.hidePopover();
  try { box.innerHTML = await ask("GET", "/later/_choices"); } catch (error) { problem(why(error)); return; }
  box.showPopover();
  under(box, at);
  const line = $("#later-when", box);
  const date = $("#later-date", box);
  const button = $(".later-go", box);
  const said = $("#later-said", box);
  const take = ({ dataset }) => { box.hidePopover(); chosen(dataset.at, dataset.words); };

  function understand(text) {
    clearTimeout(wait);
    asking?.abort();
    button.disabled = true;
    if (!text.trim()) return said.replaceChildren();
    wait = setTimeout(async () => {
      asking = new AbortController();
      try {
        said.replaceChildren(parse(await ask("GET", `/later/_say?when=${encodeURIComponent(text)}`, { signal: asking.signal })));
        button.disabled = !$("[data-at]", said);
      } catch { /* the letters before */ }
    }, 120);
    return undefined;
  }

  line.addEventListener("input", () => { date.value = ""; understand(line.value); });
  date.addEventListener("input", () => { line.value = ""; understand(date.value.replace("T", " ")); });
  const go = () => { const found = $("[data-at]", said); if (found) take(found); };
  button.addEventListener("click", go);
  box.onclick = ({ target }) => { const option = target.closest(".option[data-at]"); if (option) take(option); };
  box.onkeydown = (event) => {
    if (event.key === "Enter" && event.target.matches("input")) { event.preventDefault(); return go(); } // not the composer's own Send
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return undefined;
    const stops = [...box.querySelectorAll(".option, #later-when")];
    const now = stops.indexOf(document.activeElement);
    if (now < 0) return undefined;
    event.preventDefault();
    return stops[(now + (event.key === "ArrowDown" ? 1 : -1) + stops.length) % stops.length].focus();
  };
  box.addEventListener("toggle", ({ newState }) => { if (newState === "closed" && (document.activeElement === document.body || box.contains(document.activeElement))) $("#draft")?.focus(); }, { once: true });
  $(".option", box)?.focus();
}
