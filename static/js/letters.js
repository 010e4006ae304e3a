// What can be done with one letter: a link to it, its print, who wrote it first.
import { $, word } from "./dom.js";
import { ask, why } from "./wire.js";
import { done, problem } from "./toast.js";
import { copy } from "./acts.js";
import * as pane from "./pane.js";

/** It is the same letter in every view. */
const linkTo = (id) => copy(`${location.origin}/tickets/${pane.ticket()}#message-${id}`, word("link_copied"));

/** A page made for paper, printed as soon as it is there; without scripts it is only opened. */
function print(event, link) {
  const page = open(link.href, "_blank");
  if (!page) return;
  event.preventDefault();
  page.addEventListener("load", () => page.print());
}

/** Somebody passed on what another wrote: the conversation becomes theirs, and can be given back. */
async function setCustomer(ticket, address, name, said, undo) {
  try {
    await ask("PUT", `/tickets/${ticket}/customer`, { form: { address, name } });
    if (pane.ticket() === ticket) await pane.again(); // whom one writes to is another now
    done(said, undo && { undo });
  } catch (error) { problem(why(error), { retry: () => setCustomer(ticket, address, name, said, undo) }); }
}

export function start() {
  if (!$("#pane")) return;
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    const what = button?.dataset.do;
    if (what === "copy-message") linkTo(button.dataset.message);
    if (what === "print") print(event, button);
    if (what === "set-customer") {
      const { ticket, address, name, was, wasName, said, unsaid } = button.dataset;
      setCustomer(ticket, address, name, said, () => setCustomer(ticket, was, wasName, unsaid));
    }
  });
}
