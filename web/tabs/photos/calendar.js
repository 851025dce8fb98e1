// @ts-check
/**
 * A year at a glance: a square a day, the darker the more was taken; a click shows that day.
 */

import { dayName } from "../../base/camera-time.js";
import { el } from "../../base/dom.js";

const LEVELS = 4;

/**
 * @param {number} year
 * @param {Record<string, number>} counts  by day
 * @param {string} chosen  the day that is shown; "" for all
 * @param {(day: string) => void} choose
 * @returns {HTMLElement}
 */
export function calendar(year, counts, chosen, choose) {
  const most = Math.max(1, ...Object.values(counts));
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
    const count = counts[day] ?? 0;
    if (!count) return el("li", { class: "day" });
    const words = `${dayName(day)}: ${count} ${count === 1 ? "item" : "items"}`;
    const button = el("button", { type: "button", class: "day", title: words, "aria-label": words });
    button.dataset.level = String(Math.ceil((LEVELS * Math.log(count + 1)) / Math.log(most + 1)));
    button.setAttribute("aria-pressed", String(day === chosen));
    button.addEventListener("click", () => choose(day === chosen ? "" : day));
    return el("li", {}, button);
  }
}

/** @param {number} number */
function two(number) {
  return String(number).padStart(2, "0");
}
