// A part of a page that is read again becomes the new one in place: the focus stays where it is, and so does what somebody
// has opened, chosen or written. Nothing of it may wander into another row, so it stays only in what is known again: by an
// id, a form by where it leads, a call of the API by its text.
/* global htmx, Idiomorph */

const first = (select) => Math.max(0, [...select.options].findIndex((option) => option.defaultSelected));
const byHand = {
  open: (element) => element.matches("details, dialog"),
  checked: (element) => element.checked !== element.defaultChecked,
  selected: (element) => element.closest("select").selectedIndex !== first(element.closest("select")),
  value: (element) => element.defaultValue !== undefined && element.value !== element.defaultValue,
  "data-sent": () => true, // the answer is on its way
};
const isKept = (name, element) => byHand[name]?.(element) && !element.closest("[id]").matches("[hx-get]");

function giveNames(part) {
  const named = new Map();
  for (const element of part.querySelectorAll("form[action]:not([id]), details.api:not([id])")) {
    const name = element.getAttribute("action") ?? element.textContent.trim();
    named.set(name, [...(named.get(name) ?? []), element]);
  }
  for (const [name, elements] of named) if (elements.length === 1) elements[0].setAttribute("id", name);
}

htmx.defineExtension("in-place", {
  handleSwap(style, target, fragment) {
    if (style !== "in-place") return false;
    giveNames(target);
    giveNames(fragment);
    return Idiomorph.morph(target, fragment.children, {
      morphStyle: "outerHTML",
      callbacks: { beforeAttributeUpdated: (name, element) => !isKept(name, element) },
    });
  },
});
