// Menus that are called from within the text: what stands before the caret, and where the menu goes.
import { isNarrow } from "./dom.js";

/** What is written before the caret in its piece of text; null where that is not in this draft. */
export function beforeCaret(draft) {
  const { anchorNode: node, anchorOffset: end, isCollapsed } = getSelection();
  return isCollapsed && node?.nodeType === Node.TEXT_NODE && draft?.contains(node) ? { node, end, text: node.data.slice(0, end) } : null;
}

export const rangeOf = ({ node, start, end }) => {
  const range = document.createRange();
  range.setStart(node, start);
  range.setEnd(node, end);
  return range;
};

/** Above the words it was called from, or below where there is no room. */
export function place(menu, spot) {
  const edge = 8;
  const { offsetWidth: width, offsetHeight: height } = menu;
  const left = isNarrow() ? edge : spot.left;
  const above = spot.top - height - 6;
  menu.style.inset = "auto";
  menu.style.top = `${Math.max(edge, above > edge ? above : Math.min(spot.bottom + 6, innerHeight - height - edge))}px`;
  menu.style.left = `${Math.max(edge, Math.min(left, innerWidth - width - edge))}px`;
}
