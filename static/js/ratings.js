// One's own ratings, as they come in.
import { $, coalesced } from "./dom.js";
import { ask, swap } from "./wire.js";
import { connection } from "./live.js";

export function start() {
  const place = $("#my-ratings");
  if (!place || !connection()) return;
  const look = coalesced(1000, async () => {
    try { await swap($("#my-ratings"), await ask("GET", place.dataset.live), "outerMorph"); } catch { /* the next one asks again */ }
  });
  connection().on("rated", look);
  connection().on("connect", look); // what came while nobody listened
}
