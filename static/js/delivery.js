// What has left the composer: said, taken back while that is possible, sent again or sooner.
import { $, kept, parse, say, word } from "./dom.js";
import { ask, why } from "./wire.js";
import { close, done, problem } from "./toast.js";
import { now } from "./desk.js";
import { replace, write } from "./mounting.js";
import * as pane from "./pane.js";
import * as turns from "./turns.js";

const NEXT = "prosa-begun";
const waiting = new Map(); // the notice of each message that can still be taken back

/** Say that it is on its way, and let it be taken back. */
export function announce(message, id, until, at) {
  const seconds = at ? 10 : Math.max(0, (until - Date.now()) / 1000) || 0;
  const text = at ? word("scheduled", { time: at }) : word(seconds ? "sending" : "sent");
  const toast = done(text, seconds ? { undo: () => takeBack(message, id), seconds, sign: at ? "clock" : "send" } : {});
  if (seconds) waiting.set(message, toast);
}

/** The page that comes next says it. */
export function announceNext(about) {
  try { sessionStorage.setItem(NEXT, JSON.stringify(about)); } catch { /* then without the notice */ }
}

/** What the page before has sent can be taken back on this one. */
export function welcome() {
  let before = null;
  try { before = JSON.parse(sessionStorage.getItem(NEXT)); sessionStorage.removeItem(NEXT); } catch { /* nothing */ }
  if (before && before.ticket === pane.ticket()) announce(before.message, before.ticket, Date.parse(before.until ?? ""), before.leaves);
}

/** Undo a send: words, files, fields and schedule stand in the composer again. */
export async function takeBack(message, id = pane.ticket()) {
  const article = () => document.getElementById(`message-${message}`);
  const own = article()?.matches("[data-own]") ?? true;
  try {
    const html = await ask("DELETE", `/messages/${message}/delivery`);
    if (waiting.get(message)?.isConnected) close(waiting.get(message));
    waiting.delete(message);
    article()?.remove();
    const go = $("[data-go]", parse(html))?.dataset.go;
    if (go) { location.assign(go); return; }
    await putBack(html, id, own);
    turns.refresh();
  } catch (error) {
    problem(error.status === 409 ? word("too_late") : why(error));
    turns.refresh();
  }
}

/** What the server gave back is newer than any copy here, and than what this composer would still save. */
async function putBack(html, id, own) {
  const { kind } = $("#composer", parse(html)).dataset;
  if (own) kept.drop(`draft-${id}-${kind}`);
  if (pane.ticket() !== String(id)) await pane.open(id, { focus: "keep" });
  else {
    if (now?.drafts[kind]) now.drafts[kind].dirty = false;
    replace(html);
  }
  if (own) { write(kind); say(word("taken_back")); } else done(word("stopped"));
}

/** Send again what failed; with `now`, at once what was to leave later. */
export async function deliver(message, form) {
  try { await turns.apply(await ask("POST", `/messages/${message}/delivery`, { form })); } catch (error) { problem(why(error)); turns.refresh(); }
}
