// @ts-check
/** Filters: kind, camera, day and favourites, or the pictures of one series; and the calendar, to choose a day. */

import { dayName } from "../../base/camera-time.js";
import { el } from "../../base/dom.js";
import { KIND } from "./library.js";

/** @typedef {import("./library.js").Filter} Filter */

const KINDS = [["", "Everything"], ["photo", `${KIND.photo}s`], ["raw", `${KIND.raw}s`], ["video", `${KIND.video}s`], ["motion", `${KIND.motion}s`], ["file", "Other files"]];
const LEVELS = 4; // of darkness

export class Filters {
  #kind = el("select", { "aria-label": "Kind" }, ...KINDS.map(([value, words]) => el("option", { value }, words)));
  #camera = el("select", { "aria-label": "Camera" }, el("option", { value: "" }, "All cameras"));
  #day = el("input", { type: "date", "aria-label": "Day" });
  #favourites = el("input", { type: "checkbox" });
  #series = el("select", { "aria-label": "Series" }, el("option", { value: "" }, "Series…"));
  element = el("div", { class: "library-filters" }, this.#kind, this.#camera, this.#day,
    el("label", { class: "check" }, this.#favourites, " Favourites"), this.#series);

  /** @param {() => void} changed */
  constructor(changed) {
    this.#series.addEventListener("change", () => {
      for (const input of this.#ofLibrary) input.disabled = !!this.#series.value;
    });
    for (const input of [...this.#ofLibrary, this.#series]) input.addEventListener("change", changed);
  }

  /** The filters that only items of the library have. */
  get #ofLibrary() {
    return [this.#kind, this.#camera, this.#day, this.#favourites];
  }

  /** @returns {Filter} */
  get chosen() {
    if (this.#series.value) return { series: this.#series.value };
    return { kind: this.#kind.value, camera: this.#camera.value, day: this.#day.value, favourites: this.#favourites.checked };
  }

  /** Whether anything is left out. */
  get any() {
    return Object.values(this.chosen).some(Boolean);
  }

  /** Leave nothing out. */
  clear() {
    this.#kind.value = this.#camera.value = this.#day.value = this.#series.value = "";
    this.#favourites.checked = false;
    this.#series.dispatchEvent(new Event("change")); // the others may be disabled
    this.#kind.focus();
  }

  /** @param {string} day  "" for all */
  set day(day) {
    this.#day.value = day;
  }

  /** Offer what there is. @param {string[]} cameras */
  offer(cameras) {
    add(this.#camera, cameras);
  }

  /** @param {string[]} names */
  offerSeries(names) {
    add(this.#series, names);
  }
}

/**
 * Add what is not offered yet.
 * @param {HTMLSelectElement} select
 * @param {string[]} values
 */
function add(select, values) {
  const offered = new Set([...select.options].map((option) => option.value));
  for (const value of values) if (!offered.has(value)) select.append(el("option", { value }, value));
}

/**
 * A year at a glance: a square a day, the darker the more was taken; a click shows that day.
 * @param {number} year
 * @param {Record<string, number>} counts  by day
 * @param {string} chosen  the day that is shown; "" for all
 * @param {(day: string) => void} choose
 * @returns {HTMLElement}
 */
export function calendar(year, counts, chosen, choose) {
  const most = Math.max(1, ...Object.values(counts));
  if (!Object.keys(counts).length) return el("p", { class: "hint" }, `Nothing was taken in ${year}.`);
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
