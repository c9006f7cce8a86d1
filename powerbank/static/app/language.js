// Texts, numbers, money and times as their reader writes them. English texts are the keys of the catalogue.

import { keep, kept } from "./device.js";

const ZONE = "Asia/Kathmandu";
const DIGITS = "०१२३४५६७८९";
const MONTHS = {
  en: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
  ne: ["जनवरी", "फेब्रुअरी", "मार्च", "अप्रिल", "मे", "जुन", "जुलाई", "अगस्ट", "सेप्टेम्बर", "अक्टोबर", "नोभेम्बर", "डिसेम्बर"],
};
let language = kept("language") || (/^ne\b/i.test(document.documentElement.lang) ? "ne" : "en");
let catalogue = {};

export const currentLanguage = () => language;

export async function loadLanguage() {
  if (language !== "en") catalogue = (await import(`./texts/${language}.js`)).default;
  document.documentElement.lang = language;
}

export async function chooseLanguage(wanted) {
  language = wanted;
  keep("language", wanted);
  await loadLanguage();
}

/** The text in the reader's language; `{name}` stands for a value. Numbers are written as the reader writes them. */
export function t(english, values = {}) {
  const text = language === "en" ? english : catalogue[english] ?? english;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? write(values[name]) : whole));
}

const write = (value) => (typeof value === "number" ? number(value) : String(value));

/** Digits in Devanagari for readers of Nepali. */
export const digits = (text) => (language === "ne" ? String(text).replace(/\d/g, (digit) => DIGITS[digit]) : String(text));

/** Plain digits of what somebody typed, whatever keyboard they have. */
export const plain = (text) => text.replace(/[०-९]/g, (digit) => DIGITS.indexOf(digit));

/** Grouped as Nepal does: 12,34,567 */
export function number(value, places = 0) {
  const [whole, rest] = Math.abs(value).toFixed(places).split(".");
  const head = whole.slice(0, -3).replace(/\B(?=(\d{2})+$)/g, ",");
  const grouped = head ? `${head},${whole.slice(-3)}` : whole;
  return digits((value < 0 ? "−" : "") + grouped + (rest ? `.${rest}` : ""));
}

/** Money comes as text, "150.00"; whole rupees are written without paisa. */
export function money(amount, currency = "NPR") {
  const value = Number(amount);
  const written = number(value, Number.isInteger(value) ? 0 : 2);
  return currency === "NPR" ? t("Rs {amount}", { amount: written }) : `${currency} ${written}`;
}

function parts(moment) {
  const local = new Intl.DateTimeFormat("en-GB", {
    timeZone: ZONE, year: "numeric", month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  }).formatToParts(new Date(moment));
  return Object.fromEntries(local.map(({ type, value }) => [type, value]));
}

const day = (local) => `${Number(local.day)} ${MONTHS[language][Number(local.month) - 1]}`;

/** 18:05 today, else 18:05, 21 Nov */
export function time(moment) {
  const local = parts(moment), now = parts(Date.now());
  const clock = `${local.hour}:${local.minute}`;
  return digits(day(local) === day(now) && local.year === now.year ? clock : `${clock}, ${day(local)}`);
}

export function date(moment) {
  const local = parts(moment);
  return digits(`${day(local)} ${local.year}`);
}

/** A day without a time, "2026-11-30". */
export function plainDate(iso) {
  const [year, month, dayOfMonth] = iso.split("-").map(Number);
  return digits(`${dayOfMonth} ${MONTHS[language][month - 1]} ${year}`);
}

/** How long, in its two largest units: 1 h 20 min */
export function duration(minutes) {
  const whole = Math.max(0, Math.round(minutes));
  const [days, hours, rest] = [Math.floor(whole / 1440), Math.floor((whole % 1440) / 60), whole % 60];
  const found = [];
  if (days) found.push(days === 1 ? t("1 day") : t("{count} days", { count: days }));
  if (hours) found.push(days || rest ? t("{count} h", { count: hours }) : hours === 1 ? t("1 hour") : t("{count} hours", { count: hours }));
  if ((rest && !days) || !found.length) found.push(t("{count} min", { count: rest }));
  return found.join(" ");
}

/** A clock that counts: 1:04:09 */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  return digits(`${hours ? `${hours}:` : ""}${hours ? two(Math.floor((whole % 3600) / 60)) : Math.floor(whole / 60)}:${two(whole % 60)}`);
}

export function distance(metres) {
  return metres < 950 ? t("{count} m", { count: Math.max(10, Math.round(metres / 10) * 10) }) : t("{count} km", { count: number(metres / 1000, 1) });
}
