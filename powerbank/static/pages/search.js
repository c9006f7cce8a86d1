// The search in its dialog: "/" and Ctrl-K open it, the arrows go through what was found, Enter opens it.

const dialog = document.getElementById("search");
const field = dialog?.querySelector("input[type=search]");
const typing = (element) => element.matches("input:not([type=checkbox]), textarea, select, [contenteditable]");

function open() {
  if (dialog.open) return field.select();
  dialog.showModal();
  field.select();
  field.dispatchEvent(new Event("opened", { bubbles: true }));
}

document.addEventListener("click", (event) => {
  if (!dialog || !event.target.closest("[data-opens-search]")) return;
  event.preventDefault();
  open();
});

document.addEventListener("keydown", (event) => {
  if (!dialog || event.isComposing) return;
  const wanted = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
  const slash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey
    && !typing(event.target) && !document.querySelector("dialog[open]");
  if (wanted || slash) {
    event.preventDefault();
    const other = document.querySelector("dialog[open]");
    if (!other || other === dialog) open();
    return;
  }
  if (!dialog.open || !["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) return;
  const links = [...dialog.querySelectorAll("#found a")];
  if (event.key === "Enter") {
    // What is shown may be what was asked for some letters ago; then the form opens the page of the search.
    const current = dialog.querySelector("[data-q]")?.dataset.q === field.value.trim();
    if (event.target === field && current && links.length) { event.preventDefault(); links[0].click(); }
    return;
  }
  event.preventDefault();
  const at = links.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
  (links[at] ?? field).focus();
});
