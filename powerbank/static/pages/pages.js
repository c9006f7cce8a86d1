// What pages do in the browser: dialogs, choosing rows, copying, and the keyboard. Everything else is the server's.

const typing = (element) => element.matches("input:not([type=checkbox]), textarea, select, [contenteditable]");

// A button with data-opens="id" opens that dialog; one with data-closes closes the dialog that it stands in.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens).showModal();
  if (event.target.closest("[data-closes]")) event.target.closest("dialog").close();

  const copier = event.target.closest("[data-copies]");
  if (copier) navigator.clipboard?.writeText(copier.parentElement.querySelector("code").textContent);
});

// On a phone the tabs are wider than the screen; the one that is open is moved into sight.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// The box in the head of a list chooses all rows of the page; buttons with data-needs-choice wait for a chosen row.
function countChoices() {
  for (const form of document.querySelectorAll("form[data-choices]")) {
    const boxes = [...form.elements].filter((each) => each.name === "id");
    const chosen = boxes.filter((each) => each.checked).length;
    for (const button of form.querySelectorAll("[data-needs-choice]")) button.disabled = chosen === 0;
    for (const place of form.querySelectorAll("[data-chosen]")) place.textContent = chosen || "";
    const all = form.querySelector("[data-chooses-all]");
    if (all) {
      all.checked = chosen > 0 && chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    }
  }
}
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-chooses-all]")) {
    for (const each of event.target.form.elements) if (each.name === "id") each.checked = event.target.checked;
  }
  if (event.target.matches("[data-filters-at-once]")) event.target.form.requestSubmit();
  countChoices();
});
document.addEventListener("htmx:afterSettle", countChoices);

// A part that is read again leaves its reader where they were in a list that scrolls: one with data-keeps-scroll and an id.
const scrolled = new Map();
document.addEventListener("htmx:beforeSwap", () => {
  for (const each of document.querySelectorAll("[data-keeps-scroll]")) scrolled.set(each.id, each.scrollTop);
});
document.addEventListener("htmx:afterSwap", () => {
  for (const each of document.querySelectorAll("[data-keeps-scroll]")) each.scrollTop = scrolled.get(each.id) ?? 0;
});
countChoices();

// The boxes above a timeline hide what comes from a source; the browser's tab remembers which.
const HIDDEN = "hidden-sources";
const hiddenSources = () => new Set(JSON.parse(sessionStorage.getItem(HIDDEN) ?? "[]"));
function showSources() {
  const hidden = hiddenSources();
  for (const box of document.querySelectorAll("[data-source-box]")) box.checked = !hidden.has(box.dataset.sourceBox);
  for (const moment of document.querySelectorAll("[data-source]")) moment.hidden = hidden.has(moment.dataset.source);
}
document.addEventListener("change", ({ target }) => {
  if (!target.matches("[data-source-box]")) return;
  const hidden = hiddenSources();
  if (target.checked) hidden.delete(target.dataset.sourceBox);
  else hidden.add(target.dataset.sourceBox);
  sessionStorage.setItem(HIDDEN, JSON.stringify([...hidden]));
  showSources();
});
document.addEventListener("htmx:afterSettle", showSources);
showSources();

// An element with data-key="a" is pressed with that key. The list of all keys is shown with "?".
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "?") return showShortcuts(event);
  if (event.key === "f" && document.querySelector("[data-filter-field]")) {
    const filter = document.querySelector("[data-filter-field]");
    event.preventDefault();
    filter.focus();
    filter.select?.();
    return;
  }
  const wanted = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (wanted && !wanted.disabled) { event.preventDefault(); wanted.click(); }
});

function showShortcuts(event) {
  const list = document.querySelector("[data-shortcuts]");
  if (!list) return;
  event.preventDefault();
  const keys = [...document.querySelectorAll("[data-key]")].map((each) => [
    each.dataset.key, each.getAttribute("aria-label") || each.textContent.trim(),
  ]);
  if (document.querySelector("[data-filter-field]")) keys.push(["f", list.dataset.filter]);
  if (document.getElementById("search")) keys.push(["/", list.dataset.search]);
  keys.push(["?", list.dataset.help]);
  list.replaceChildren(...keys.flatMap(([key, label]) => {
    const term = document.createElement("dt"), meaning = document.createElement("dd");
    term.append(Object.assign(document.createElement("kbd"), { textContent: key }));
    meaning.textContent = label;
    return [term, meaning];
  }));
  list.closest("dialog").showModal();
}
