// Who somebody is here: names, picture, how they sign in, their language.

import { plain, t } from "../../language.js";
import { Button, Field, Form, Icon, api, html, readMe, store, toast, update, useEffect, useState, useStore } from "../../ui.js";
import { makeSmaller } from "../parts/pictures.js";
import { Profile } from "../renting/requirements.js";

export default function View() {
  const { me } = useStore();
  useEffect(() => { readMe(); }, []);
  const saved = () => toast(t("Saved."));
  return html`<a class="back" href="/app/me"><${Icon} name="back" />${t("Me")}</a><h1 tabindex="-1">${t("Profile")}</h1>
    ${me && html`
      <${Picture} me=${me} />
      <section class="panel"><${Profile} all done=${saved} /></section>
      <section class="panel"><h2>${t("Public name")}</h2><p class="soft">${t("It stands on the leaderboard.")}</p>
        <${Form} send=${async ({ username }) => { update({ me: await api.patch("/api/users/me", { username: username.trim() }) }); saved(); }} button=${t("Save")}>
          ${(errors) => html`<${Field} label=${t("Public name")} name="username" value=${me.username} autocapitalize="none" error=${errors.username} />`}<//></section>
      <section class="panel"><h2>${t("How you sign in")}</h2>
        <${Contact} kind="phone" now=${me.phone} label=${t("Mobile number")} type="tel" />
        <${Contact} kind="email" now=${me.email} label=${t("E-mail address")} type="email" /></section>
      <section class="panel"><${Collect} me=${me} /></section>`}`;
}

function Picture({ me }) {
  const send = async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    const form = new FormData();
    form.append("picture", await makeSmaller(file));
    try {
      update({ me: await api.upload("PUT", "/api/users/me/avatar", form) });
    } catch (error) {
      toast(error.message);
    }
  };
  const remove = async () => {
    await api.remove("/api/users/me/avatar");
    update({ me: { ...store.me, avatar_url: null } });
  };
  return html`<div class="actions">${me.avatar_url && html`<img class="avatar" src=${me.avatar_url} alt=${t("Your picture")} width="72" height="72" />`}
    <label class="button quiet"><input class="unseen" type="file" accept="image/*" onChange=${send} />${me.avatar_url ? t("Another picture") : t("Add a picture")}</label>
    ${me.avatar_url && html`<${Button} quiet onPress=${remove}>${t("Remove")}<//>`}</div>`;
}

/** A number or an address, which is changed by a code that is sent to the new one. */
function Contact({ kind, now, label, type }) {
  const [open, setOpen] = useState(false);
  const [challenge, setChallenge] = useState(null);
  const ask = async ({ identifier }) => setChallenge(await api.askCode({ identifier: plain(identifier).trim(), purpose: "link" }));
  const link = async ({ code }) => {
    update({ me: await api.post("/api/users/me/identifiers", { challenge_id: challenge.challenge_id, code: plain(code).replace(/\D/g, "") }) });
    setChallenge(null);
    setOpen(false);
    toast(t("Saved."));
  };
  if (!open) return html`<p>${label}: <b>${now || t("none")}</b> <button class="link" onClick=${() => setOpen(true)}>${now ? t("Change") : t("Add")}</button></p>`;
  if (!challenge) return html`<${Form} send=${ask} button=${t("Send me a code")}>${(errors) => html`<${Field} key=${kind} label=${label} name="identifier" type=${type} error=${errors.identifier} />`}<//>`;
  return html`<${Form} send=${link} button=${t("Save")}>${(errors) => html`<${Field} key="code" label=${t("Code")} name="code" inputmode="numeric" autocomplete="one-time-code" error=${errors.code} />`}<//>`;
}

function Collect({ me }) {
  const change = async (event) => update({ me: await api.patch("/api/users/me", { auto_collect_dues: event.target.checked }) });
  return html`<label class="choice"><input type="checkbox" checked=${me.auto_collect_dues} onChange=${change} /><span>${t("Pay what I owe by itself")}<small>${t("From the next top-up, so that you can rent again at once.")}</small></span></label>`;
}
