// Sending: what keeps it from leaving is said at once and where it is; nothing leaves twice, and nothing is lost.
import { $, $$, parse, word } from "./dom.js";
import { ask, Failed } from "./wire.js";
import { done, problem } from "./toast.js";
import { collide } from "./collision.js";
import { announce, announceNext } from "./delivery.js";
import { draftOf, empty, isNew, leaves, now, own, state, trouble } from "./desk.js";
import { drop, keep, saveIn } from "./drafts.js";
import { POSTS, show } from "./mounting.js";
import { later } from "./later.js";
import * as acts from "./acts.js";
import * as after from "./after.js";
import * as files from "./files.js";
import * as gaps from "./gaps.js";
import * as lineage from "./lineage.js";
import * as pane from "./pane.js";
import * as turns from "./turns.js";

const AGAIN_MS = 2000;

function busy(on) {
  now.sending = on;
  now.node.classList.toggle("is-sending", on);
  now.node.setAttribute("aria-busy", String(on));
  for (const button of $$("#send, #add-note, [data-menu='send-menu']", now.node)) button.disabled = on;
}

/** What keeps it from being sent, and where that is mended. */
function obstacle(mine, kind, tokens) {
  const field = mine.fields[kind];
  if (field) for (const role of Object.values(field.roles)) role.commit();
  if (files.underWay()) return [word("uploading_wait")];
  if (field?.hasNobody()) return [word("nobody"), () => field.open(true)];
  if (field?.wrong()) return [field.wrong(), field.mend];
  if (isNew(mine) && !field.subject.value.trim()) return [word("no_subject"), () => field.subject.focus()];
  if (kind !== "forward" && !mine.drafts[kind].html && !tokens.length) return [word("empty_reply"), () => mine.editor.focus()];
  return gaps.left(mine);
}

/** `then`: what becomes of the ticket. `anyway`: although somebody wrote in the meantime. */
export async function send({ then = isNew() ? "pending" : "open", anyway = false } = {}) {
  const mine = now;
  if (!mine || mine.sending) return undefined;
  const { kind } = mine;
  then = after.becomes(mine, then);
  mine.drafts[kind].html = mine.editor.html();
  const tokens = files.tokens(mine.node, kind);
  const stopped = obstacle(mine, kind, tokens);
  if (stopped) {
    if (files.underWay()) mine.afterUpload = { then, anyway };
    trouble(stopped[0]);
    stopped[1]?.();
    return undefined;
  }
  clearTimeout(mine.timer);
  keep(mine, kind);
  const form = body(mine, kind, tokens, { then, anyway });
  const following = pane.next();
  busy(true);
  try {
    const html = await ask("POST", isNew(mine) ? "/new" : `/tickets/${mine.id}/${POSTS[kind]}`, { form });
    return isNew(mine) ? begun(mine, html) : await sent(mine, kind, html, then, following);
  } catch (error) {
    if (mine === now) busy(false);
    return refused(mine, error, then);
  }
}

function body(mine, kind, tokens, { then, anyway }) {
  const { html, key } = mine.drafts[kind];
  const all = { html, key, ...(mine.fields[kind]?.sending() ?? {}), ...lineage.stamp(mine.drafts[kind]) };
  if (kind === "reply") Object.assign(all, { last_seen: mine.seen || turns.lastSeen(), then }, anyway ? { anyway: "1" } : {});
  if (isNew(mine)) Object.assign(all, { then, draft: mine.draft, from: all.from ?? $("[name=from]", mine.node)?.value ?? "" });
  const form = new FormData();
  for (const [name, value] of Object.entries(all)) form.append(name, value);
  for (const token of tokens) form.append("file", token);
  return form;
}

/** Send was pressed while files were on their way: now they are there. */
export function goOnSending() {
  const wanted = now?.afterUpload;
  if (!wanted || files.underWay()) return;
  now.afterUpload = null;
  trouble("");
  send(wanted);
}

/** Pick a moment and schedule it; a chip that says when is changed, and nothing is sent yet. */
export function schedule(at, { only = false } = {}) {
  const field = own();
  if (!field) return;
  later(at, (moment, words) => {
    field.later(moment, words);
    leaves();
    if (!only) send();
  });
}

// ------------------------------------------------------------------------------------------ outcomes

/** A conversation has begun: its page says the rest, with its Undo. */
function begun(mine, html) {
  const { go, message, ticket, until, leaves: at } = $("[data-go]", parse(html)).dataset;
  drop(mine, "new");
  mine.drafts.new.dirty = false;
  announceNext({ message, ticket, until, leaves: at });
  location.assign(go);
}

async function sent(mine, kind, html, then, following) {
  const message = $("[data-message]", parse(html));
  const at = mine.fields[kind]?.leaves;
  drop(mine, kind);
  if (mine === now) await settle(mine, kind, html, message); else mine.drafts[kind] = draftOf();
  if (kind === "note") done(word("note_kept"));
  else announce(message.dataset.message, mine.id, Date.parse($("[data-not-before]", parse(html))?.dataset.notBefore ?? ""), at);
  if (then === "resolved") acts.goOn(mine.id, following);
}

/** The message stands among the others, and the composer is ready for the next. */
async function settle(mine, kind, html, message) {
  busy(false);
  if (kind === "reply" && !message.matches(".is-forward")) mine.fields.reply.remember();
  empty(mine, kind);
  state("");
  mine.node.classList.remove("is-open");
  mine.writing = false;
  await turns.apply(html);
  $("#thread-scroll")?.scrollTo({ top: 0 }); // column-reverse: the end
  mine.seen = turns.lastSeen();
  if (mine.node.contains(document.activeElement) || document.activeElement === document.body) $("#subject")?.focus({ preventScroll: true });
  if (kind !== "reply" && mine.drafts.reply) show("reply", { first: true });
}

function refused(mine, error, then) {
  const status = error instanceof Failed ? error.status : -1;
  if (status === 401) return; // on the way to the door; the text is kept
  if (mine !== now) { problem(word("send_failed")); return; }
  if (status === 409 && /collide-in/.test(error.text)) { collide(error.text, then); return; }
  trouble(status === 0 ? word("send_offline") : error.sentence || word("send_failed"));
  state("unsaved");
  saveIn(AGAIN_MS, mine.kind);
  if (status === 422) mine.editor.focus();
}
