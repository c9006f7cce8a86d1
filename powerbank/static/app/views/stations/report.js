// Telling the network that something is wrong with a station.

import { t } from "../../language.js";
import { Field, Form, Icon, api, go, html, toast } from "../../ui.js";
import { PhotoField } from "../parts/photo-field.js";
import { makeSmaller } from "../parts/pictures.js";

const ISSUES = () => [
  ["offline", t("It does not react")], ["slot_stuck", t("A slot is stuck")], ["damaged", t("It is damaged")],
  ["dirty", t("It is dirty")], ["location_wrong", t("It is not where the map says")], ["other", t("Something else")],
];

export default function View({ params }) {
  const back = `/app/s/${encodeURIComponent(params.sn)}`;
  const send = async ({ issue_type, description, photo }) => {
    const form = new FormData();
    form.append("issue_type", issue_type);
    if (description.trim()) form.append("description", description.trim());
    if (photo.size) form.append("photo", await makeSmaller(photo));
    await api.upload("POST", `/api/stations/${encodeURIComponent(params.sn)}/report-issue`, form);
    toast(t("Thank you. We look into it and tell you."));
    go(back, { replace: true });
  };
  return html`<a class="back" href=${back}><${Icon} name="back" />${params.sn}</a>
    <h1 tabindex="-1">${t("Something is wrong here")}</h1>
    <${Form} send=${send} button=${t("Tell us")} busyText=${t("Sending…")}>${(errors) => html`
      <fieldset><legend class="unseen">${t("What is it?")}</legend>${ISSUES().map(([value, words], index) => html`<label class="choice" key=${value}>
        <input type="radio" name="issue_type" value=${value} defaultChecked=${index === 0} /><span>${words}</span></label>`)}</fieldset>
      <${Field} label=${t("What happened? (if you like)")} name="description" error=${errors.description} />
      <${PhotoField} label=${t("A picture (if you like)")} name="photo" error=${errors.photo} />`}<//>`;
}
