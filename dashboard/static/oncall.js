/* On call: t is this week, the arrows are the weeks beside it. The links do the same. */
addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || document.documentElement.classList.contains("nokeys")) return;
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || document.querySelector("dialog[open]")) return;
  const key = window.nabat.typed(event), link = ["t", "ArrowLeft", "ArrowRight"].includes(key) && document.querySelector(`#cal [data-key="${key}"]`);
  if (!link) return;
  event.preventDefault();
  link.click();
});
