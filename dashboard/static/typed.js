/* A form that leads to another page: what stands in it is kept over the sign-in that may come between, and on no other page. */
(() => {
  "use strict";
  const doc = document, key = "nabat-draft:" + doc.body.dataset.me + ":form", spot = location.pathname + location.search;
  const form = doc.querySelector("form[data-typed]"), kept = JSON.parse(sessionStorage.getItem(key) || "null");
  const fields = [...form.elements].filter((one) => one.name && one.type !== "hidden");
  const what = (one) => (one.type === "checkbox" || one.type === "radio" ? "checked" : "value"), names = fields.map((one) => one.name).join();
  if (kept && kept.spot === spot && kept.names === names) {
    fields.forEach((one, n) => { one[what(one)] = kept.said[n]; });
    doc.addEventListener("htmx:load", () => fields[0].dispatchEvent(new Event("input", { bubbles: true })), { once: true });
  }
  form.addEventListener("input", () => sessionStorage.setItem(key, JSON.stringify({ spot, names, said: fields.map((one) => one[what(one)]) })));
})();
