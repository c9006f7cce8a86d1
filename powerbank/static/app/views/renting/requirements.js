// What somebody has to put right before a rental, asked for in place, one after the other.

import { money, t } from "../../language.js";
import { Field, Form, api, html, readMe, store, update, useEffect, useRead, useStore } from "../../ui.js";
import { Identity } from "../person/identity.js";
import { Dues } from "../money/dues.js";

const ASK = {
  profile_incomplete: ({ done }) => html`<${Profile} done=${done} />`,
  kyc_required: ({ done }) => html`<${Identity} done=${done} />`,
  outstanding_due: ({ first, done }) => html`<h2>${t("Pay what is due first: {amount}", { amount: money(first.due_amount) })}</h2><${Dues} done=${done} />`,
  open_rental_exists: () => html`<${OpenRental} />`,
};

export function Missing({ first, left, done }) {
  const Ask = ASK[first.code] || (() => html`<div class="note bad" role="alert"><p>${first.detail}</p><p><a href="/app/pages/contact">${t("Write to us")}</a></p></div>`);
  return html`<section class="panel">${left > 1 && html`<p class="soft"><small>${t("{count} things are still to be done.", { count: left })}</small></p>`}<${Ask} first=${first} done=${done} /></section>`;
}

function OpenRental() {
  const open = useRead("/api/rentals/active");
  const [rental] = open.data?.items || [];
  return html`<h2>${t("You have a power bank already")}</h2><p>${t("Bring it back, then take the next one.")}</p>
    ${rental && html`<p><a class="button" href="/app/rentals/${rental.id}">${t("See the rental")}</a></p>`}`;
}

/** The fields that a rental needs. Only those that are empty are asked for. */
export function Profile({ done, all = false }) {
  const { me } = useStore();
  useEffect(() => { if (!me) readMe(); }, []);
  if (!me) return null;
  const wanted = FIELDS().filter(({ name }) => all || !me[name]);
  const send = async (values) => {
    const changed = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.trim() || null]));
    update({ me: { ...store.me, ...(await api.patch("/api/users/me", changed)) } });
    await done();
  };
  return html`<h2>${all ? t("Profile") : t("A little about you")}</h2>
    ${!all && html`<p class="soft">${t("So that we know to whom we lend a power bank. We ask only once.")}</p>`}
    <${Form} send=${send} button=${all ? t("Save") : t("Go on")} busyText=${t("One moment…")}>${(errors) => wanted.map((field) => html`
      <${Field} key=${field.name} ...${field} value=${me[field.name] || ""} error=${errors[field.name]} />`)}<//>`;
}

const FIELDS = () => [
  { name: "first_name", label: t("First name"), autocomplete: "given-name" },
  { name: "last_name", label: t("Last name"), autocomplete: "family-name" },
  { name: "date_of_birth", label: t("Date of birth"), type: "date", autocomplete: "bday", max: new Date().toISOString().slice(0, 10) },
  { name: "address", label: t("Street or tole"), autocomplete: "street-address" },
  { name: "city", label: t("Town"), autocomplete: "address-level2" },
];
