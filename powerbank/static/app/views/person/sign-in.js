// Signing in, in place: number, code, name. A reload goes on where it was; whoever came here for something goes on to it.

import { plain, t } from "../../language.js";
import { Button, Field, Form, api, explain, go, html, readMe, toast, update, useEffect, useNow, useRef, useState } from "../../ui.js";

// What is under way lives as long as the tab, for it can sign somebody in.
const DRAFT = "powerbank.sign-in";
const readDraft = () => {
  try {
    const draft = JSON.parse(sessionStorage.getItem(DRAFT)) || {};
    return draft.until > Date.now() ? draft : {};
  } catch {
    return {};
  }
};

export default function View() {
  return html`<${SignIn} why=${t("Sign in to see this.")} />`;
}

/** @param {{why?: string, done?: () => void}} props */
export function SignIn({ why, done = () => {} }) {
  const [draft, setDraft] = useState(readDraft);
  const keepDraft = (next) => {
    sessionStorage.setItem(DRAFT, JSON.stringify(next));
    setDraft(next);
  };
  const finish = async () => {
    sessionStorage.removeItem(DRAFT);
    update({});
    await readMe();
    done();
  };
  const step = draft.verification_token ? Name : draft.challenge_id ? Code : Number_;
  return html`<section class="sign-in">${html`<${step} ...${{ draft, keepDraft, finish, why }} />`}</section>`;
}

const device = () => JSON.parse(localStorage.getItem("powerbank.device") || "null");

async function askForCode(identifier) {
  const body = { identifier, ...(device() ? { device_token: device() } : {}) };
  const { challenge_id, expires_in, resend_in } = await api.askCode(body);
  return { identifier, challenge_id, until: Date.now() + expires_in * 1000, again: Date.now() + resend_in * 1000 };
}

function Number_({ draft, keepDraft, why }) {
  const [byMail, setByMail] = useState((draft.identifier || "").includes("@"));
  const send = async ({ identifier }) => keepDraft(await askForCode(plain(identifier).trim()));
  return html`<h1 tabindex="-1">${byMail ? t("Your e-mail address") : t("Your mobile number")}</h1>
    ${why && html`<p class="soft">${why}</p>`}
    <${Form} send=${send} button=${t("Send me a code")} busyText=${t("Sending…")}>${(errors) => byMail
      ? html`<${Field} key="mail" label=${t("E-mail address")} name="identifier" type="email" autocomplete="email" required error=${errors.identifier} />`
      : html`<${Field} key="phone" label=${t("Mobile number")} name="identifier" type="tel" inputmode="tel" autocomplete="tel" placeholder="98…" required
          error=${errors.identifier} hint=${t("We send a code by SMS. Outside Nepal, begin with + and the country code.")} />`}<//>
    <p><button class="link" onClick=${() => setByMail(!byMail)}>${byMail ? t("Use a mobile number instead") : t("Use an e-mail address instead")}</button></p>
    <p class="soft"><small>${t("By going on you agree to the")} <a href="/app/pages/terms-of-service">${t("terms of service")}</a> · <a href="/app/pages/privacy-policy">${t("privacy policy")}</a></small></p>`;
}

function Code({ draft, keepDraft, finish }) {
  const now = useNow();
  const [code, setCode] = useState("");
  const [state, setState] = useState({});
  const input = useRef(null);

  const send = async (typed) => {
    if (state.running) return;
    setState({ running: true });
    try {
      const answer = await api.verify(draft.challenge_id, typed);
      if (answer.blocked) {
        sessionStorage.removeItem(DRAFT);
        update({});
        return go("/app/me", { replace: true });
      }
      localStorage.setItem("powerbank.device", JSON.stringify(answer.device_token));
      if (answer.registered) return await finish();
      keepDraft({ ...draft, verification_token: answer.verification_token, until: Date.now() + 14 * 60_000 });
    } catch (error) {
      setState({ error });
      setCode("");
      input.current?.focus();
    }
  };
  const typed = (value) => {
    const found = plain(value).replace(/\D/g, "").slice(0, 6);
    setCode(found);
    if (found.length === 6) send(found);
  };

  // Where the browser can, it reads the code from the SMS by itself.
  useEffect(() => {
    input.current?.focus();
    if (!("OTPCredential" in window)) return undefined;
    const over = new AbortController();
    navigator.credentials.get({ otp: { transport: ["sms"] }, signal: over.signal }).then((found) => typed(found.code)).catch(() => {});
    return () => over.abort();
  }, []);

  const wait = Math.ceil((draft.again - now) / 1000);
  const resend = async () => {
    keepDraft(await askForCode(draft.identifier));
    setState({});
    toast(t("A new code is on its way. The one before is void."));
  };
  return html`<h1 tabindex="-1">${t("Type the code")}</h1>
    <p>${t("We have sent six digits to {contact}.", { contact: draft.identifier })}</p>
    <form onSubmit=${(event) => { event.preventDefault(); send(code); }}>
      <div class="field"><label for="code">${t("Code")}</label>
        <input id="code" class="code" ref=${input} name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="6" value=${code}
          aria-invalid=${state.error ? "true" : null} aria-describedby="code-says" onInput=${(event) => typed(event.target.value)} />
        <p id="code-says" class="error" role="alert">${state.error && explain(state.error)}</p></div>
      <${Button} type="submit" wide busy=${state.running}>${t("Go on")}<//>
    </form>
    <div class="actions">
      <${Button} quiet disabled=${wait > 0} onPress=${resend}>${wait > 0 ? t("New code in {count} s", { count: wait }) : t("Send a new code")}<//>
      <${Button} quiet onPress=${() => keepDraft({ identifier: draft.identifier, until: Date.now() + 600_000 })}>${t("Another number")}<//>
    </div>`;
}

function Name({ draft, finish }) {
  const invited = localStorage.getItem("powerbank.invited") || "";
  const [open, setOpen] = useState(Boolean(invited));
  const send = async ({ first_name, last_name, referral_code }) => {
    const body = { verification_token: draft.verification_token, first_name: first_name.trim(), last_name: last_name.trim() };
    if (referral_code?.trim()) body.referral_code = referral_code.trim();
    for (let attempt = 0; ; attempt += 1) {
      try {
        await api.register({ ...body, username: makeUsername(first_name, attempt) });
        break;
      } catch (error) {
        if (error.code !== "username_taken" || attempt === 4) throw error;
      }
    }
    localStorage.removeItem("powerbank.invited");
    await finish();
  };
  return html`<h1 tabindex="-1">${t("What is your name?")}</h1>
    <p class="soft">${t("As it stands on your identity card.")}</p>
    <${Form} send=${send} button=${t("Go on")} busyText=${t("One moment…")}>${(errors) => html`
      <${Field} label=${t("First name")} name="first_name" autocomplete="given-name" required error=${errors.first_name} />
      <${Field} label=${t("Last name")} name="last_name" autocomplete="family-name" required error=${errors.last_name} />
      ${open
        ? html`<${Field} label=${t("Code of a friend")} name="referral_code" value=${invited} autocapitalize="characters" error=${errors.referral_code} />`
        : html`<p><button type="button" class="link" onClick=${() => setOpen(true)}>${t("A friend gave me a code")}</button></p>`}`}<//>`;
}

/** A public name to begin with; it can be changed in the profile. */
function makeUsername(name, attempt) {
  const letters = name.toLowerCase().normalize("NFKD").replace(/[^a-z]/g, "").slice(0, 20) || "rider";
  const some = crypto.getRandomValues(new Uint32Array(1))[0] % 10 ** (4 + attempt);
  return `${letters}${String(some).padStart(4, "0")}`;
}
