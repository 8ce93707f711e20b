/* What the pages do beyond plain links and forms: the form token, live updates, ticking times, keys, theme. No page needs it. */
(() => {
  "use strict";
  const doc = document, html = doc.documentElement, body = doc.body, words = body.dataset;
  const id = (name) => doc.getElementById(name);
  const live = id("live"), page = words.page;
  const livePart = () => doc.querySelector(live.getAttribute("hx-target"));
  html.classList.add("js");

  /* ---- what htmx may do: run nothing that stands in a page, ask nobody else, keep no page of whoever was signed in before ---- */
  Object.assign(htmx.config, {
    "allowEval": false, "allowScriptTags": false, "includeIndicatorStyles": false, "historyCacheSize": 0, "historyRestoreAsHxRequest": false,
    "selfRequestsOnly": true, "timeout": 10000, "responseHandling": [
      { "code": "204", "swap": false }, { "code": "[23]..", "swap": true }, { "code": "(400|403|404|405|409|413|422|429)", "swap": true },
      { "code": "[45]..", "swap": false, "error": true }]
  });

  /* ---- the form token travels with every request that changes something ---- */
  const token = doc.querySelector("meta[name=csrf-token]").content;
  doc.addEventListener("submit", ({ target: form }) => { // a form of what all open pages are told has none of its own
    const field = form.elements.csrf_token;
    if (field && !field.value) field.value = token;
  }, true);
  doc.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") Object.assign(event.detail.headers, { "X-CSRF-Token": token, ...(live && { "X-Seen": serverNow }) }); // an acknowledgement may wait for a network
    if (event.detail.elt !== live) return;
    event.detail.parameters = new FormData();
    const ask = { page: live.dataset.page, q: [live.dataset.ask, location.search.slice(1)].filter(Boolean).join("&"), since: livePart().dataset.mark };
    if (polls++ % 30 === 29) ask.since = ""; // now and then the whole, for what leaves no line on a timeline
    suits = forced || frozen();
    if (suits && !forced) ask.frozen = 1;
    if (acted || forced || event.detail.triggeringEvent || !ask.since) ask.fresh = 1; // not what others were told a moment ago
    carried = { forced, acted };
    for (const [name, value] of Object.entries(ask)) event.detail.parameters.append(name, value);
  });

  /* ---- what idiomorph must not undo: an opened detail, a half-written note; and rows that are as they were need no look at all ---- */
  function same(row, fresh) {
    const ticking = "time[data-since], time[data-until]", old = row.querySelectorAll(ticking), times = fresh.querySelectorAll(ticking);
    times.forEach((time, n) => { if (old[n] && old[n].dateTime === time.dateTime) time.textContent = old[n].textContent; }); // they tick by themselves
    return row.isEqualNode(fresh);
  }
  if (window.Idiomorph) {
    Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => !(name === "open" && node.tagName === "DETAILS");
    Idiomorph.defaults.callbacks.beforeNodeMorphed = (node, fresh) => !(node.dataset && "keep" in node.dataset) && !(node.tagName === "TR" && same(node, fresh));
  }

  /* ---- a plain form goes once: who presses again on a slow network means the same ---- */
  const underway = new Map(); // whoever stopped it may press again after half a minute
  doc.addEventListener("submit", (event) => {
    const { target: form, submitter: by } = event, [last, at] = underway.get(form) || [];
    if (event.defaultPrevented || form.method !== "post") return;
    if (at && last === by && performance.now() < at + 30000) return event.preventDefault();
    underway.set(form, [by, performance.now()]);
    form.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => { for (const form of underway.keys()) form.removeAttribute("aria-busy"); underway.clear(); });

  /* ---- live: the server's clock, and honesty about silence ---- */
  let polls = 0, heard = performance.now(), serverNow = live ? Number(live.dataset.now) : Date.now(), failures = 0, over = false, again = 0, waits = 0; // again: when, after a failure; 0 while one is asked
  const now = () => serverNow + (performance.now() - heard);
  const age = () => (performance.now() - heard) / 1000;
  const wake = () => live && htmx.trigger(live, "nabat:wake");
  let held = false, forced = false, acted = false, carried = {}, suits = false, paused = Boolean(live) && sessionStorage.getItem("nabat-paused") === "1";
  const busy = "#list .cb:checked, #list details[open], #ticket details[open], #filter-line .menu[open]";
  const frozen = () => paused || held || doc.querySelector(busy) || doc.querySelector("dialog[open]") || (!getSelection().isCollapsed && !/INPUT|TEXTAREA/.test(doc.activeElement.tagName)) ||
    doc.querySelector("main form.htmx-request, main tr .htmx-request");
  doc.addEventListener("htmx:afterRequest", (event) => { if (event.detail.requestConfig.verb !== "get") acted = true; });
  if (live) {
    const main = id("main");
    main.addEventListener("pointerdown", () => { held = true; forced = false; });
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => { held = false; });
    let last = 0;
    doc.addEventListener("htmx:beforeRequest", (event) => {
      if (event.detail.elt !== live) return;
      const early = again || (doc.hidden && performance.now() - last < 29500);
      if (over || (early && !event.detail.requestConfig.triggeringEvent)) return event.preventDefault();
      last = performance.now();
      again = 0;
    });
    doc.addEventListener("htmx:afterRequest", (event) => {
      const answer = event.detail.xhr;
      if (event.detail.elt !== live || !answer) return;
      if (answer.status === 286) return end();
      const server = Number(answer.getResponseHeader("X-Now"));
      clearTimeout(waits);
      if (!server) return retryLater();
      serverNow = server; heard = performance.now(); failures = again = 0;
      if (carried.acted) acted = false;
      if (carried.forced) forced = false;
      if (forced) setTimeout(wake); // pressed while this one was under way; without an answer it waits for the next
      sayWaiting(answer.getResponseHeader("X-Waiting") || "");
      tick();
    });
    doc.addEventListener("htmx:beforeSwap", ({ detail }) => { // asked before somebody began to choose, answered only now: what it brings waits like any other
      if (detail.requestConfig.elt === live && detail.xhr.status === 200 && !suits && frozen()) detail.shouldSwap = false;
    });
    doc.addEventListener("visibilitychange", () => { if (!doc.hidden) wake(); });
    addEventListener("online", wake);
    id("retry").addEventListener("click", wake);
    id("show-news").addEventListener("click", showNews);
    id("pause").setAttribute("aria-pressed", paused);
    id("pause").addEventListener("click", () => {
      paused = !paused;
      sessionStorage.setItem("nabat-paused", paused ? "1" : "");
      id("pause").setAttribute("aria-pressed", paused);
      showLive();
      wake();
    });
  }
  /* No answer: again after 2, 4, 8, then every 15 seconds, each page a little sooner or later than the others. */
  function retryLater() {
    const pause = Math.max(doc.hidden ? 30000 : 0, Math.min(15000, 2000 * 2 ** failures)) * (0.8 + Math.random() * 0.4);
    failures += 1;
    again = performance.now() + pause;
    waits = setTimeout(wake, pause);
    tick();
  }
  /* Nothing more will change here, or nobody is told any more. */
  function end() {
    over = true;
    for (const name of ["live-state", "pause", "outdated"]) id(name).hidden = true;
    html.classList.remove("stale");
  }
  function sayWaiting(waits) {
    const [fresh, changed] = waits.split(","), counted = changed !== undefined;
    id("waiting").hidden = !waits || waits === "0,0";
    const why = paused ? words.waitingPaused : words.waiting;
    const text = counted ? words.waitingCounts.replace("{new}", fresh).replace("{changed}", changed) + " " + why : why;
    put(id("waiting").querySelector("span"), text);
  }
  function showNews() { getSelection().removeAllRanges(); held = false; forced = true; doc.activeElement.blur(); wake(); }
  function setLive(look, text) {
    id("live-state").className = "live " + look;
    if (id("live-words").textContent !== text) id("live-words").textContent = text;
  }
  function clock(moment) { // as all times of the page
    const at = new Date(moment);
    try { return at.toLocaleTimeString("en-GB", { timeZone: words.zone }); } catch { return at.toLocaleTimeString("en-GB"); } // older than the name of the zone
  }
  function showLive() {
    if (!live || over) return;
    const seconds = age(), banner = id("outdated"), stale = seconds > 10 && !doc.hidden;
    if (stale) setLive("stale", words.stale.replace("{age}", duration(seconds)));
    else if (seconds > 6 && !doc.hidden) setLive("late", words.late);
    else setLive(paused ? "held" : "", paused ? words.paused : words.live);
    if (stale) {
      put(banner.querySelector("span"), words.outdated.replace("{age}", duration(seconds)).replace("{time}", clock(serverNow)));
    }
    put(id("again"), again ? words.retrying.replace("{s}", Math.max(1, Math.ceil((again - performance.now()) / 1000))) : "");
    banner.hidden = !stale;
    html.classList.toggle("stale", stale);
  }

  /* ---- times tick by the server's clock, said as the server says them ---- */
  function duration(seconds, exact) {
    const n = Math.max(0, Math.floor(seconds)), part = (value, unit) => (value ? " " + value + " " + unit : "");
    if (n < 60) return n + " " + words.s;
    if (n < 3600) return Math.floor(n / 60) + " " + words.min + (exact ? part(n % 60, words.s) : "");
    if (n < 86400) return Math.floor(n / 3600) + " " + words.h + part(Math.floor((n % 3600) / 60), words.min);
    return Math.floor(n / 86400) + " " + words.d + part(Math.floor((n % 86400) / 3600), words.h);
  }
  function countdown(seconds) {
    const n = Math.max(0, Math.round(seconds));
    return n < 3600 ? Math.floor(n / 60) + ":" + String(n % 60).padStart(2, "0") : duration(n);
  }
  const known = new Map(); // to read a hundred dates anew each second is felt on a slow phone
  function at(node, name) {
    const text = node.getAttribute(name) || node.dateTime;
    if (!known.has(text)) {
      if (known.size > 1000) known.clear();
      known.set(text, Number(text) || Date.parse(text));
    }
    return known.get(text);
  }
  function put(node, text) { if (node.textContent !== text) node.textContent = text; }
  function tick() {
    showLive();
    if (doc.hidden) return;
    const moment = now(), unknown = live && age() > 10;
    for (const node of doc.querySelectorAll("[data-since]")) put(node, duration((moment - at(node, "data-since")) / 1000, "exact" in node.dataset));
    for (const node of doc.querySelectorAll("[data-until]")) put(node, unknown ? words.unknown : countdown((at(node, "data-until") - moment) / 1000));
  }
  setInterval(tick, 1000);

  /* ---- what came of an action ---- */
  let hide = 0, undoable = "";
  doc.addEventListener("nabat:said", (event) => {
    const { text, undo, refresh } = event.detail, flash = id("flash");
    flash.textContent = text;
    undoable = undo || "";
    if (undo) {
      const button = doc.createElement("button"), key = doc.createElement("kbd");
      button.className = "btn sm"; button.type = "button"; key.textContent = drawn("z");
      button.append(words.undo + " ", key);
      button.addEventListener("click", takeBack);
      flash.append(button);
    }
    if (refresh) showAnew();
    clearTimeout(hide);
    hide = setTimeout(() => { flash.textContent = ""; undoable = ""; }, 10000);
  });
  function takeBack() {
    const known = undoable;
    undoable = "";
    if (known) htmx.ajax("POST", "/undo/" + known, { source: id("flash"), swap: "none" }).catch(() => { if (id("flash").textContent) undoable = known; });
  }
  function showAnew() {
    const part = live && !over && livePart();
    if (!part) return void location.reload();
    part.dataset.mark = "";
    wake();
  }
  for (const bad of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) doc.addEventListener(bad, (event) => {
    const { elt, requestConfig } = event.detail;
    if (elt === live || nabatDoubts(elt) || isOurs(event.detail)) return;
    const problem = doc.createElement("div"), text = doc.createElement("span");
    problem.className = "banner err"; text.textContent = requestConfig.verb === "get" ? words.unreached : words.unanswered;
    problem.append(text); id("flash-err").replaceChildren(problem);
    (elt.querySelector("button") || elt).focus();
  });
  // An act that we ourselves refuse with 5xx is told in our words; what a proxy says in our place tells nobody what became of it.
  const isOurs = ({ xhr, requestConfig }) => requestConfig.verb !== "get" && xhr.status >= 500 && Boolean(xhr.getResponseHeader("HX-Retarget"));
  doc.addEventListener("htmx:beforeSwap", ({ detail }) => { if (isOurs(detail)) detail.shouldSwap = true; });
  doc.addEventListener("htmx:beforeRequest", (event) => { if (event.detail.elt !== live && event.detail.elt.id !== "job") id("flash-err").replaceChildren(); });
  doc.addEventListener("htmx:afterRequest", (event) => {
    const { elt, successful } = event.detail;
    if (elt.id !== "note" || !successful) return;
    elt.reset();
    elt.elements.once.value = elt.elements.once.value.split(".")[0] + "." + ++written; // the next note is another one
  });
  /* A button that waits is off and loses the focus, and what comes back may be without it: then on to what can be done next. */
  let written = 0, had = null;
  const hold = () => { const one = doc.activeElement; if (one !== body) had = [one, (one.closest("tr[id], #incident, #ticket") || {}).id]; };
  doc.addEventListener("htmx:beforeRequest", ({ detail }) => { if (detail.elt !== live) hold(); });
  doc.addEventListener("htmx:beforeSwap", hold);
  doc.addEventListener("htmx:afterSettle", () => {
    if (doc.activeElement !== body || !had) return;
    const [one, name] = had, place = id(name), folded = one.closest("details");
    const next = [one, folded && folded.firstElementChild, ...(place ? place.querySelectorAll(".ttl, .actbar button, .actbar summary") : [])];
    const free = next.find((each) => each && each.isConnected && !each.disabled && each.checkVisibility());
    if (free) free.focus({ preventScroll: true });
  });
  doc.addEventListener("htmx:afterSettle", () => {
    if (!doc.querySelector(".actbar")) id("main").classList.remove("has-act");
  });

  /* ---- emergencies that nobody has answered: a dot in the browser's tab, and new ones in words for who only listens ---- */
  const calling = () => new Map([...doc.querySelectorAll("#list tr[data-calls]")].map((row) => [row.id, row.querySelector(".ttl").textContent]));
  let called = calling();
  doc.addEventListener("htmx:afterSettle", () => {
    const count = id("open-count"), favicon = id("favicon");
    const look = favicon.dataset[count && count.classList.contains("hot") ? "hot" : "calm"];
    if (favicon.getAttribute("href") !== look) favicon.setAttribute("href", look);
    const there = calling(), news = [...there].filter(([row]) => !called.has(row));
    const fresh = news.map(([, title]) => words.emergency.replace("{title}", title));
    if (news.length) doc.dispatchEvent(new CustomEvent("nabat:emergencies", { detail: news.map(([row]) => row) }));
    if (fresh.length) put(id("spoken"), fresh.slice(0, 3).join(". "));
    called = there;
  });

  if (id("sound") || localStorage.getItem("nabat-sound:" + words.me) === "on") { // few want it
    const sound = doc.createElement("script");
    sound.src = words.sound;
    doc.head.append(sound);
  }

  /* ---- without a network: the copy that was saved, an answer that waits; and a newer version ---- */
  const worker = navigator.serviceWorker, copied = doc.querySelector("meta[name=nabat-saved]"), unsent = new Set();
  function banner(name, text) { const strip = id(name); strip.querySelector("span").textContent = text; strip.hidden = !text; }
  function sayUnsent(text) {
    const named = [...unsent].filter(Boolean).map((number) => "#" + number).join(", ");
    banner("unsent", unsent.size ? words.unsent.replace("{what}", named) : text || "");
  }
  if (copied) banner("saved", words.saved.replace("{time}", clock(Number(copied.content))));
  if (worker) {
    const before = worker.controller, ask = (what) => worker.ready.then((one) => one.active.postMessage(what));
    worker.addEventListener("controllerchange", () => { id("newer").hidden = !before; });
    id("newer").querySelector("button").addEventListener("click", () => location.reload());
    worker.addEventListener("message", (event) => {
      const said = event.data || {}, done = ["sent", "refused", "overtaken", "overdue"].find((name) => name in said);
      if ("queued" in said) unsent.add(said.queued);
      if (done) unsent.delete(said[done]);
      sayUnsent(done && words[done].replace("{what}", said[done] ? "#" + said[done] : ""));
      if (done) wake();
    });
    addEventListener("load", () => worker.register("/sw.js", { scope: "/" }).then(() => ask({ waiting: 1, save: 1, flush: 1 })).catch(() => { /* pages work without it */ }));
    addEventListener("online", () => ask({ flush: 1 }));
    doc.addEventListener("htmx:afterRequest", (event) => { if (unsent.size && event.detail.elt === live && event.detail.successful) ask({ flush: 1 }); });
    setInterval(() => { if (!doc.hidden) ask({ save: 1 }); }, 300000);
  }

  /* ---- keys ---- */
  const keysOn = () => !("nokeys" in document.body.dataset) && localStorage.getItem("nabat-keys") !== "off";
  const keysBox = id("keys-on"), help = id("keys");
  keysBox.checked = keysOn();
  html.classList.toggle("nokeys", !keysOn());
  keysBox.addEventListener("change", () => {
    localStorage.setItem("nabat-keys", keysBox.checked ? "on" : "off");
    html.classList.toggle("nokeys", !keysOn());
  });
  id("show-keys").addEventListener("click", () => help.showModal());
  const rows = () => [...doc.querySelectorAll("#list tbody tr[id]")];
  const current = () => doc.activeElement.closest("#list tbody tr[id]");
  const go = (step) => {
    const beside = page === "incident" && id(step > 0 ? "next" : "previous");
    if (beside) return void beside.click();
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(current());
    const row = all[at < 0 ? 0 : Math.max(0, Math.min(all.length - 1, at + step))];
    row.querySelector(".ttl").focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };
  const press = (what) => {
    const chosen = doc.querySelector(".cb:checked") && doc.querySelector("[data-bulk=" + what + "]");
    if (chosen) return chosen.click();
    const place = page === "incident" ? id("incident") : current();
    const button = place && place.querySelector("[data-do=" + what + "]");
    if (button && !button.disabled) button.click();
  };
  const focus = (name) => { // wherever it is folded away
    const field = id(name), folded = field && field.closest("details"), more = id("more");
    if (!field) return;
    if (folded) folded.open = true;
    if (more && !field.offsetParent) more.open = true;
    field.focus();
    if (field.select) field.select();
  };
  const keys = {
    j: () => go(1), k: () => go(-1), a: () => press("acknowledge"), r: () => (id("fixed-by") ? focus("fixed-by") : press("resolve")), e: () => press("escalate"), c: () => focus("note-text"),
    m: () => focus("merge-into"),
    s: () => focus("snooze-for"), i: () => focus("assign-to"),
    o: () => { const row = current(); if (row) row.querySelector(".ttl").click(); },
    z: takeBack,
    "/": () => focus(id("search") && id("search").offsetParent ? "search" : "f-q"), f: () => focus("f-q"), "?": () => help.showModal(),
    u: () => { if (page === "incident" && id("waiting").hidden) id("up").click(); else showNews(); },
    y: copyLink, g: () => { going = true; setTimeout(() => { going = false; }, 1500); },
    ".": () => { const more = page === "incident" && id("more"); if (more) { more.open = true; more.firstElementChild.focus(); } },
  };
  let going = false;
  const places = { i: "incidents", t: "tickets", o: "oncall", r: "reports", d: "deliveries" };
  const leave = (key) => { // what follows a g never acts on anything
    going = false;
    const link = Object.hasOwn(places, key) && doc.querySelector('.side a[href="/' + places[key] + '"]');
    if (link) link.click();
  };
  async function copyLink() {
    const link = page === "incident" ? id("up") && location.pathname : current() && "/incidents/" + current().id.slice(4);
    if (!link || !navigator.clipboard) return;
    await navigator.clipboard.writeText(location.origin + link);
    htmx.trigger(body, "nabat:said", { text: words.copied, undo: undoable });
  }
  /* Where the keyboard writes Cyrillic the same keys work: by their place. */
  const SIGNS = { Backquote: "`~", BracketLeft: "[{", BracketRight: "]}", Semicolon: ";:", Quote: "'\"", Comma: ",<", Period: ".>" };
  const plain = ({ key, code, shiftKey }) => {
    if (key.length !== 1 || key <= "\x7f") return key;
    const sign = Object.hasOwn(SIGNS, code) ? SIGNS[code] : /^Key[A-Z]$/.test(code) ? code[3].toLowerCase() + code[3] : "";
    return sign ? sign[shiftKey ? 1 : 0] : key;
  };
  /* A person's own keys mean the usual ones; capitals go with their letters. */
  const own = JSON.parse(words.keys || "{}"), drawn = (usual) => Object.keys(own).find((key) => own[key] === usual) || usual;
  const typed = (event) => {
    const key = plain(event), low = key.toLowerCase();
    if (Object.hasOwn(own, key)) return own[key];
    return key !== low && key.length === 1 && Object.hasOwn(own, low) ? own[low].toUpperCase() : key;
  };
  window.nabat = { keys, typed, current, rows, go, wake, focus };
  addEventListener("htmx:historyCacheMiss", () => location.reload());  // the scripts begin afresh, too
  doc.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || help.open) return;
    if (/INPUT|TEXTAREA|SELECT/.test(event.target.tagName) && event.target.type !== "checkbox") { if (event.key === "Escape") event.target.blur(); return; }
    if (keysOn() && going && event.key !== "Shift") return event.preventDefault(), leave(plain(event));
    const key = typed(event);
    const action = keysOn() && Object.hasOwn(keys, key) && keys[key];
    if (action) { event.preventDefault(); action(); }
  });

  const aim = page === "incident" && /^#[a-z-]+$/.test(location.hash) && id(location.hash.slice(1));
  if (aim) focus(aim.id); // the menu of a list leads to one of the fields here

  for (const field of doc.querySelectorAll("[data-guess-zone]")) {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if ([...field.list.options].some((one) => one.value === zone)) field.value = zone;
  }

  const asked = doc.getElementById("zone-ask");
  const there = asked && Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (there && there !== asked.dataset.zone) {
    asked.elements.zone.value = asked.querySelector("b").textContent = there;
    asked.hidden = false;
  }

  /* ---- what is being written outlives a session that ends, for who wrote it and for nobody else in this tab ---- */
  const mine = "nabat-draft:" + words.me + ":";
  for (const key of Object.keys(sessionStorage)) if (key.startsWith("nabat-draft:") && !key.startsWith(mine)) sessionStorage.removeItem(key);
  for (const field of doc.querySelectorAll("[data-draft]")) {
    const key = mine + location.pathname;
    if (!field.value) field.value = sessionStorage.getItem(key) || "";
    field.addEventListener("input", () => sessionStorage.setItem(key, field.value));
    field.form.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) sessionStorage.removeItem(key); });
  }
  if (!doc.querySelector("[data-typed]")) sessionStorage.removeItem(mine + "form"); // typed.js
  for (const out of doc.querySelectorAll("form[action='/logout']")) out.addEventListener("submit", () => sessionStorage.clear());

  for (const tab of doc.querySelectorAll(".tabs [aria-current]")) {
    const row = tab.parentElement;
    if (row.scrollWidth > row.clientWidth) row.scrollLeft = tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
  }

  const dropped = () => doc.querySelectorAll(".account[open], .i-drop[open]");
  const fold = (one) => {
    const within = one.contains(doc.activeElement) || (one.id === "more" && id("rest").contains(doc.activeElement));
    one.open = false;
    if (within) one.firstElementChild.focus();
  };
  doc.addEventListener("click", ({ target }) => {
    for (const one of dropped()) if (!one.contains(target)) one.open = false;
    const more = id("more"); // as a sheet over the page it goes when the page is touched
    if (more && more.open && !target.closest(".actbar") && getComputedStyle(id("rest")).position === "fixed") more.open = false;
  });
  doc.addEventListener("keydown", ({ key, target }) => {
    const open = key === "Escape" && (target.closest(".account[open], .i-drop[open], #more[open]") || (target.closest("#rest") && id("more")));
    if (open) fold(open);
  });
  doc.addEventListener("htmx:afterRequest", ({ detail: { elt, successful } }) => { // it is done: the page is what counts again
    if (successful && elt.closest("#rest")) for (const one of [elt.closest(".i-drop"), id("more")]) if (one) fold(one);
  });

  /* ---- theme, and a choice that submits itself ---- */
  id("theme").addEventListener("click", () => {
    const dark = html.dataset.theme ? html.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    html.dataset.theme = dark ? "light" : "dark";
    doc.cookie = "theme=" + html.dataset.theme + ";path=/;max-age=31536000;samesite=lax" + (location.protocol === "https:" ? ";secure" : "");
  });
  for (const choice of doc.querySelectorAll("[data-submit]")) choice.addEventListener("change", () => {
    for (const name of (choice.dataset.clears || "").split(" ").filter(Boolean)) choice.form.elements[name].value = "";
    choice.form.submit();
  });
})();
