import { t } from "../../language.js";
import { html, useEffect, useState } from "../../ui.js";

/** Take or choose a picture, and see it before it is sent. The form gets the file under `name`. */
export function PhotoField({ label, name, error, capture = "environment", required }) {
  const [shown, setShown] = useState(null);
  useEffect(() => () => shown && URL.revokeObjectURL(shown), [shown]);
  const id = `photo-${name}`;
  return html`<div class="field"><label for=${id}>${label}</label>
    <input id=${id} type="file" name=${name} accept="image/*" capture=${capture} required=${required} aria-invalid=${error ? "true" : null}
      aria-describedby=${error ? `${id}-says` : null} onChange=${(event) => setShown(event.target.files[0] ? URL.createObjectURL(event.target.files[0]) : null)} />
    ${shown && html`<img class="photo" src=${shown} alt=${t("The picture that will be sent")} />`}
    ${error && html`<p id="${id}-says" class="error">${error.join(" ")}</p>`}</div>`;
}
