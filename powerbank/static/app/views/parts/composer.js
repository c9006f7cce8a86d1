// Where a message to support is written, with a picture if one helps, and what has not reached us yet.

import { t, time } from "../../language.js";
import { Button, explain, html, toast, useRead, useRef, useState } from "../../ui.js";
import { remove, sendAgain, write } from "../../unsent.js";
import { makeSmaller } from "./pictures.js";

/** Messages go on the device first, and from there to us: nothing that was typed is lost. */
export function Composer({ to, label, typed, sticky }) {
  const [photo, setPhoto] = useState(null);
  const field = useRef(null);
  const choose = async (event) => {
    const [file] = event.target.files;
    event.target.value = "";
    if (file) setPhoto(await readAsAddress(await makeSmaller(file)));
  };
  const send = async (event) => {
    event.preventDefault();
    const text = field.current.value.trim();
    if (!text && !photo) return field.current.focus();
    field.current.value = "";
    setPhoto(null);
    field.current.focus();
    try {
      return await write({ ...to, text, photo });
    } catch (error) { // the device keeps nothing more
      if (field.current) field.current.value = text;
      setPhoto(photo);
      return toast(explain(error));
    }
  };
  return html`<form class="composer ${sticky ? "sticky" : ""}" onSubmit=${send}>
    <label for="message" class=${sticky ? "unseen" : ""}>${label}</label>
    <textarea id="message" ref=${field} rows=${sticky ? 1 : 4} maxlength="4000" placeholder=${sticky ? label : null} onInput=${(event) => typed(event.target.value)}></textarea>
    ${photo && html`<img class="photo" src=${photo} alt=${t("The picture that will be sent")} /><button type="button" class="quiet" onClick=${() => setPhoto(null)}>${t("Without the picture")}</button>`}
    <div class="tools"><label class="button quiet">${t("Picture")}<input class="unseen" type="file" accept="image/*" onChange=${choose} /></label>
      <button data-does="send">${t("Send")}</button></div>
  </form>`;
}

const readAsAddress = (file) => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve(reader.result);
  reader.onerror = () => reject(reader.error);
  reader.readAsDataURL(file);
});

/** Messages that wait for the network, or that were refused. */
export const Unsent = ({ of }) => of.map((each) => html`<li class="by-person unsent" key=${each.client_id}>
  ${each.text && html`<p>${each.text}</p>`}${each.photo && html`<img class="photo" src=${each.photo} alt=${t("A picture")} />`}
  <small>${each.refused || t("not sent yet")}</small>
  ${each.refused && html`<div class="actions"><${Button} quiet onPress=${() => sendAgain(each)}>${t("Send again")}<//><${Button} quiet onPress=${() => remove(each)}>${t("Remove")}<//></div>`}</li>`);

/** When an answer can be expected, said honestly. */
export function useHours() {
  const hours = useRead("/api/support/hours").data;
  if (!hours) return "";
  const moment = time(hours.answer_expected_at);
  return hours.open_now ? t("Somebody is there. We answer by {time} at the latest.", { time: moment }) : t("Nobody is there right now. We answer by {time}.", { time: moment });
}
