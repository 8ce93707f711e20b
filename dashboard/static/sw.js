/* Runs in the browser when no page is open: shows what was pushed, and answers when somebody taps. */
"use strict";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

function read(data) {
  try {
    const said = data.json();
    if (said && typeof said === "object") return said;
  } catch { /* not ours, or cut off: a push must be shown all the same */ }
  return {};
}

/* Of an address only its place here counts: nothing that was pushed leads to another site. */
function local(url) {
  try {
    const place = new URL(url || "/incidents", self.location.origin);
    if (/^https?:$/.test(place.protocol)) return place.pathname + place.search;
  } catch { /* no address at all */ }
  return "/incidents";
}

function show(said, more) {
  const options = {
    body: said.body || "", tag: said.tag || "nabat", lang: said.lang || "", renotify: Boolean(said.renotify),
    requireInteraction: Boolean(said.requireInteraction), silent: Boolean(said.silent),
    actions: Array.isArray(said.actions) ? said.actions.slice(0, 2) : [], data: said,
  };
  return self.registration.showNotification(said.title || "Nabat", { ...options, ...more });
}

self.addEventListener("push", (event) => event.waitUntil(show(read(event.data))));

self.addEventListener("notificationclick", (event) => {
  const said = event.notification.data || {};
  event.notification.close();
  event.waitUntil(event.action === "acknowledge" ? acknowledge(said) : open(local(said.open || said.url)));
});

async function acknowledge(said) {
  const place = local(said.url);
  let answer = null;
  try {
    answer = await fetch(place, { method: "POST", body: new URLSearchParams({ do: "acknowledge" }), credentials: "omit" });
  } catch { /* no network: said below */ }
  if (answer && answer.ok) return show({ title: `✓ ${said.done || ""}`, body: said.title, tag: said.tag, url: said.url, lang: said.lang, silent: true });
  if (answer && answer.status === 410) return open(place); // the link is over: its page says so
  return show(said, { body: `${said.failed || ""}\n${said.body || ""}`, requireInteraction: true, renotify: true, silent: false });
}

async function open(place) {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = pages.find((page) => { const url = new URL(page.url); return url.pathname + url.search === place; });
  return there ? there.focus() : self.clients.openWindow(place);
}
