// Files on their way into a draft: chosen, pasted or dropped, each with its progress.
import { $, $$, el, parse, say, word } from "./dom.js";
import { ask, Failed, headers, toLogin, why } from "./wire.js";
import { problem } from "./toast.js";
import * as pictures from "./pictures.js";

let on = null; // what the composer wants to be told, and which one is on the screen

export function start(hooks) {
  on = hooks;
  pictures.start(hooks.composer);
  dragging();
}

const uploads = new Set();
export const underWay = () => uploads.size > 0;
export const tokens = (node, kind) => $$(`[data-files="${kind}"] [data-token]:not(.draft-picture)`, node).map((one) => one.dataset.token);
const mb = (bytes) => `${Math.round(bytes / 1e6)} MB`;

/** Wire a composer that has just come onto the page. */
export function mount({ node }) {
  $("#attach", node).addEventListener("change", ({ target }) => { add([...target.files]); target.value = ""; });
  $("#attach-picture", node)?.addEventListener("change", ({ target }) => { add([...target.files], { inside: true }); target.value = ""; });
  $("#draft", node).addEventListener("paste", (event) => {
    const items = pictures.pasted(event);
    if (items.length) { event.preventDefault(); event.stopImmediatePropagation(); add(items, { inside: true }); }
  }, { capture: true });
  $("#draft", node).addEventListener("drop", (event) => { if (carries(event)) event.stopImmediatePropagation(); }, { capture: true }); // ours is on the document
  pictures.mount($("#draft", node));
  weigh(node);
}

const carries = (event) => event.dataTransfer?.types.includes("Files");

/** Files may be dropped anywhere on the conversation; dropped beside it they must not take the page away. */
function dragging() {
  const over = (event) => (event.target.closest?.("#thread, #main:not(.sheet-inbox)") ? on.composer()?.node ?? null : null);
  const dropping = (node) => { for (const one of $$(".composer")) one.classList.toggle("is-dropping", one === node); };
  document.addEventListener("dragover", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    dropping(over(event));
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) dropping(null); });
  document.addEventListener("drop", (event) => {
    dropping(null);
    if (!carries(event)) return;
    event.preventDefault();
    event.stopPropagation();
    const node = over(event);
    if (!node) return;
    node.classList.add("is-open");
    add([...event.dataTransfer.files], { inside: Boolean(event.target.closest("#draft")) });
  }, { capture: true });
}

/** `inside`: pictures go where the caret is. A note is for the team and keeps its files beside it. */
function add(list, { inside = false } = {}) {
  const now = on?.composer();
  const limit = Number(now.node.dataset.limit) || Infinity;
  const fitting = list.filter((file) => file.size <= limit || on.trouble(word("too_big", { name: file.name, limit: mb(limit) })));
  const within = inside && now.kind !== "note" ? fitting.filter(pictures.isPicture) : [];
  now.editor.focus();
  pictures.insert(now.editor, within);
  for (const file of fitting) if (!within.includes(file)) upload(file);
}

export const adopt = () => pictures.adopt($("#draft"), (file, done) => upload(file, done));

/** Which files are too large for the mail together: those leave as links, the largest first. */
export function weigh(node = on?.composer()?.node) {
  const now = on?.composer();
  if (!node || !now) return;
  const most = now.fields?.[now.kind]?.largest?.() ?? Infinity;
  const items = $$(`[data-files="${now.kind}"] [data-size]`, node).sort((a, b) => b.dataset.size - a.dataset.size);
  const onTheWay = (one) => Math.ceil(one.dataset.size / 57) * 78 + 500; // base64 in lines of 76
  let rest = items.reduce((sum, one) => sum + onTheWay(one), 4000);
  for (const item of items) {
    const linked = rest > most;
    $(".as-link", item).hidden = !linked;
    if (linked) rest -= onTheWay(item);
  }
}

/** With its progress; fetch cannot tell how far an upload is. */
async function upload(file, placed = null) {
  const now = on?.composer();
  const { kind, node } = now;
  const list = $(`[data-files="${kind}"]`, node);
  const item = el("li", { class: "file draft-file is-uploading" }, el("span", { class: "file-name cut" }, file.name));
  const bar = el("progress", { max: 1, value: 0, "aria-label": word("uploading", { name: file.name }) });
  item.append(bar);
  list.append(item);
  const body = new FormData();
  body.append("file", file, file.name);
  if (placed) body.append("inline", "1");
  const request = new XMLHttpRequest();
  uploads.add(request);
  let base;
  try { base = await on.base(now, kind); } catch (error) { uploads.delete(request); item.remove(); placed?.(""); on.failed(); return problem(why(error), { retry: placed ? undefined : () => upload(file) }); }
  request.open("POST", `${base}/files`);
  for (const [header, value] of Object.entries(headers())) request.setRequestHeader(header, value);
  request.upload.addEventListener("progress", ({ loaded, total }) => { bar.value = total ? loaded / total : 0; });
  request.addEventListener("loadend", () => {
    uploads.delete(request);
    if (request.status === 200 || request.status === 201) {
      const made = parse(request.responseText);
      placed?.($("[data-src]", made)?.dataset.src);
      item.replaceWith(made);
      say(word("attached", { name: file.name }));
      weigh(node);
      on.arrived();
      return undefined;
    }
    item.remove();
    placed?.("");
    on.failed();
    if (request.status === 401) return toLogin(request.getResponseHeader("HX-Redirect"));
    const failed = new Failed(request.status, request.responseText);
    return problem(failed.sentence || word("upload_failed", { name: file.name }), { retry: placed ? undefined : () => upload(file) });
  });
  request.send(body);
  return undefined;
}

export async function detach(now, item) {
  const next = item.nextElementSibling ?? item.previousElementSibling;
  item.classList.add("is-uploading");
  try {
    await ask("DELETE", `${await on.base(now, now.kind)}/files/${item.dataset.token}`);
    item.remove();
    weigh();
    ($("button", next ?? undefined) ?? $("#draft"))?.focus();
  } catch (error) { item.classList.remove("is-uploading"); problem(why(error)); }
}
