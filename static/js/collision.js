// Somebody wrote in the meantime: what they wrote is shown, and the writer decides.
import { $, say } from "./dom.js";
import { now } from "./desk.js";
import * as turns from "./turns.js";

const place = () => $("#collision");

/** Show what came; `then` is what was to become of the ticket. */
export function collide(html, then) {
  place().innerHTML = html;
  place().dataset.then = then;
  say(place().textContent.trim());
  turns.refresh();
  $("[data-do='collision-edit']", place())?.focus();
}

/** Send it although: what was to become of the ticket still is. */
export function settled() {
  const { then } = place().dataset;
  place().replaceChildren();
  return { then, anyway: true };
}

/** Write on, knowing what came. */
export function edit() {
  now.seen = turns.lastSeen();
  place().replaceChildren();
  now.editor.toEnd();
}
