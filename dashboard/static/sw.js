/* Runs in the browser when no page is open: shows what was pushed, and answers when somebody taps. Without a network it
   shows the copies that it saved, and keeps an acknowledgement until it can be sent. */
"use strict";

const { version = "", files = [] } = self.NABAT || {}; // written above this by the server
const FIXED = "fixed-" + version, PAGES = "pages", QUEUE = "queue";
const SAVED = ["/incidents", "/oncall/me"]; // no other page is ever kept
const PATIENCE = 3000, FRESH = 240000, LATEST = 3600000; // milliseconds

self.addEventListener("install", (event) => event.waitUntil(
  caches.open(FIXED).then((box) => box.addAll([...files, "/offline"])).catch(() => { /* push works without it */ }).then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(
  caches.keys().then((names) => Promise.all(names.filter((name) => name.startsWith("fixed-") && name !== FIXED).map((name) => caches.delete(name))))
    .then(() => self.clients.claim())));

/* ---- pages and files ---- */
self.addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url), path = url.pathname;
  if (url.origin !== self.location.origin) return;
  if (request.method === "POST") {
    if (path === "/logout" || path === "/login") event.waitUntil(forget());
    else if (/^\/incidents\/\d+\/acknowledge$/.test(path) || path.startsWith("/p/")) event.respondWith(send(request, path));
  } else if (request.method === "GET") {
    if (path.startsWith("/static/") && url.searchParams.has("v")) event.respondWith(fixed(request));
    else if (request.mode === "navigate") event.respondWith(visit(event, url));
  }
});

/* The address of a file changes with its content, so a copy is as good as the file. */
async function fixed(request) {
  const box = await caches.open(FIXED), known = await box.match(request);
  if (known) return known;
  const answer = await fetch(request);
  if (answer.ok && /immutable/.test(answer.headers.get("Cache-Control") || "")) await box.put(request, answer.clone());
  return answer;
}

async function visit(event, url) {
  const place = url.pathname === "/" ? "/incidents" : url.pathname;
  const box = await caches.open(PAGES), copy = SAVED.includes(place) && await box.match(place);
  const network = fetch(event.request).then((answer) => {
    if (url.pathname === "/login" && answer.ok) event.waitUntil(forget()); // whoever was signed in is so no more
    else if (SAVED.includes(url.pathname) && !url.search) event.waitUntil(keep(url.pathname, answer.clone()));
    return answer;
  });
  network.catch(() => {});
  const late = new Promise((_, no) => { setTimeout(no, PATIENCE); });
  try {
    return await (copy ? Promise.race([network, late]) : network);
  } catch {
    return copy ? marked(copy) : (await caches.match("/offline")) || Response.error();
  }
}

async function keep(place, answer) {
  if (!answer.ok || answer.redirected || !/html/.test(answer.headers.get("Content-Type") || "")) return;
  const headers = new Headers(answer.headers);
  headers.delete("Content-Encoding");
  headers.set("X-Saved", Date.now());
  await (await caches.open(PAGES)).put(place, new Response(await answer.text(), { headers }));
}

/* The page itself says above everything else that it is a copy, and of when. */
async function marked(copy) {
  const mark = `<meta name="nabat-saved" content="${Number(copy.headers.get("X-Saved"))}">`;
  return new Response((await copy.text()).replace("</title>", "</title>" + mark), { headers: copy.headers });
}

async function save() {
  const box = await caches.open(PAGES);
  for (const place of SAVED) {
    const copy = await box.match(place);
    if (copy && Date.now() - Number(copy.headers.get("X-Saved")) < FRESH) continue;
    await fetch(place, { credentials: "same-origin" }).then((answer) => keep(place, answer)).catch(() => {});
  }
}

const forget = () => Promise.all([PAGES, QUEUE].map((name) => caches.delete(name)));

/* ---- an acknowledgement that found no network ---- */
async function send(request, path) {
  const copy = request.clone();
  try { return await fetch(request); } catch { /* no network: it waits */ }
  const body = await copy.text();
  if (path.startsWith("/p/") && new URLSearchParams(body).get("do") !== "acknowledge") return (await caches.match("/offline")) || Response.error();
  const number = (/^\/incidents\/(\d+)/.exec(path) || ["", ""])[1];
  const [token, seen] = ["X-CSRF-Token", "X-Seen"].map((name) => copy.headers.get(name) || "");
  const entry = { path, body, number, token, seen, at: Date.now() };
  await (await caches.open(QUEUE)).put("/queued" + path, new Response(JSON.stringify(entry)));
  if (self.registration.sync) await self.registration.sync.register("nabat-queue").catch(() => {});
  await tell({ queued: number });
  return copy.headers.get("HX-Request") ? new Response(null, { status: 204 }) : (await caches.match("/offline")) || Response.error();
}

async function waiting() {
  const box = await caches.open(QUEUE), keys = await box.keys();
  return Promise.all(keys.map(async (key) => ({ key, entry: await (await box.match(key)).json() })));
}

let flushing = null;
function flush() {
  if (!flushing) flushing = sendAll().finally(() => { flushing = null; });
  return flushing;
}

async function sendAll() {
  for (const { key, entry } of await waiting()) {
    let outcome = "overdue";
    if (Date.now() - entry.at < LATEST) {
      const headers = { "Content-Type": "application/x-www-form-urlencoded", "X-Waited": Math.max(0, Date.now() - entry.at) };
      if (entry.token) headers["X-CSRF-Token"] = entry.token;
      if (entry.seen) headers["X-Seen"] = entry.seen; // it is not for what has come back since
      const answer = await fetch(entry.path, { method: "POST", body: entry.body, headers, credentials: "same-origin" });
      if (answer.status >= 500) throw new Error("HTTP " + answer.status); // it waits on
      outcome = answer.ok && !new URL(answer.url).pathname.startsWith("/login") ? "sent" : answer.status === 409 ? "overtaken" : "refused";
    }
    await (await caches.open(QUEUE)).delete(key);
    await tell({ [outcome]: entry.number });
  }
}

self.addEventListener("sync", (event) => { if (event.tag === "nabat-queue") event.waitUntil(flush()); });
self.addEventListener("message", (event) => {
  const wanted = event.data || {};
  if (wanted.save) event.waitUntil(save());
  if (wanted.flush) event.waitUntil(flush().catch(() => {}));
  if (wanted.waiting) event.waitUntil(waiting().then((all) => { for (const one of all) event.source.postMessage({ queued: one.entry.number }); }));
});

async function tell(what) {
  for (const page of await self.clients.matchAll({ type: "window", includeUncontrolled: true })) page.postMessage(what);
}

/* ---- push ---- */
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

self.addEventListener("push", (event) => {
  const said = read(event.data);
  event.waitUntil(show(said).then(() => tell({ shown: said.tag || "" })));
});

self.addEventListener("notificationclick", (event) => {
  const said = event.notification.data || {};
  event.notification.close();
  event.waitUntil(event.action === "acknowledge" || event.action === "extend" ? acknowledge(said, event.action) : open(local(said.open || said.url)));
});

/* Also: a silence that ends soon lasts an hour longer. */
async function acknowledge(said, act) {
  const place = local(said.url);
  let answer = null;
  try {
    answer = await fetch(place, { method: "POST", body: new URLSearchParams({ do: act }), credentials: "omit" });
  } catch { /* no network: said below */ }
  if (answer && answer.ok) return show({ title: `✓ ${said.done || ""}`, body: said.title, tag: said.tag, url: said.url, lang: said.lang, silent: true });
  if (answer && answer.status === 410) return open(place); // the link is over: its page says so
  return show(said, { body: `${said.failed || ""}\n${said.body || ""}`, requireInteraction: true, renotify: true, silent: false });
}

async function open(place) {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = pages.find((page) => { const url = new URL(page.url); return url.pathname + url.search === place; });
  if (!there) return self.clients.openWindow(place);
  there.postMessage({ tapped: place });
  return there.focus();
}
