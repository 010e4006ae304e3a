// The writing surface: Squire (Fastmail's mail editor) with our list of what may be in it.
import Squire from "squire-rte";
import { clean } from "./clean.js";

const PATHS = { B: /(^|>)(B|STRONG)\b/, I: /(^|>)(I|EM)\b/, UL: /(^|>)UL\b/, BLOCKQUOTE: /(^|>)BLOCKQUOTE\b/, A: /(^|>)A\b/ };

export function editor(place) {
  // deleting all that was selected leaves nothing: no bullet and no quote without words
  const swept = () => {
    const selection = getSelection();
    if (!place.textContent.trim() || selection.isCollapsed) return;
    setTimeout(() => {
      if (place.textContent.trim()) return;
      if (place.querySelector("li")) squire.removeList();
      for (let deep = 0; deep < 9 && place.querySelector("blockquote"); deep += 1) squire.decreaseQuoteLevel();
    });
  };
  // before Squire's own, which delete
  place.addEventListener("keydown", ({ key }) => { if (key === "Backspace" || key === "Delete") swept(); }, { capture: true });
  place.addEventListener("cut", swept, { capture: true });

  const squire = new Squire(place, {
    blockTag: "DIV", addLinks: true, sanitizeToDOMFragment: (html) => clean(html),
  });
  for (const key of ["Ctrl-k", "Meta-k", "Ctrl-d", "Meta-d", "Ctrl-Shift-5", "Ctrl-Shift-6", "Ctrl-Shift-7", "Ctrl-Enter", "Meta-Enter", "Tab", "Shift-Tab"]) squire.setKeyHandler(key, null);

  const is = (tag) => squire.hasFormat(tag) || PATHS[tag]?.test(squire.getPath());
  return {
    squire,
    html: () => (place.textContent.trim() || place.querySelector("a[href], img") ? squire.getHTML().replace(/<img[^>]+src="data:[^>]*>/g, "") : ""),
    set: (html) => { squire.setHTML(html || ""); },
    isEmpty: () => !place.textContent.trim() && !place.querySelector("img"),
    focus: () => { squire.focus(); },
    toEnd: () => { squire.focus(); squire.moveCursorToEnd(); },
    selected: () => squire.getSelectedText(),
    is,
    format(tag) {
      if (tag === "B") is("B") ? squire.removeBold() : squire.bold();
      if (tag === "I") is("I") ? squire.removeItalic() : squire.italic();
      if (tag === "UL") is("UL") ? squire.removeList() : squire.makeUnorderedList();
      if (tag === "BLOCKQUOTE") is("BLOCKQUOTE") ? squire.decreaseQuoteLevel() : squire.increaseQuoteLevel();
      squire.focus();
    },
    link: (url) => { squire.makeLink(url); squire.focus(); },
    unlink: () => { squire.removeLink(); squire.focus(); },
    destroy: () => squire.destroy(),
  };
}
