// Ending the account: what is forgotten, what stays, and a word to be sure.

import { t } from "../../language.js";
import { Field, Form, Icon, Problem, api, go, html, store, toast, useState } from "../../ui.js";

export default function View() {
  const [typed, setTyped] = useState("");
  const word = t("end");
  const send = async () => {
    if (typed.trim().toLowerCase() !== word) throw new Problem(422, { detail: t("Type the word “{word}” first.", { word }) });
    await api.remove("/api/users/me");
    await api.signOut().catch(() => {});
    toast(t("Your account has ended. Farewell."));
    go("/app/", { replace: true });
  };
  return html`<a class="back" href="/app/me"><${Icon} name="back" />${t("Me")}</a><h1 tabindex="-1">${t("End the account")}</h1>
    <p>${t("Your name, number, address, pictures and notices are forgotten. What you paid stays in our books without your name, as the law wants it.")}</p>
    <p>${t("What is in your wallet and your points are lost. Ask for a top-up back before, in the wallet.")}</p>
    <${Form} send=${send} button=${t("End the account of {name}", { name: store.me?.username || "" })}>
      <${Field} label=${t("Type “{word}” to be sure", { word })} name="word" autocomplete="off" autocapitalize="none" onInput=${(event) => setTyped(event.target.value)} /><//>`;
}
