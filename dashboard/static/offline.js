/* The page that is shown without a network: says whether an acknowledgement still waits here to be sent. */
(() => {
  "use strict";
  const worker = navigator.serviceWorker, strip = document.getElementById("unsent");
  const place = location.pathname.replace(/\/acknowledge$/, ""); // this page may stand where a form was sent to
  document.getElementById("again").href = place;
  if (!worker) return;
  worker.addEventListener("message", (event) => {
    if ("queued" in (event.data || {})) strip.hidden = false;
    if ("sent" in (event.data || {})) location.replace(place);
  });
  const ask = (what) => worker.ready.then((one) => one.active.postMessage(what));
  ask({ waiting: 1 });
  addEventListener("online", () => ask({ flush: 1 }));
})();
