// Asking the server, and what its answers mean. Fragments come as text and are morphed in.
import htmx from "htmx.org";
import { $, meta, word, say } from "./dom.js";
import { problem } from "./toast.js";

export class Failed extends Error {
  constructor(status, text = "", retryAfter = 0) {
    super(`the server said ${status || "nothing"}`);
    this.status = status;
    this.text = text;
    this.retryAfter = retryAfter;
  }

  /** The sentence in the answer, if it brought one. */
  get sentence() {
    if (!/class="problem"/.test(this.text)) return "";
    const page = new DOMParser().parseFromString(this.text, "text/html");
    return page.querySelector(".problem")?.textContent.trim() ?? "";
  }
}

export const leaving = new Set();

/** Signed out: keep what is being written, then go to the door. */
export function toLogin(where) {
  for (const keep of leaving) keep();
  location.assign(where || `/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}

export const headers = () => ({ "X-CSRFToken": meta("csrf"), "HX-Request": "true", "HX-Current-URL": location.href, Accept: "text/html" });

export async function ask(method, url, { form, signal, keepalive } = {}) {
  let response;
  try {
    response = await fetch(url, {
      method, signal, keepalive, credentials: "same-origin", redirect: "follow", headers: headers(),
      body: form instanceof FormData ? form : form ? new URLSearchParams(form) : undefined,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failed(0);
  }
  const text = response.status === 204 ? "" : await response.text().catch(() => "");
  if (response.ok) return text;
  const failed = new Failed(response.status, text, Number(response.headers.get("Retry-After")) || 0);
  if (response.status === 401) toLogin(response.headers.get("HX-Redirect"));
  throw failed;
}

/** What to tell the person about it. */
export function why(error) {
  if (!(error instanceof Failed)) return word("failed");
  if (error.sentence) return error.sentence;
  return word({ 0: "offline", 403: "not_allowed", 404: "not_found", 429: "slow_down" }[error.status] ?? "failed");
}

/** Put a fragment in place and let what is there survive: caret, focus, open details. */
export function swap(target, text, style) {
  return htmx.swap({ target, text, swap: style, sourceElement: document.body, transition: false });
}

export function start() {
  document.addEventListener("htmx:config:request", ({ detail }) => { detail.ctx.request.headers["X-CSRFToken"] = meta("csrf"); });
  document.addEventListener("htmx:after:request", ({ detail, target }) => {
    const { response, sourceElement } = detail.ctx;
    if (response.status === 401) return toLogin(response.headers.get("HX-Redirect"));
    if (response.status === 422 && sourceElement?.hasAttribute("hx-status:422")) return; // it says so itself
    if (response.status >= 400) return problem(why(new Failed(response.status, detail.ctx.text)));
    const done = (sourceElement ?? target)?.closest?.("[data-done]")?.dataset.done;
    if (done) say(done);
  });
  document.addEventListener("htmx:error", () => problem(word("offline")));
  // what was pressed may be gone after the swap: somebody must still be somewhere. Who was nowhere stays there: their
  // next Tab goes on from what they clicked last, or from where the address led
  let somewhere = false;
  document.addEventListener("htmx:before:swap", () => { somewhere ||= document.activeElement !== document.body; });
  document.addEventListener("htmx:after:swap", () => {
    if (somewhere && document.activeElement === document.body) $("main")?.focus({ preventScroll: true });
    somewhere = false;
  });
}
