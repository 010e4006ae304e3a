// Passing on: a message or the whole conversation, with what one has typed about it already.
import { $$ } from "./dom.js";
import { ask, why } from "./wire.js";
import { problem } from "./toast.js";
import { content, form, now, own } from "./desk.js";
import { flush } from "./drafts.js";
import { mount, replace, show, write } from "./mounting.js";
import * as pane from "./pane.js";

/** What one forwards where nothing is named: what the customer wrote last. */
export const newest = () => ($$("#turns [data-kind=customer]").at(-1) ?? $$("#turns [data-message]:not(.note)").at(-1))?.dataset.message ?? 0;

/** Pass on a message, or with 0 the whole conversation. */
export async function forward(message) {
  if (!form()) return false;
  mount();
  const { id } = now;
  if (now.kind === "forward") now.drafts.forward.html = now.editor.html();
  try {
    flush();
    const html = await ask("PUT", `/tickets/${id}/drafts/forward/original`, { form: { message } });
    if (pane.ticket() !== id) return true;
    const typed = now.fields.forward ? content(now, "forward").html : "";
    replace(html);
    if (typed && !now.drafts.forward.html) { now.drafts.forward.html = typed; show("forward", { first: true }); }
    now.node.classList.add("is-open");
    if (own().hasNobody()) own().open(true); else now.editor.toEnd();
  } catch (error) { problem(why(error)); }
  return true;
}

/** Go on with what one began to pass on. */
export function resume() {
  write("forward");
  if (own().hasNobody()) own().open(true);
  return true;
}
