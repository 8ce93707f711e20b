/* Reports: the browser's own print dialogue. Without a script its menu does the same. */
(() => {
  "use strict";
  for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());
})();
