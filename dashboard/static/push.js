/* The card "Push in this browser": subscribes this browser and knows it again. Without a service worker it stays hidden. */
(() => {
  "use strict";
  const id = (name) => document.getElementById(name);
  const PATIENCE = 20000; // milliseconds for a push service that does not answer
  if (!("serviceWorker" in navigator)) return;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const same = (one, other) => one.length === other.length && one.every((byte, place) => byte === other[place]);
  const say = (text) => { id("push-state").textContent = text; };
  const registered = () => navigator.serviceWorker.getRegistration("/");
  const subscribed = async () => { const found = await registered(); return found ? found.pushManager.getSubscription() : null; };

  async function markOf(subscription) {
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(subscription.endpoint));
    return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /* How long a test took, from the button to the notification on this screen, by this device's own clock. */
  let asked = 0, took = 0, tried = "";
  navigator.serviceWorker.addEventListener("message", (event) => {
    if (!asked || !event.data || event.data.shown !== "test") return;
    took = (performance.now() - asked) / 1000;
    asked = 0;
    sayTook();
    confirm(tried).catch(fail);
  });

  /* What was shown on this device has arrived: nobody need be asked. */
  async function confirm(number) {
    const token = document.querySelector("meta[name=csrf-token]").content;
    await fetch(`/me/contact/${number}/confirm`, { method: "POST", body: new URLSearchParams({ did: "arrived" }),
      headers: { "X-CSRF-Token": token }, redirect: "manual" });
    await htmx.ajax("GET", "/me/push", { target: "#push", swap: "outerHTML" });
  }
  function sayTook() {
    const line = id("push-seen"), there = took > 0;
    line.hidden = !there;
    if (there) line.textContent = line.dataset.seen.replace("{time}", took.toLocaleString(document.documentElement.lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 }));
  }

  async function show() {
    const card = id("push");
    if (!card) return;
    card.hidden = false;
    sayTook();
    if (!("PushManager" in window) || !("Notification" in window) || !card.dataset.key) return say(card.dataset.unable);
    const subscription = await subscribed();
    const mark = subscription ? await markOf(subscription) : "";
    const line = mark ? card.querySelector(`[data-mark="${mark}"]`) : null;
    if (line) { line.querySelector(".here").hidden = false; line.classList.add("this"); }
    id("push-on").hidden = Boolean(line) || Notification.permission === "denied";
    say(Notification.permission === "denied" ? card.dataset.denied : line ? card.dataset.on : card.dataset.off);
  }

  async function subscribe() {
    const card = id("push"), key = bytes(card.dataset.key);
    if (await Notification.requestPermission() !== "granted") return show();
    await navigator.serviceWorker.register("/sw.js", { scope: "/" });
    const worker = await navigator.serviceWorker.ready, old = await worker.pushManager.getSubscription();
    if (old && !(old.options.applicationServerKey && same(new Uint8Array(old.options.applicationServerKey), key))) await old.unsubscribe();
    const late = new Promise((_, no) => { setTimeout(() => no(new Error(card.dataset.slow)), PATIENCE); });
    const made = await Promise.race([worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }), late]);
    const token = document.querySelector("meta[name=csrf-token]").content;
    const answer = await fetch("/me/push", { method: "POST", body: JSON.stringify(made), redirect: "error",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": token } });
    if (answer.status !== 201) throw new Error((await answer.json().catch(() => ({}))).wrong || `HTTP ${answer.status}`);
    await htmx.ajax("GET", "/me/push", { target: "#push", swap: "outerHTML" });
  }

  const fail = (problem) => say(id("push").dataset.failed.replace("{why}", problem.message));
  document.addEventListener("click", (event) => {
    if (event.target.id !== "push-on") return;
    event.target.disabled = true;
    subscribe().catch(fail).finally(() => { event.target.disabled = false; });
  });
  document.addEventListener("submit", (event) => {
    if (event.target.closest(".push") && event.target.action.endsWith("/test")) {
      asked = performance.now();
      took = 0;
      tried = event.target.action.match(/push\/(\d+)/)[1];
    }
  }, true);
  document.addEventListener("submit", (event) => { // removed here is removed there too
    if (event.target.closest(".push.this") && event.target.action.endsWith("/delete")) subscribed().then((one) => one && one.unsubscribe());
  }, true);
  document.addEventListener("htmx:afterSettle", (event) => { if (event.detail.elt.id === "push") show().catch(fail); });
  show().catch(fail);
})();
