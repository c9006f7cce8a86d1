"use strict";

const find = (id) => document.getElementById(id);
const view = { q: "", offset: 0, limit: 24, total: 0, chosen: null, bank: null, meanings: {} };

async function ask(path, options) {
  const answer = await fetch("/api" + path, options);
  const body = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Error(typeof body.error === "string" ? body.error : body.error.map((one) => `${one.loc}: ${one.msg}`).join("; "));
  return body;
}

const send = (path, body) => ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key in made && key !== "list") made[key] = value; else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

// Nodes are replaced only when they would differ, so that focus and clicks are not lost to the refresh.
function show(place, key, nodes) {
  const text = JSON.stringify(key);
  if (place.dataset.shown === text) return;
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  place.dataset.shown = text;
  place.replaceChildren(...nodes());
  if (focused) place.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

async function attempt(act) {
  try {
    await act();
    find("problem").hidden = true;
  } catch (error) {
    find("problem").textContent = error.message;
    find("problem").hidden = false;
  }
  await refresh();
}

const level = (charge) => element("meter", { min: 0, max: 100, low: 30, high: 60, optimum: 100, value: charge, title: `${charge} %` });

function slotButton(station, slot) {
  const bank = slot.bank;
  const button = element("button", { className: `slot ${slot.works} ${bank ? "" : "empty"}` });
  button.dataset.key = `${station.imei}-${slot.number}`;
  button.append(element("span", { className: "number" }, String(slot.number)));
  if (bank) {
    button.append(element("span", { className: "charge" }, `${bank.charge} %`), element("span", { className: "serial" }, bank.readable ? bank.serial : "unreadable"), level(bank.charge));
    button.title = `Take ${bank.serial} out by hand`;
    button.onclick = () => attempt(() => send(`/stations/${station.imei}/eject`, { slot: slot.number }));
  } else {
    button.append(element("span", { className: "serial" }, view.bank ? "return here" : "empty"));
    button.classList.toggle("target", Boolean(view.bank));
    button.disabled = !view.bank;
    button.title = view.bank ? `Return ${view.bank} here` : "Choose a bank in somebody's hands first";
    button.onclick = () => attempt(async () => {
      await send(`/stations/${station.imei}/return`, { serial: view.bank, slot: slot.number });
      view.bank = null;
    });
  }
  if (slot.works !== "ok") button.append(element("span", { className: "works" }, slot.works));
  return button;
}

function card(station) {
  const made = element("article", { className: "card" + (station.imei === view.chosen ? " chosen" : "") });
  const where = element("span", { className: "where" + (station.connected ? "" : " off"), title: station.problem }, station.connected ? "connected" : "offline");
  const top = element("button", { className: "top", title: "Faults and messages" }, element("b", {}, station.sn), element("span", { className: "soft" }, `${station.protocol} · ${station.imei}`), where);
  top.dataset.key = station.imei;
  top.onclick = () => { view.chosen = view.chosen === station.imei ? null : station.imei; refresh(); };
  made.append(top, element("div", { className: "slots" }, ...station.slots.map((slot) => slotButton(station, slot))));
  const notes = station.faults.map((one) => one.fault);
  if (station.clock_skew) notes.push(`clock off by ${station.clock_skew} s`);
  if (!station.connected && station.problem) notes.push(station.problem);
  if (notes.length) made.append(element("p", { className: "notes" }, notes.join(" · ")));
  return made;
}

function handButton(bank) {
  const button = element("button", {}, element("span", { className: "charge" }, `${bank.charge} %`), bank.serial);
  button.dataset.key = bank.serial;
  button.setAttribute("aria-pressed", String(view.bank === bank.serial));
  button.onclick = () => { view.bank = view.bank === bank.serial ? null : bank.serial; refresh(); };
  return element("li", {}, button);
}

function faultLine(imei, one) {
  const off = element("button", { className: "quiet" }, "Off");
  off.dataset.key = one.fault;
  off.onclick = () => attempt(() => ask(`/stations/${imei}/faults?fault=${encodeURIComponent(one.fault)}`, { method: "DELETE" }));
  const how = [one.times === null ? "until off" : `${one.times} more`, one.rate < 1 ? `chance ${one.rate}` : "", one.seconds ? `${one.seconds} s` : ""];
  return element("li", {}, element("span", {}, one.fault, element("small", {}, how.filter(Boolean).join(", "))), off);
}

function trafficLine(one) {
  const time = element("time", {}, new Date(one.at).toLocaleTimeString("en-GB"));
  const topic = element("div", { className: "topic" }, element("span", { className: "arrow" }, one.direction === "up" ? "↑" : "↓"), element("span", { className: "name", title: one.topic }, one.topic), time);
  return element("li", { className: one.direction }, topic, element("code", { title: one.text }, one.text || "nothing"));
}

async function refreshDetail() {
  find("detail").hidden = !view.chosen;
  if (!view.chosen) return;
  const station = await ask(`/stations/${view.chosen}`);
  find("detail-title").textContent = `${station.sn} · boot ${station.boot_id}`;
  show(find("faults"), [station.imei, station.faults], () => station.faults.map((one) => faultLine(station.imei, one)));
  show(find("traffic"), [station.imei, station.traffic], () => station.traffic.map(trafficLine));
}

async function refresh() {
  try {
    const query = new URLSearchParams({ q: view.q, offset: view.offset, limit: view.limit });
    const [state, list, banks] = await Promise.all([ask("/state"), ask(`/stations?${query}`), ask("/banks")]);
    if (view.bank && !banks.items.some((bank) => bank.serial === view.bank)) view.bank = null;
    view.total = list.total;
    find("broker").textContent = `Broker ${state.broker}`;
    const counts = { connected: `${state.connected} of ${state.stations}`, "in slots": state.in_slots, messages: state.messages };
    show(find("counts"), counts, () => Object.entries(counts).map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, String(value)))));
    const last = Math.min(list.total, view.offset + view.limit);
    find("total").textContent = list.total > view.limit ? `${view.offset + 1}–${last} of ${list.total}` : String(list.total);
    find("before").disabled = view.offset === 0;
    find("after").disabled = last >= list.total;
    find("none").hidden = list.items.length > 0;
    const shown = list.items.map(({ messages, ...rest }) => rest);
    show(find("stations"), [shown, view.bank, view.chosen], () => list.items.map(card));
    find("hands-count").textContent = String(banks.items.length);
    show(find("hands"), [banks.items, view.bank], () => banks.items.slice(0, 500).map(handButton));
    await refreshDetail();
    find("live").textContent = "live";
    find("live").classList.remove("lost");
  } catch {
    find("live").textContent = "the simulator does not answer";
    find("live").classList.add("lost");
  }
}

async function start() {
  const form = find("fault-form");
  const faults = (await ask("/faults")).items;
  for (const one of faults) {
    view.meanings[one.fault] = `${one.meaning} Happens on ${one.when}.`;
    form.fault.append(element("option", { value: one.fault }, one.fault.replaceAll("_", " ")));
  }
  const explain = () => { find("meaning").textContent = view.meanings[form.fault.value]; };
  form.fault.onchange = explain;
  explain();
  form.onsubmit = (event) => {
    event.preventDefault();
    const wanted = { fault: form.fault.value };
    if (form.times.value) wanted.times = Number(form.times.value);
    if (form.rate.value) wanted.rate = Number(form.rate.value);
    if (form.seconds.value) wanted.seconds = Number(form.seconds.value);
    attempt(() => send(`/stations/${view.chosen}/faults`, wanted));
  };
  find("search").oninput = (event) => { view.q = event.target.value; view.offset = 0; refresh(); };
  find("before").onclick = () => { view.offset = Math.max(0, view.offset - view.limit); refresh(); };
  find("after").onclick = () => { view.offset += view.limit; refresh(); };
  await refresh();
  setInterval(() => { if (!document.hidden) refresh(); }, 1000);
}

start();
