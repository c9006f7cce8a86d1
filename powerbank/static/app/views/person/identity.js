// Who somebody is: the citizenship certificate, both sides, and how the check stands.

import { date, plain, t } from "../../language.js";
import { Button, Field, Form, Read, api, html, useRead } from "../../ui.js";
import { PhotoField } from "../parts/photo-field.js";
import { makeSmaller } from "../parts/pictures.js";

export function Identity({ done = () => {} }) {
  const check = useRead("/api/auth/kyc", { topics: ["me"] });
  const reload = async () => { await check.reload(); await done(); };
  return html`<h2>${t("Your identity")}</h2><${Read} of=${check}>${(known) => {
    if (known.status === "approved") return html`<p class="note good">${t("Your identity is checked. Thank you.")}</p>`;
    if (known.status === "pending") {
      return html`<div class="note warn" role="status"><p>${t("We are looking at your pictures, sent on {day}. We tell you when it is done.", { day: date(known.submitted_at) })}</p>
        <${Button} quiet onPress=${reload}>${t("Look again")}<//></div>`;
    }
    return html`${known.status === "rejected" && html`<p class="note bad" role="alert">${t("It could not be accepted: {reason}", { reason: known.rejection_reason })}</p>`}
      <${Send} done=${reload} />`;
  }}<//>`;
}

function Send({ done }) {
  const send = async ({ citizenship_number, front, back }) => {
    const form = new FormData();
    form.append("citizenship_number", plain(citizenship_number).trim());
    if (front.size) form.append("front", await makeSmaller(front));
    if (back.size) form.append("back", await makeSmaller(back));
    await api.upload("POST", "/api/auth/kyc", form);
    await done();
  };
  return html`<p class="soft">${t("Take a picture of both sides of your citizenship certificate. Only who checks it sees it.")}</p>
    <${Form} send=${send} button=${t("Send")} busyText=${t("Sending the pictures…")}>${(errors) => html`
      <${Field} label=${t("Number of the certificate")} name="citizenship_number" autocomplete="off" error=${errors.citizenship_number} />
      <${PhotoField} label=${t("Front")} name="front" error=${errors.front} />
      <${PhotoField} label=${t("Back")} name="back" error=${errors.back} />`}<//>`;
}
