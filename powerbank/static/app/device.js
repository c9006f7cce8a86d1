// What this device keeps: choices, drafts, and the last answers, so that the app opens without a network.

const READS = "powerbank.reads";
const MOST_READS = 40;

/** A value under a name, which stays after a reload. Storage may be full or forbidden: then it lives as long as the page. */
const memory = new Map();

export function keep(name, value) {
  memory.set(name, value);
  try {
    if (value == null) localStorage.removeItem(`powerbank.${name}`);
    else localStorage.setItem(`powerbank.${name}`, JSON.stringify(value));
  } catch { /* the memory has it */ }
}

export function kept(name) {
  if (memory.has(name)) return memory.get(name);
  try {
    return JSON.parse(localStorage.getItem(`powerbank.${name}`));
  } catch {
    return null;
  }
}

/** The newest answers of the API that may be shown again: by address, with their time. */
const reads = new Map(Object.entries(read(READS)));

function read(name) {
  try {
    return JSON.parse(localStorage.getItem(name)) || {};
  } catch {
    return {};
  }
}

export const lastAnswer = (address) => reads.get(address) || null;

export function keepAnswer(address, data) {
  reads.delete(address);
  reads.set(address, { data, at: Date.now() });
  while (reads.size > MOST_READS) reads.delete(reads.keys().next().value);
  clearTimeout(keepAnswer.later);
  keepAnswer.later = setTimeout(writeAnswers, 300);
}

/** While `asked` says so, answers are known only as long as the page lives. */
let remembersNothing = () => false;
export const rememberNothingWhile = (asked) => { remembersNothing = asked; };

function writeAnswers() {
  if (remembersNothing()) return;
  try {
    localStorage.setItem(READS, JSON.stringify(Object.fromEntries(reads)));
  } catch {
    localStorage.removeItem(READS);
  }
}
addEventListener("pagehide", writeAnswers);

/** Forget all that belongs to a person: another one may use this device next. */
export function forgetPerson() {
  reads.clear();
  for (const name of ["rent", "sign-in", "payment", "unsent", "push"]) keep(name, null);
  try {
    localStorage.removeItem(READS);
    indexedDB.deleteDatabase("powerbank"); // the messages that were not sent
  } catch { /* there is none */ }
}
