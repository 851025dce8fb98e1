// @ts-check
/** The calendar: how many items each day of a year has, as the filters leave them. */

import { dayName } from "../../base/camera-time.js";
import { el } from "../../base/dom.js";
import { KIND } from "./library.js";

/** @typedef {import("./library.js").Filter} Filter */

const LEVELS = 4; // of darkness

/**
 * How many items each day of a year has.
 * @param {{get: (path: string) => Promise<any>}} api
 * @param {number} year
 * @param {Filter} filter  its kind and camera count
 * @returns {Promise<Record<string, number>>}  by day
 */
export async function counts(api, year, { kind, camera }) {
  const query = new URLSearchParams({ year: String(year), ...(kind && { kind }), ...(camera && { camera }) });
  return (await api.get(`api/library/calendar?${query}`)).days;
}

/**
 * A year at a glance: a square a day, the darker the more was taken; a click shows that day.
 * @param {number} year
 * @param {Record<string, number>} byDay  see `counts`
 * @param {Filter} chosen  its day is the one that is shown
 * @param {(day: string) => void} choose
 * @returns {HTMLElement}
 */
export function calendar(year, byDay, { kind, camera, day: shown = "" }, choose) {
  const most = Math.max(1, ...Object.values(byDay));
  if (!Object.keys(byDay).length) return el("p", { class: "hint" }, kind || camera ? `No item of ${year} matches these filters.` : `Nothing was taken in ${year}.`);
  const months = el("ol", { class: "months" });
  for (let month = 0; month < 12; month++) {
    const first = new Date(year, month, 1);
    const days = el("ol", { class: "days" });
    days.style.setProperty("--first", String(((first.getDay() + 6) % 7) + 1));
    for (const date = first; date.getMonth() === month; date.setDate(date.getDate() + 1)) {
      days.append(square(`${year}-${two(month + 1)}-${two(date.getDate())}`));
    }
    const name = new Date(year, month, 1).toLocaleDateString([], { month: "short" });
    months.append(el("li", {}, el("span", { class: "month" }, name), days));
  }
  return months;

  /** @param {string} day */
  function square(day) {
    const count = byDay[day] ?? 0;
    if (!count) return el("li", { class: "day" });
    const words = `${dayName(day)}: ${counted(count, kind)}`;
    const button = el("button", { type: "button", class: "day", title: words, "aria-label": words });
    button.dataset.level = String(Math.ceil((LEVELS * Math.log(count + 1)) / Math.log(most + 1)));
    button.setAttribute("aria-pressed", String(day === shown));
    button.addEventListener("click", () => choose(day === shown ? "" : day));
    return el("li", {}, button);
  }
}

/** A number of items, in words: `12 items`, `1 motion recording`. @param {number} count @param {string} [kind] */
function counted(count, kind) {
  const one = KIND[/** @type {keyof typeof KIND} */ (kind)]?.toLowerCase() ?? "item";
  return `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;
}

/** @param {number} number */
function two(number) {
  return String(number).padStart(2, "0");
}
