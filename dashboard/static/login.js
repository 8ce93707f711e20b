/* The sign-in: a button that shows the password while somebody types on a small phone at night. */
(() => {
  "use strict";
  const field = document.getElementById("password"), button = document.getElementById("show-password");
  if (!field || !button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
    field.focus();
  });
  field.form.addEventListener("submit", () => { field.type = "password"; });
})();
