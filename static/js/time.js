// Times grow old while a page stays open: 10:41 becomes Fri after midnight. Countdowns shorten their dash.
import { $, $$, shorten, word } from "./dom.js";

const zone = document.documentElement.dataset.zone || undefined;
const lang = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;

const form = (options) => {
  try { return new Intl.DateTimeFormat(lang, { timeZone: zone, ...options }); } catch { return new Intl.DateTimeFormat(lang, options); }
};
const day = form({ year: "numeric", month: "2-digit", day: "2-digit" });
const hour = form({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const weekday = form({ weekday: "short" });

export const clock = (at = new Date()) => hour.format(at);

function age() {
  const today = day.format(new Date());
  for (const time of $$("time[datetime]")) {
    if (!/^\d\d:\d\d$/.test(time.textContent)) continue;
    const at = new Date(time.dateTime);
    if (day.format(at) !== today) time.textContent = weekday.format(at).replace(/\.$/, "");
  }
}

const begun = new WeakMap();

function count() {
  for (const line of $$("[data-not-before]")) {
    const until = Date.parse(line.dataset.notBefore);
    const left = until - Date.now();
    if (!begun.has(line)) begun.set(line, Math.max(left, 10_000));
    shorten($(".dash", line), left / begun.get(line));
    const undo = $("[data-do='undo-send']", line);
    if (left <= 0 && undo) { undo.remove(); $("span", line).textContent = word("sending"); }
  }
}

export function start() {
  setInterval(age, 60_000);
  setInterval(count, 200);
  count();
}
