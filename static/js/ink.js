// Letters are written for white paper. On a dark ground their ink is made light, and keeps its hue: what was
// written in red is still red.

const before = new WeakMap();
const INKED = "[color], [style*='color'], [style*='background'], [bgcolor]";

/** Does it paint its own paper? White does not count: that is what everybody has. */
export function paints(page) {
  const view = page.defaultView;
  return [...page.body.querySelectorAll("[bgcolor], [style*='background']")].some((one) => {
    const { backgroundColor } = view.getComputedStyle(one);
    const [red, green, blue, alpha] = parts(backgroundColor);
    return alpha > 0 && (Math.min(red, green, blue) < 250) && (one.textContent.trim() || one.querySelector("img"));
  });
}

const parts = (color) => {
  const [red = 0, green = 0, blue = 0, alpha = 1] = (color.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  return [red, green, blue, alpha];
};

/** Hue, saturation and lightness, each of 0 to 1. */
function hsl([red, green, blue]) {
  const [r, g, b] = [red / 255, green / 255, blue / 255];
  const most = Math.max(r, g, b);
  const least = Math.min(r, g, b);
  const span = most - least;
  const light = (most + least) / 2;
  if (!span) return [0, 0, light];
  const hue = most === r ? ((g - b) / span + 6) % 6 : most === g ? (b - r) / span + 2 : (r - g) / span + 4;
  return [hue / 6, span / (1 - Math.abs(2 * light - 1)), light];
}

const LIGHT_ENOUGH = 0.68;

/** The same colour, light enough for dark paper; greys are the page's own ink. */
function lightened(color, own) {
  const [hue, saturation, light] = hsl(parts(color));
  if (saturation < 0.12) return light < 0.45 ? own : light < LIGHT_ENOUGH ? `hsl(0 0% ${LIGHT_ENOUGH * 100}%)` : "";
  return light >= LIGHT_ENOUGH ? "" : `hsl(${(hue * 360).toFixed(0)} ${Math.min(80, saturation * 100).toFixed(0)}% ${(LIGHT_ENOUGH + (0.5 - light) * 0.12) * 100}%)`;
}

/** Ink for dark paper. `restore` brings back what was written. */
export function dim(page, own, linked) {
  const view = page.defaultView;
  const inked = [...page.body.querySelectorAll(INKED)].filter((one) => !one.matches(".elsewhere"));
  restore(page);
  const found = inked.map((one) => [one, view.getComputedStyle(one).color]); // read all, then write
  for (const [one, color] of found) {
    before.set(one, one.getAttribute("style"));
    one.style.setProperty("background", "none", "important");
    const ink = one.closest("a[href]") ? linked : lightened(color, own);
    if (ink) one.style.setProperty("color", ink, "important");
  }
}

export function restore(page) {
  for (const one of page.body.querySelectorAll("[style]")) {
    if (!before.has(one)) continue;
    const was = before.get(one);
    if (was == null) one.removeAttribute("style"); else one.setAttribute("style", was);
    before.delete(one);
  }
}
