"use strict";
// A message that is on the page stays the same element, so that what one reads, selects or has opened is left alone.

const SHOWN = 200;
const EVERY_MS = 1500;
const KINDS = { sms: "SMS", email: "E-mail", push: "Push" };
const at = (id) => document.getElementById(id);
const shown = new Map();
let channel = "";
let etag = "";
let vendors = [];

function make(tag, attributes = {}, ...children) {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children);
  return element;
}

// A code is six digits that stand alone: no part of an amount, a date, an address, an id or a longer number.
function withCodes(text) {
  const pieces = [];
  let rest = 0;
  for (const found of text.matchAll(/https?:\/\/[^\s<>"]+|(?<![\w.,:/+-])\d{6}(?![\w:/-]|[.,]\d)/g)) {
    pieces.push(text.slice(rest, found.index));
    pieces.push(/^\d/.test(found[0]) ? code(found[0]) : link(found[0]));
    rest = found.index + found[0].length;
  }
  return [...pieces, text.slice(rest)];
}

function code(digits) {
  const button = make("button", { className: "code", type: "button", title: "Copy", textContent: digits });
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(digits);
    } catch {
      getSelection().selectAllChildren(button);
      return;
    }
    button.classList.add("copied");
    setTimeout(() => button.classList.remove("copied"), 1500);
  });
  return button;
}

function link(address) {
  return make("a", { href: address, textContent: address, rel: "noreferrer noopener", target: "_blank" });
}

function card(message) {
  const when = new Date(message.created_at);
  const today = when.toDateString() === new Date().toDateString();
  const head = make("div", { className: "head" },
    make("span", { className: "kind", textContent: KINDS[message.channel] }),
    make("b", { textContent: message.to }),
    make("time", { dateTime: message.created_at, title: when.toString(), textContent: today ? when.toLocaleTimeString() : when.toLocaleString() }));
  const element = make("article", { className: `message ${message.channel}` }, head);
  if (message.title) element.append(make("p", { className: "title", textContent: message.title }));
  if (message.body) element.append(make("p", { className: "body" }, ...withCodes(message.body.trim())));
  if (message.html) element.append(unfolding("As designed", () => preview(message.html), !message.body));
  element.append(unfolding("Details", () => make("pre", { textContent: JSON.stringify(message.details, null, 2) })));
  element.words = `${message.to} ${message.title || ""} ${message.body}`.toLowerCase();
  element.channel = message.channel;
  return element;
}

function preview(html) {
  const frame = make("iframe", { title: "The e-mail as designed" });
  // Neither scripts nor this page's origin: a mail is not trusted.
  frame.setAttribute("sandbox", "");
  frame.srcdoc = html;
  return frame;
}

function unfolding(title, content, open = false) {
  const element = make("details", {}, make("summary", { textContent: title }));
  element.addEventListener("toggle", () => { if (element.open && element.childElementCount === 1) element.append(content()); });
  element.open = open;
  return element;
}

function show(items) {
  const list = at("messages");
  const first = shown.size === 0;
  const ids = new Set(items.map((item) => item.id));
  for (const [id, element] of shown) {
    if (!ids.has(id)) { element.remove(); shown.delete(id); }
  }
  for (const item of [...items].reverse()) {
    if (shown.has(item.id)) continue;
    const element = card(item);
    if (!first) element.classList.add("fresh");
    shown.set(item.id, element);
    list.prepend(element);
  }
  filter();
}

function filter() {
  const wanted = at("search").value.trim().toLowerCase();
  let visible = 0;
  for (const element of shown.values()) {
    element.hidden = (channel && element.channel !== channel) || !element.words.includes(wanted);
    visible += element.hidden ? 0 : 1;
  }
  at("count").textContent = visible || "";
  at("none").hidden = visible > 0;
  at("none").textContent = shown.size
    ? "No message fits."
    : "Nothing yet. Every SMS, e-mail and push that Powerbank sends appears here at once.";
}

async function ask(path, options = {}) {
  const answer = await fetch(path, { cache: "no-store", ...options });
  if (!answer.ok && answer.status !== 304) {
    const said = await answer.json().catch(() => ({}));
    throw new Error(typeof said.error === "string" ? said.error : `The sandbox answered ${answer.status}.`);
  }
  return answer;
}

async function refresh() {
  try {
    const answer = await ask(`/api/messages?limit=${SHOWN}`, { headers: etag ? { "If-None-Match": etag } : {} });
    if (answer.status === 200) {
      etag = answer.headers.get("ETag") || "";
      show((await answer.json()).items);
    }
    showFaults((await (await ask("/api/faults")).json()).items);
    at("live").textContent = "live";
    at("live").classList.remove("lost");
  } catch {
    at("live").textContent = "the sandbox does not answer";
    at("live").classList.add("lost");
  }
}

function showFaults(items) {
  const list = at("faults");
  const now = JSON.stringify(items);
  if (list.dataset.now === now) return;
  list.dataset.now = now;
  list.replaceChildren(...items.map((item) => {
    const limits = [
      item.times && `${item.times} ${item.times === 1 ? "time" : "times"}`,
      item.seconds !== undefined && `${item.seconds} s`,
      item.match && `only for ${item.match}`,
    ].filter(Boolean).join(", ");
    const off = make("button", { className: "quiet", textContent: "Off" });
    off.setAttribute("aria-label", `Switch off ${item.vendor} ${item.fault}`);
    off.addEventListener("click", async () => { await ask(`/api/faults/${item.id}`, { method: "DELETE" }).catch(() => {}); refresh(); });
    return make("li", {}, make("span", {}, `${item.vendor}: ${item.fault}`, make("small", { textContent: limits || "until switched off" })), off);
  }));
}

function offerFaults() {
  const form = at("fault-form");
  const vendor = vendors.find((one) => one.name === form.vendor.value);
  form.fault.replaceChildren(...Object.keys(vendor.faults).map((name) => make("option", { value: name, textContent: name })));
  explainFault();
}

function explainFault() {
  const form = at("fault-form");
  at("fault-meaning").textContent = vendors.find((one) => one.name === form.vendor.value).faults[form.fault.value];
}

async function switchOn(event) {
  event.preventDefault();
  const wanted = Object.fromEntries([...new FormData(event.target)].filter(([, value]) => value !== ""));
  for (const name of ["times", "seconds"]) if (name in wanted) wanted[name] = Number(wanted[name]);
  const problem = at("fault-problem");
  try {
    await ask("/api/faults", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(wanted) });
    problem.hidden = true;
  } catch (refused) {
    problem.textContent = refused.message;
    problem.hidden = false;
  }
  refresh();
}

async function start() {
  vendors = (await (await ask("/api/state")).json()).vendors;
  const form = at("fault-form");
  form.vendor.append(...vendors.map((one) => make("option", { value: one.name, textContent: one.title })));
  form.vendor.addEventListener("change", offerFaults);
  form.fault.addEventListener("change", explainFault);
  form.addEventListener("submit", switchOn);
  offerFaults();
  at("reach").append(...vendors.map((one) => make("details", {}, make("summary", { textContent: one.title }),
    make("dl", {}, ...Object.entries(one.reach).flatMap(([name, value]) =>
      [make("dt", { textContent: name }), make("dd", {}, make("code", { textContent: value }))])))));
}

at("channels").addEventListener("click", (event) => {
  const chosen = event.target.closest("button");
  if (!chosen) return;
  channel = chosen.dataset.channel;
  for (const chip of at("channels").children) chip.setAttribute("aria-pressed", String(chip === chosen));
  filter();
});
at("search").addEventListener("input", filter);
at("clear").addEventListener("click", async () => {
  if (!confirm("Forget all messages?")) return;
  await ask("/api/messages", { method: "DELETE" }).catch(() => {});
  refresh();
});
// A page that nobody looks at asks nothing, and catches up when it is looked at again.
setInterval(() => { if (!document.hidden) refresh(); }, EVERY_MS);
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
refresh();
start().catch(() => {});
