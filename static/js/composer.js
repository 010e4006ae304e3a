// The composer's keys and buttons: each does one thing, and that stands in a file of its own.
import { $, $$, me, parse } from "./dom.js";
import { ask, leaving, why } from "./wire.js";
import { problem } from "./toast.js";
import { edit, settled } from "./collision.js";
import { deliver, takeBack, welcome } from "./delivery.js";
import { form, isHere, isNew, leaves, now, own, switchable, trouble } from "./desk.js";
import { base, changed, flush, save } from "./drafts.js";
import { forward, newest, resume } from "./forwarding.js";
import { discard, fold, goBack, leave } from "./leave.js";
import { mount, show, unmount, write } from "./mounting.js";
import { goOnSending, schedule, send } from "./sending.js";
import * as acts from "./acts.js";
import * as files from "./files.js";
import * as keys from "./keys.js";
import * as pane from "./pane.js";
import * as pictures from "./pictures.js";
import * as tools from "./tools.js";

/** To whoever wrote last, alone; `article` names somebody else's message. */
function answerAuthor(article = $$("#turns [data-kind=customer]").at(-1)) {
  const field = now?.fields.reply;
  if (!field || !article) return;
  const address = article.dataset.address || $(".letter-address", article)?.textContent.trim();
  if (address) field.answer({ address, name: article.dataset.who === address ? "" : article.dataset.who });
}

const reveal = (name) => { own()?.open(true); own()?.reveal(name); };
const splitButton = () => $(".split", now.node);

const DO = {
  fields: () => own()?.open(true),
  cc: () => reveal("cc"),
  bcc: () => reveal("bcc"),
  subject: () => reveal("subject"),
  "all-fields": () => own()?.openAll(),
  offer: (button) => own()?.offer(button),
  signature: () => own()?.signature(),
  attach: () => $("#attach", now.node).click(),
  picture: () => $("#attach-picture", now.node).click(),
  detach: (button) => files.detach(now, button.closest("li")),
  "link-set": tools.setLink,
  "alt-set": pictures.setAlt,
  reply: () => write("reply"),
  note: () => write("note"),
  forward: (button) => forward(button.dataset.message ?? newest()),
  "reply-author": (button) => { write("reply"); answerAuthor(button.closest("[data-message]")); },
  later: (button) => schedule(splitButton(), { only: !button.closest("#send-menu") }),
  "not-later": () => { own()?.later("", ""); leaves(); now.editor.focus(); },
  "composer-close": () => { fold(); $(".composer-short", now.node).focus(); },
  "send-anyway": () => send(settled()),
  "collision-edit": edit,
  "discard-draft": discard,
  "undo-send": (button) => takeBack(button.dataset.id),
  "retry-send": (button) => deliver(button.dataset.id),
  "send-now": (button) => deliver(button.dataset.id, { now: "1" }),
};

// ---------------------------------------------------------------------------------------------- keys

/** From a row that is not open, open it first. */
async function open(kind, then) {
  const id = acts.target();
  if (!id) return false;
  const article = document.activeElement?.closest?.("#turns [data-message]");
  if (id !== pane.ticket() && !(await pane.open(id, { focus: "keep" }))) return true;
  pane.show("thread");
  if (kind === "forward") return now?.fields.forward && !article ? resume() : forward(article?.dataset.message ?? newest());
  write(kind);
  if (now) then?.(now);
  return true;
}

const everybody = (mine) => { if (mine.author) { mine.author = false; mine.fields.reply.answer(null); } };
const author = (mine) => { mine.author = true; answerAuthor(); };
const whileWriting = (run) => () => { if (!isHere()) return false; run(); return true; };

function bind() {
  if ($("#pane")) {
    keys.on("reply", () => open("reply", everybody));
    keys.on("reply.author", () => open("reply", author));
    keys.on("note", () => open("note"));
    keys.on("forward", () => open("forward"));
  }
  keys.on("send", whileWriting(() => send()));
  keys.on("send.resolve", () => {
    if (!isHere() || now.kind === "note" || now.kind === "forward") return false;
    send({ then: "resolved" });
    return true;
  });
  keys.on("send.later", whileWriting(() => schedule(splitButton())));
  for (const name of ["attach", "cc", "bcc"]) keys.on(name, whileWriting(DO[name]));
  keys.on("leave", leave);
}

// ------------------------------------------------------------------------------------------- buttons

function clicked(event) {
  const { target } = event;
  const button = target.closest("[data-do]");
  if (button?.dataset.do === "new-back") { event.preventDefault(); flush(); goBack(); }
  if (button && DO[button.dataset.do]) { mount(); DO[button.dataset.do](button); }
  const tab = target.closest("#composer [role=tab]");
  if (tab) { if (tab.dataset.kind === "forward" && !now.fields.forward) forward(newest()); else write(tab.dataset.kind); }
  const sending = target.closest("button[data-then]");
  if (sending) send({ then: sending.dataset.then });
  const suggested = target.closest("#suggest [role=option]");
  if (suggested) own()?.take(suggested);
}

/** Arrows walk among reply, note and forward. */
function walk(event) {
  const tab = event.target.closest?.("#composer [role=tab]");
  if (!tab || !/^Arrow(Left|Right)$/.test(event.key)) return;
  event.preventDefault();
  const tabs = switchable();
  const to = tabs[(tabs.indexOf(tab) + (event.key === "ArrowRight" ? 1 : -1) + tabs.length) % tabs.length];
  show(to.dataset.kind);
  to.focus();
}

/** What a forward passes on is fetched when somebody looks. */
async function unfold({ target, newState }) {
  if (!target.matches?.("[data-passed]") || newState !== "open" || $(".passed-one", target)) return;
  try { $(".passed-in", target).replaceChildren(parse(await ask("GET", target.dataset.passed))); } catch (error) { problem(why(error)); }
}

export function start() {
  if (me) keys.on("compose", () => { location.assign("/new"); });
  if (!$("#pane") && !form()) return;
  files.start({ composer: () => now, trouble, base, arrived: () => { changed(); goOnSending(); }, failed: () => { if (now) now.afterUpload = null; } });
  tools.start();
  mount();
  pane.onOpen((id) => { if (id) mount(); });
  pane.onClose(unmount);
  leaving.add(flush);
  addEventListener("pagehide", flush);
  addEventListener("online", () => { if (now?.drafts[now.kind].dirty) save(); });
  bind();
  document.addEventListener("submit", (event) => { if (event.target.id === "composer") { event.preventDefault(); send(); } });
  document.addEventListener("click", clicked);
  document.addEventListener("keydown", walk);
  document.addEventListener("toggle", unfold, { capture: true });
  if ($("#pane")) welcome();
  else if (now && isNew()) (own().hasNobody() ? own().roles.to.field : own().subject.value ? $("#draft") : own().subject).focus();
}
