// Light or dark, comfortable or compact: chosen here, remembered in this browser, applied by theme.js.
import { $$, kept } from "./dom.js";

const root = document.documentElement;
const NONE = { theme: "system", density: "comfortable" };

const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
export const scheme = () => (isDark() ? "dark" : "light");

function set(key, value) {
  if (value === NONE[key]) { root.removeAttribute(`data-${key}`); kept.drop(key); }
  else { root.setAttribute(`data-${key}`, value); kept.set(key, value); }
  show();
  document.dispatchEvent(new CustomEvent("looks", { detail: { key, value } }));
}

function show() {
  for (const key of ["theme", "density"]) {
    const now = root.getAttribute(`data-${key}`) ?? NONE[key];
    for (const button of $$(`[data-set-${key}][aria-pressed]`)) {
      button.setAttribute("aria-pressed", String(button.getAttribute(`data-set-${key}`) === now));
    }
  }
}

export function start() {
  show();
  // a strip that scrolls sideways shows where one is
  for (const here of $$(".view-chip[aria-current], .settings-nav [aria-current]")) here.scrollIntoView({ block: "nearest", inline: "center" });
  document.addEventListener("click", ({ target }) => {
    for (const key of ["theme", "density"]) {
      const button = target.closest(`[data-set-${key}]`);
      if (!button) continue;
      const other = key === "theme" ? (isDark() ? "light" : "dark") : root.dataset.density === "compact" ? "comfortable" : "compact";
      set(key, button.getAttribute(`data-set-${key}`) || other);
    }
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new CustomEvent("looks", { detail: { key: "theme" } })));
}
