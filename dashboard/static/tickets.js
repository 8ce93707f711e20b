/* Tickets: their keys, the focus on Assign, and who else has this one open. The pages work without. */
(() => {
  "use strict";
  const doc = document, id = (name) => doc.getElementById(name), { keys, current } = window.nabat, looking = id("looking");
  const find = (what) => { const row = current(); return row && row.querySelector(what); };
  function assign() {
    const menu = doc.querySelector(".desk-menu");
    if (!menu) return;
    menu.open = true;
    menu.querySelector(".desk-person").focus();
  }
  const reply = () => { const row = find(".ttl"); if (id("note-text")) id("note-text").focus(); else if (row) location.href = row.href.split("#")[0] + "#note-text"; };
  const click = (button) => { if (button) button.click(); };
  Object.assign(keys, {
    t: () => click(looking ? id("take") : find("[data-take]")),
    i: () => (looking ? assign() : click(find("[data-assign]"))),
    r: reply, a: () => click(id("acknowledge")),
  });
  if (!looking) return;

  doc.addEventListener("keydown", (event) => { // Esc closes the menu of people, and its button has the focus again
    const menu = event.key === "Escape" && doc.activeElement.closest(".desk-menu[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  });
  if (navigator.serviceWorker) navigator.serviceWorker.addEventListener("message", ({ data }) => { if (data && data.tapped && id("assign-to")) id("assign-to").focus(); });

  /* ---- who else looks: asked while the page is seen, every ten seconds; whoever only passes by has not looked ---- */
  const place = "/incidents/" + looking.dataset.number + "/looking", token = doc.querySelector("meta[name=csrf-token]").content;
  if (looking.dataset.over) return;
  function show(text) {
    const words = looking.querySelector("span");
    if (words.textContent !== text) words.textContent = text;
    looking.hidden = !text;
  }
  async function ask() {
    if (doc.hidden) return;
    try {
      const answer = await fetch(place, { method: "POST", headers: { "X-CSRF-Token": token }, credentials: "same-origin", redirect: "error" });
      show(answer.ok ? await answer.text() : "");
    } catch { show(""); } // no connection: nobody knows who looks
  }
  const leave = () => navigator.sendBeacon(place, new URLSearchParams({ csrf_token: token, gone: "1" }));
  setInterval(ask, 10000);
  doc.addEventListener("visibilitychange", () => (doc.hidden ? leave() : ask()));
  addEventListener("pagehide", leave);
  setTimeout(ask, 2000); // what the page itself brought says who was there a moment ago
})();
