/* The incident list beyond plain links and forms: selection, menus, the filter box while somebody types. */
(() => {
  "use strict";
  const doc = document, id = (name) => doc.getElementById(name), { keys, current, rows, go, wake, focus } = window.nabat;
  const bar = id("bulk"), boxes = () => [...doc.querySelectorAll("#list .cb")];
  const chosen = () => boxes().filter((box) => box.checked);
  const search = () => location.search.slice(1);

  /* ---- selection ---- */
  let last = null, kept = new Set();
  function unfold(wanted) { bar.classList.toggle("all", wanted); id("bulk-more").setAttribute("aria-expanded", wanted); }
  function show() {
    if (!bar) return;
    const count = chosen().length, every = id("every");
    bar.classList.toggle("on", count > 0);
    id("chosen").textContent = count ? id("chosen").dataset.words.replace("{n}", count) : "";
    if (!count) { id("bulk-all").checked = false; unfold(false); }
    every.checked = count > 0 && count === boxes().length;
    every.indeterminate = count > 0 && count < boxes().length;
    for (const box of boxes()) box.closest("tr").classList.toggle("chosen", box.checked);
  }
  /* What is drawn anew settles a moment later: what is chosen in between is chosen. */
  const note = (box) => (box.checked ? kept.add(box.value) : kept.delete(box.value));
  function choose(wanted, box) { if (box) { box.checked = wanted; note(box); } }
  function clear() { for (const box of boxes()) choose(false, box); show(); wake(); }
  doc.addEventListener("click", (event) => {
    const box = event.target.closest(".cb");
    if (!box) return;
    const all = boxes(), from = all.indexOf(last), to = all.indexOf(box);
    if (event.shiftKey && from >= 0) for (const one of all.slice(Math.min(from, to), Math.max(from, to) + 1)) choose(box.checked, one);
    last = box;
  });
  doc.addEventListener("change", (event) => {
    if (event.target.id === "every") for (const box of boxes()) choose(event.target.checked, box);
    if (event.target.id !== "every" && !event.target.classList.contains("cb")) return;
    if (event.target.id !== "every") note(event.target);
    show();
    if (!chosen().length) wake();
  });
  if (bar) {
    id("unselect").addEventListener("click", clear);
    id("bulk-more").addEventListener("click", () => unfold(!bar.classList.contains("all")));
  }
  const choice = (name) => { unfold(true); focus(name); };
  const extend = (step) => () => {
    const box = (row) => row && row.querySelector(".cb");
    choose(true, box(current()));
    go(step);
    choose(true, box(current()));
    show();
  };
  let star = false;
  Object.assign(keys, {
    n: () => { if (star) return (star = false), clear(); const link = id("new-incident"); if (link) link.click(); },
    x: () => { const row = current(), box = row && row.querySelector(".cb"); if (box) { box.click(); row.querySelector(".ttl").focus({ preventScroll: true }); } },
    J: extend(1), K: extend(-1),
    "*": () => { star = true; setTimeout(() => { star = false; }, 1500); },
    s: () => (chosen().length ? choice("bulk-for") : menu(0)), ".": () => menu(0), i: () => (chosen().length ? choice("bulk-to") : menu(4)),
  });
  /* What has no button in the row has one in its menu. */
  const byMenu = (what, usual) => () => {
    const row = current(), details = row && row.querySelector("details");
    if (chosen().length || !details || row.querySelector("[data-do=" + what + "]")) return usual();
    details.open = true;
    fill(details);
    const button = details.querySelector("[data-do=" + what + "]");
    if (button) button.click(); else details.open = false;
  };
  keys.e = byMenu("escalate", keys.e);
  keys.m = () => {
    if (chosen().length) return doc.querySelector("[data-bulk=merge]").click();
    if (current() && bar) location.href = "/incidents/" + current().id.slice(4) + "#merge-into";
  };
  const acknowledge = byMenu("acknowledge", keys.a);
  keys.a = () => {
    if (!star) return acknowledge();
    star = false;
    for (const box of boxes()) choose(true, box);
    show();
  };
  function menu(place) {
    const row = current(), details = row && row.querySelector("details");
    if (!details) return;
    details.open = true;
    fill(details);
    details.querySelector(place ? "[formaction$=assign]" : "[name=for]").focus();
  }
  /* A row's menu is made when it opens: fifty of them would be a third of the page. While it is open no update touches it. */
  function fill(details) {
    const row = details.closest("#list tr[id]");
    if (!row || "keep" in details.dataset) return;
    const made = id("row-menu").content.cloneNode(true), number = row.id.slice(4), pop = doc.createElement("div");
    for (const button of made.querySelectorAll("[formaction]")) button.setAttribute("formaction", button.getAttribute("formaction").replace("@", number));
    for (const link of made.querySelectorAll("a")) link.href = link.getAttribute("href").replace("@", number);
    if (row.dataset.outside) made.querySelector(".of-outside").href = row.dataset.outside;
    else made.querySelector(".of-outside").remove();
    if (!row.querySelector("[data-do=wake]")) made.querySelector(".of-asleep").remove();
    if (row.dataset.step) made.querySelector("[name=level]").value = row.dataset.step;
    else made.querySelector(".of-step").remove();
    if (!row.querySelector(".k-x .pri")) made.querySelector(".no-m").remove(); // it has a button of its own there
    pop.className = "pop";
    pop.append(made);
    details.dataset.keep = "";
    details.append(pop);
  }
  doc.addEventListener("click", (event) => { const summary = event.target.closest("#list .end-menu > summary"); if (summary && !summary.parentElement.open) fill(summary.parentElement); });
  doc.addEventListener("toggle", ({ target }) => { if (target.matches("#list .end-menu[data-keep]") && !target.open) { target.lastElementChild.remove(); delete target.dataset.keep; } }, true);
  doc.addEventListener("click", ({ target }) => {
    const button = target.closest("#list [data-link]"), row = button && button.closest("tr");
    if (!row) return;
    row.querySelector("details").open = false;
    row.querySelector(".ttl").focus({ preventScroll: true });
    keys.y();
  });
  /* Where one act's button stood stands the next one's: the second half of a double click is meant for neither. Keys say what they mean. */
  const answered = new Map();
  doc.addEventListener("htmx:afterSettle", ({ detail: { elt, requestConfig } }) => { if (elt.id.startsWith("row-") && requestConfig.verb !== "get") answered.set(elt.id, performance.now()); });
  const tooSoon = ({ detail }, row) => detail > 0 && performance.now() - answered.get(row.id) < 1000;
  /* The buttons of all rows and their menus ask here, not each for itself: a page would make hundreds ready that nobody presses. */
  doc.addEventListener("click", (event) => {
    const button = event.target.closest("#list [formaction]");
    if (!button) return;
    event.preventDefault();
    if (button.classList.contains("htmx-request") || tooSoon(event, button.closest("tr"))) return;
    const words = id("row-menu").dataset[button.dataset.do];
    if (words && !button.querySelector(".busy")) {
      const busy = doc.createElement("span");
      busy.className = "busy"; busy.textContent = words;
      button.append(busy);
    }
    htmx.ajax("POST", button.getAttribute("formaction"), { source: button, event, target: button.closest("tr"), swap: "outerHTML" })
      .catch(() => { /* whoever listens to htmx's events says it */ });
  });
  doc.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = doc.querySelector("details.menu[open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); }
    else if (chosen().length && !/INPUT|TEXTAREA|SELECT/.test(event.target.tagName)) clear();
    else if (/INPUT/.test(event.target.tagName) && event.target.classList.contains("cb") && chosen().length) clear();
  });
  doc.addEventListener("click", (event) => {
    for (const open of doc.querySelectorAll("details.menu[open]")) if (!open.contains(event.target)) open.open = false;
  });

  /* A menu of values asks for them when it opens for the first time: by the link that leads to them without scripts. */
  doc.addEventListener("toggle", ({ target }) => {
    const link = target.matches(".facet") && target.open && target.querySelector(".pop > [data-values]");
    if (link) htmx.ajax("GET", link.getAttribute("href"), { source: link, target: link.parentElement, swap: "innerHTML" }).catch(() => { /* said as any other */ });
  }, true);

  /* ---- the list grows when its end comes into sight, to two hundred rows at most: what stands below it stays within reach. While rows are chosen nothing moves ---- */
  const ends = new IntersectionObserver((seen) => { for (const one of seen) if (one.isIntersecting && !chosen().length) grow(one.target); });
  let longer = "";
  function grow(link) {
    ends.disconnect();
    longer = location.search;
    htmx.ajax("GET", link.getAttribute("href"), { source: link, target: "#list", swap: "morph:outerHTML" }).catch(() => { /* said as any other */ });
  }
  doc.addEventListener("htmx:beforeSwap", ({ detail }) => { // of a list that was asked for before another took its place
    if (detail.requestConfig.elt.id === "more" && longer !== location.search) detail.shouldSwap = false;
  });
  function watchEnd() {
    const link = doc.querySelector("#more[data-grows]");
    ends.disconnect();
    if (link) ends.observe(link);
  }
  doc.addEventListener("click", (event) => {
    const link = event.target.closest("#more[data-grows]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) { event.preventDefault(); grow(link); }
  });

  /* ---- what a request has to know ---- */
  doc.addEventListener("htmx:configRequest", (event) => {
    const { elt, parameters, triggeringEvent } = event.detail;
    if (elt.id === "filter" && triggeringEvent && triggeringEvent.type === "input") parameters.set("typing", "1");
    if (elt.id === "bulk") parameters.set("query", id("list").dataset.query);
    if (parameters.has("shown")) parameters.set("shown", search());
  });

  /* ---- the selection outlives what is drawn anew; what has left the list is said ---- */
  let done = false;
  doc.addEventListener("htmx:beforeSwap", () => { kept = new Set(chosen().map((box) => box.value)); });
  doc.addEventListener("htmx:afterRequest", (event) => { if (event.detail.elt.action && event.detail.elt.action.endsWith("/incidents/bulk") && event.detail.successful) done = true; });
  doc.addEventListener("htmx:afterSettle", (event) => {
    if (!id("list")) return;
    if (done) kept = new Set();
    const there = new Set(boxes().map((box) => box.value)), gone = [...kept].filter((number) => !there.has(number));
    for (const box of boxes()) box.checked = kept.has(box.value);
    if (gone.length && (event.detail.target || {}).id === "list") {
      const text = bar.dataset.gone.replace("{which}", gone.map((number) => "#" + number).join(", "));
      doc.dispatchEvent(new CustomEvent("nabat:said", { detail: { text } }));
    }
    kept = new Set([...kept].filter((number) => there.has(number))); // parts beside the list settle after it
    done = false;
    watchEnd();
    if (id("csv")) id("csv").elements.query.value = location.search.slice(1);
    show();
  });
  show();
  watchEnd();

  /* ---- back from an incident: the cursor stands where it stood ---- */
  const opened = "nabat-opened";
  doc.addEventListener("click", (event) => { const link = event.target.closest("#list .ttl"); if (link) sessionStorage.setItem(opened, link.closest("tr").id); });
  const row = (performance.getEntriesByType("navigation")[0] || {}).type === "back_forward" && id(sessionStorage.getItem(opened));
  if (row) row.querySelector(".ttl").focus({ preventScroll: true });
})();
