// The service worker: shows what it is told, and brings the house to the front when that is clicked. It keeps nothing.

const ICON = "/favicon.ico";

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

/** Only what our own server would say; anything else is shown as a bare *something is new*. */
function read(data) {
  try {
    const { title, body, tag, url, unread } = data.json();
    return { title: String(title), body: String(body), tag: String(tag), url: /^\/(?!\/)/.test(url) ? url : "/notices", unread: Number(unread) || 0 };
  } catch {
    return { title: "Prosa", body: "", tag: "prosa", url: "/notices", unread: 0 };
  }
}

async function show({ title, body, tag, url, unread }) {
  await registration.showNotification(title, { body, tag, renotify: true, icon: ICON, badge: ICON, data: { url } });
  if (unread) await navigator.setAppBadge?.(unread).catch(() => {});
}

/** The window that is looked at, else any of ours, else a new one. */
async function open(url) {
  const all = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = all.find((one) => one.focused) ?? all.find((one) => one.visibilityState === "visible") ?? all[0];
  if (!there) return clients.openWindow(url);
  await there.focus().catch(() => {});
  return there.postMessage({ open: url });
}

addEventListener("push", (event) => event.waitUntil(show(read(event.data))));
addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.url ?? "/notices"));
});
