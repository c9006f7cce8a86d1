// The language of the examples: chosen once, kept in this browser. Without this script all of them are shown.
// It runs in the head of the page, so that nothing jumps: the root element says the language, and a style hides the rest.

const KEPT_AS = "docs-language";
const root = document.documentElement;

function choose(language) {
  root.dataset.shows = language;
  for (const each of document.querySelectorAll("[data-chooses]")) {
    each.setAttribute("aria-pressed", String(each.dataset.chooses === language));
  }
}

function keptLanguage() {
  try { return localStorage.getItem(KEPT_AS) || "curl"; } catch { return "curl"; }
}

function keep(language) {
  try { localStorage.setItem(KEPT_AS, language); } catch { /* a browser that keeps nothing still shows it */ }
}

choose(keptLanguage());

document.addEventListener("DOMContentLoaded", () => {
  for (const each of document.querySelectorAll(".languages, .examples [data-copies]")) each.hidden = false;
  for (const each of document.querySelectorAll("[data-opens-on-wide]")) each.open = matchMedia("(min-width: 900px)").matches;
  choose(keptLanguage());
});

document.addEventListener("click", async (event) => {
  const chooser = event.target.closest("[data-chooses]");
  if (chooser) {
    keep(chooser.dataset.chooses);
    // What is being read stays where it is, although the examples above it are of other lengths now.
    const before = chooser.getBoundingClientRect().top;
    const read = [...document.querySelectorAll("article > *")].find((each) => each.getBoundingClientRect().bottom > before + 60);
    const top = read?.getBoundingClientRect().top;
    choose(chooser.dataset.chooses);
    if (read) scrollBy({ top: read.getBoundingClientRect().top - top, behavior: "instant" });
  }
  const copier = event.target.closest("[data-copies]");
  if (copier) {
    await navigator.clipboard?.writeText(copier.closest("figure").querySelector("code").textContent);
    copier.textContent = "Copied";
    setTimeout(() => { copier.textContent = "Copy"; }, 1500);
  }
});

addEventListener("storage", (event) => { if (event.key === KEPT_AS) choose(keptLanguage()); });
