// @ts-check
/** Above the timeline: which day, which of its events, and the way back from a zoom. */

import { inZone } from "../../base/camera-time.js";
import { el, icon } from "../../base/dom.js";
import { dayAfter, TRIGGERS } from "./day-events.js";

const LENGTHS_S = /** @type {const} */ ([[0, "Any length"], [5, "Longer than 5 s"], [15, "Longer than 15 s"], [60, "Longer than 1 min"], [300, "Longer than 5 min"]]);

export class DayFilters {
  #on;
  #day = "";
  #before = step("Day before", "M15 5l-7 7 7 7", () => this.#on.day(dayAfter(this.#day, -1)));
  #after = step("Day after", "M9 5l7 7-7 7", () => this.#on.day(dayAfter(this.#day, 1)));
  #today = el("button", { type: "button", onclick: () => this.#on.day("") }, "Today");
  #date = el("input", { type: "date", "aria-label": "Day of the events", min: "1970-01-01", max: "2999-12-31" });
  #trigger = el("select", { "aria-label": "Trigger" }, el("option", { value: "" }, "All triggers"), Object.entries(TRIGGERS).map(([value, words]) => el("option", { value }, words)));
  #longer = el("select", { "aria-label": "Length" }, LENGTHS_S.map(([value, words]) => el("option", { value }, words)));
  #favourites = el("input", { type: "checkbox" });
  #range = el("span");
  #zoom = el("span", { class: "day-zoom", hidden: true }, this.#range, el("button", { type: "button", title: "Key: Escape", onclick: () => this.#on.zoomOut() }, "Zoom out"));
  element = el("div", { class: "day-filters" },
    el("div", { class: "day-choice" }, this.#before, this.#date, this.#after, this.#today), this.#trigger, this.#longer,
    el("label", { class: "check" }, this.#favourites, " Favourites"), this.#zoom);

  /** @param {{day: (day: string) => void, chosen: () => void, zoomOut: () => void}} on  `day`: "" is today */
  constructor(on) {
    this.#on = on;
    this.#date.addEventListener("change", () => {
      if (this.#date.value && this.#date.validity.valid) on.day(this.#date.value); // while a year is typed, it is 2, 20 and 202
    });
    for (const input of [this.#trigger, this.#longer, this.#favourites]) input.addEventListener("change", on.chosen);
  }

  /** @returns {import("./day-events.js").Choice} */
  get chosen() {
    return { trigger: this.#trigger.value, longer_s: Number(this.#longer.value), favourites: this.#favourites.checked };
  }

  /** Leave nothing out. */
  clear() {
    [this.#trigger.value, this.#longer.value, this.#favourites.checked] = ["", "0", false];
    this.#on.chosen();
    this.#trigger.focus();
  }

  /** @param {string} day */
  show(day) {
    this.#day = day;
    if (document.activeElement !== this.#date) this.#date.value = day; // or somebody types
  }

  /** @param {{from: number, to: number} | null} range  null: the whole day @param {string} zone */
  zoomed(range, zone) {
    this.#zoom.hidden = !range;
    if (range) this.#range.textContent = `${[range.from, range.to].map((time) => inZone(time, zone, { timeStyle: "medium" })).join(" to ")} `;
  }
}

/** @param {string} words @param {string} path @param {() => void} act */
function step(words, path, act) {
  return el("button", { type: "button", "aria-label": words, title: words, onclick: act }, icon(path));
}
