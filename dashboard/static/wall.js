/* The wallboard: asks every two seconds, turns its pages, says how old it is, and keeps the screen awake. */
(() => {
  "use strict";
  const EVERY = 2000, PATIENCE = 8000, LATE = 10000;  // milliseconds; after the last it is not live
  const body = document.body, main = document.getElementById("wall"), words = body.dataset;
  const clock = document.getElementById("w-clock"), place = document.getElementById("w-place");
  const age = document.getElementById("w-age"), dead = document.getElementById("w-dead");
  const data = () => document.getElementById("w-data").dataset;
  const pages = () => [...main.querySelectorAll(".w-page")];
  const own = data().version;
  let shown = (pages().find((one) => !one.hidden) || pages()[0]).id;
  let heard = {server: Number(data().now), steady: performance.now(), clock: Date.now()};

  /* The steady clock stands still while a machine sleeps, the other one may be set: whatever says that it is longer. */
  const since = () => Math.max(performance.now() - heard.steady, Date.now() - heard.clock, 0);
  const hear = (server) => { heard = {server, steady: performance.now(), clock: Date.now()}; };
  const time = (at) => new Date(at + Number(data().offset) * 60000).toISOString().slice(11, 19);
  const length = (seconds) => {
    if (seconds < 60) return `${seconds} ${words.s}`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} ${words.min}`;
    return seconds < 86400 ? `${Math.floor(seconds / 3600)} ${words.h}` : `${Math.floor(seconds / 86400)} ${words.d}`;
  };

  const show = (id) => {
    const all = pages(), at = Math.max(0, all.findIndex((one) => one.id === id));
    all.forEach((one, number) => { one.hidden = number !== at; });
    shown = all[at].id;
    place.textContent = `${at + 1} / ${all.length}`;
  };
  const turn = () => {
    const all = pages();
    show(all[(all.findIndex((one) => one.id === shown) + 1) % all.length].id);
  };

  const tick = () => {
    const old = since(), late = old > LATE, said = length(Math.floor(old / 1000));
    clock.textContent = time(heard.server + old);
    age.textContent = words.age.replace("{age}", said);
    body.classList.toggle("dead", late);
    const text = late ? words.dead.replace("{age}", said).replace("{time}", time(heard.server)) : "";
    if (dead.hidden === late) dead.hidden = !late;
    if (dead.lastElementChild.textContent !== text) dead.lastElementChild.textContent = text;
  };

  const take = async (answer) => {
    if (answer.type === "opaqueredirect") return location.replace("/wall");  // no longer let in: it says why
    const now = Number(answer.headers.get("X-Now"));
    if (!now || (answer.status !== 200 && answer.status !== 204)) return;  // not our word: the age goes on
    if (answer.status === 200) {
      main.replaceChildren(...new DOMParser().parseFromString(await answer.text(), "text/html").body.childNodes);
      if (data().version !== own) return location.reload();  // another program by now
      show(shown);
    }
    hear(now);
    tick();
  };
  const ask = () => fetch(`/wall/live?since=${encodeURIComponent(data().mark)}`,
    {redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(PATIENCE)})
    .then(take).catch(() => {}).finally(() => setTimeout(ask, EVERY));

  /* Only over https, and until the page is out of sight; asked for again when it is back. */
  const awake = () => { if (navigator.wakeLock && !document.hidden) navigator.wakeLock.request("screen").catch(() => {}); };
  document.addEventListener("visibilitychange", awake);
  awake();
  tick();
  setInterval(tick, 1000);
  setInterval(turn, Number(words.turn) * 1000);
  setTimeout(ask, EVERY);
})();
