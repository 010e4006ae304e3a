// Browser push: turned on by a click under Settings and never asked for otherwise; renewed where it was on before.
import { $, $$, kept, me, say, word } from "./dom.js";
import { ask, why } from "./wire.js";
import { done, problem } from "./toast.js";

const PLACE = "push"; // in this browser: who turned it on, in which sign-in, at which address

const can = () => "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
const signIn = () => $("#bell")?.dataset.signIn;
const read = () => { try { return JSON.parse(kept.get(PLACE) ?? "null"); } catch { return null; } };
const toBytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));

/** The one worker of the house; it does nothing but show what it is told. */
const worker = async () => { await navigator.serviceWorker.register("/sw.js", { scope: "/" }); return navigator.serviceWorker.ready; };

async function keep(subscription) {
  const { endpoint, keys } = subscription.toJSON();
  await ask("POST", "/push/subscriptions", { form: { endpoint, ...keys } });
  kept.set(PLACE, JSON.stringify({ agent: me, signIn: signIn(), endpoint }));
}

/** An address that was made for another key of ours takes nothing any more. */
async function subscribed(registration, key) {
  const there = await registration.pushManager.getSubscription();
  const made = there?.options.applicationServerKey;
  const same = made && String(new Uint8Array(made)) === String(toBytes(key));
  if (there && same) return there;
  await there?.unsubscribe();
  return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: toBytes(key) });
}

/** After signing in again, or when the browser changed its address: the same person goes on being told. */
async function renew() {
  const was = read();
  if (!was || was.agent !== me || !can() || Notification.permission !== "granted") return;
  try {
    const registration = await worker();
    const subscription = await registration.pushManager.getSubscription();
    if (subscription && (was.signIn !== signIn() || was.endpoint !== subscription.endpoint)) await keep(subscription);
  } catch { /* the next page tries again */ }
}

// --------------------------------------------------------------------------------------- settings

const box = () => $("#push-here");

function show(state) {
  for (const line of $$("[data-push]", box())) line.hidden = line.dataset.push !== state;
}

function trouble(text) {
  const line = $("#push-problem");
  line.hidden = !text;
  $("span", line).textContent = text;
  if (text) say(text);
}

function state() {
  if (!window.isSecureContext) return "insecure";
  if (!can()) return "none";
  if (Notification.permission === "denied") return "denied";
  return box().dataset.this && Notification.permission === "granted" ? "on" : "unknown";
}

async function turnOn(button) {
  trouble("");
  button.setAttribute("aria-disabled", "true");
  try {
    if (await Notification.requestPermission() !== "granted") { show(state()); return; }
    await keep(await subscribed(await worker(), box().dataset.key));
    location.reload(); // the list below has one more
  } catch (error) {
    trouble(error instanceof DOMException ? word("push_failed") : why(error));
  } finally { button.removeAttribute("aria-disabled"); }
}

async function turnOff() {
  const { this: id } = box().dataset;
  kept.drop(PLACE);
  try {
    await (await (await navigator.serviceWorker.getRegistration("/"))?.pushManager.getSubscription())?.unsubscribe();
    if (id) await ask("DELETE", `/push/subscriptions/${id}`).catch(() => {});
  } catch (error) { problem(why(error)); }
  $(`[data-subscription="${id}"]`)?.remove();
  box().dataset.this = "";
  show(state());
}

async function test(button) {
  try { await ask("POST", `/push/subscriptions/${box().dataset.this}/test`); done(button.dataset.done); } catch (error) { problem(why(error)); }
}

export function start() {
  if (!me) return;
  // a notice that was clicked brings this window to the front, and leads where it points
  if ("serviceWorker" in navigator) navigator.serviceWorker.addEventListener("message", ({ data }) => { if (data?.open?.startsWith("/") && !data.open.startsWith("//")) location.assign(data.open); });
  renew();
  if (!box()) return;
  show(state());
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-do^='push-']");
    const run = { "push-on": turnOn, "push-off": turnOff, "push-test": test }[button?.dataset.do];
    if (run && !button.hasAttribute("aria-disabled")) run(button);
  });
}
