/* What an act says while it waits: how long from two seconds on, and after ten that it is not confirmed, with a way to try again. */
(() => {
  "use strict";
  const doc = document, words = doc.body.dataset, waiting = new Map();
  const STOPS = ["acknowledge", "resolve", "snooze"]; // what ends the ladder; without an answer it is not ended
  const LONG = 30000; // a late answer is still an answer: it takes the place of the doubt

  const control = (elt) => (elt.matches("button, a") ? elt : doc.activeElement.form === elt && doc.activeElement.matches("button") ? doc.activeElement : elt.querySelector("[data-do], button"));
  const isAct = ({ elt, verb }) => verb !== "get" && elt.id !== "live" && elt.id !== "flash";
  doc.addEventListener("htmx:configRequest", ({ detail }) => { if (isAct(detail)) detail.timeout = LONG; });
  doc.addEventListener("htmx:beforeSend", ({ detail: { elt, requestConfig } }) => {
    if (!isAct(requestConfig)) return;
    forget(elt);
    const event = requestConfig.triggeringEvent, button = (event && event.submitter) || control(elt), place = elt.closest("td") || elt;
    const note = doc.createElement("span"), one = { elt, button, note, begun: performance.now(), had: doc.activeElement === button || doc.activeElement === doc.body };
    note.className = "pending";
    const what = (button && (button.dataset.do || button.dataset.bulk)) || requestConfig.path.split("/").pop();
    const open = elt.closest("tr, #incident, #bulk");
    one.ladder = STOPS.includes(what) && Boolean(open && (open.id === "bulk" || open.querySelector("[data-do=acknowledge]")));
    one.timer = setInterval(() => look(one), 500);
    place.append(note);
    waiting.set(elt, one);
  });
  function look(one) {
    const seconds = Math.floor((performance.now() - one.begun) / 1000);
    if (!one.note.isConnected && !one.elt.isConnected) return void forget(one.elt);
    if (seconds >= 10) return void doubt(one);
    if (seconds < 2) return;
    const text = seconds + " " + words.s;
    one.note.setAttribute("aria-hidden", "true"); // the button says already that it waits
    if (one.note.textContent !== text) one.note.textContent = text;
  }
  function doubt(one) {
    clearInterval(one.timer);
    const text = doc.createElement("span"), again = doc.createElement("button"), lost = doc.activeElement === doc.body;
    text.textContent = words.unconfirmed + (one.ladder ? " " + words.goesOn : "");
    again.type = "button"; again.className = "btn sm"; again.textContent = words.again;
    again.addEventListener("click", (event) => {
      event.stopPropagation();
      forget(one.elt);
      htmx.trigger(one.elt, "htmx:abort");
      if (one.button && one.button.isConnected) { one.button.disabled = false; one.button.focus(); one.button.click(); }
    });
    one.note.removeAttribute("aria-hidden");
    one.note.classList.add("unsure");
    one.note.setAttribute("role", "alert");
    one.note.replaceChildren(text, again);
    one.doubted = true;
    if (lost && one.had) again.focus({ preventScroll: true }); // a button that waits is off and cannot hold it
  }
  function forget(elt) {
    const one = waiting.get(elt);
    if (!one) return;
    clearInterval(one.timer);
    one.note.remove();
    waiting.delete(elt);
  }
  doc.addEventListener("htmx:afterRequest", ({ detail: { elt, successful } }) => {
    const one = waiting.get(elt);
    if (one && (successful || !one.doubted)) forget(elt); // what is no answer of ours, such as the 502 of a proxy, leaves the doubt where it is
  });
  doc.addEventListener("htmx:timeout", ({ detail: { elt } }) => { const one = waiting.get(elt); if (one && !one.doubted) doubt(one); });
  doc.addEventListener("htmx:afterSettle", () => { for (const one of [...waiting.values()]) if (!one.elt.isConnected) forget(one.elt); });
  window.nabatDoubts = (elt) => Boolean(waiting.get(elt) && waiting.get(elt).doubted);
})();
