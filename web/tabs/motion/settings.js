// @ts-check
/** The settings of motion detection: how sensitive it is, what is recorded, and when it looks. */

import { el, write } from "../../base/dom.js";
import { settingRow } from "../../base/setting-row.js";
import { scheduleWords } from "./schedule-words.js";
import { slider } from "./slider.js";
import { weekdays } from "./weekdays.js";

const DETECTION = ["least_size", "most_size"];
const EXPERTS = ["fps", "threshold", "blocks", "frames", "learning_s"];
const RECORDING = ["record", "photo_interval_s", "before_s", "after_s", "max_s", "pause_s"];
const SCHEDULE = ["active_from", "active_to", "place.latitude", "place.longitude"];

/** Settings that mean something only while others are so. @type {Record<string, (motion: any) => boolean>} */
const WHEN = {
  photo_interval_s: ({ record }) => record === "photos" || record === "both",
  before_s: ({ record }) => record === "video" || record === "both",
  max_s: ({ record }) => record === "video" || record === "both",
};

export class MotionSettings {
  element;
  #settings;
  /** By the names of the settings. @type {Map<string, {element: HTMLElement, show: () => void}>} */
  #rows = new Map();
  #when = el("p", { class: "hint motion-when" });

  /** @param {any} context */
  constructor({ settings }) {
    this.#settings = settings;
    const rows = (/** @type {string[]} */ names) => names.map((name) => this.#row(name));
    const card = (/** @type {string} */ title, /** @type {any[]} */ ...content) =>
      el("section", { class: "card settings-card", "aria-label": title }, el("h2", { text: title }), ...content);
    this.element = el("div", { class: "motion-settings" },
      card("Detection", this.#row("sensitivity", { input: slider("Only large, clear motion", "Also small motion") }), rows(DETECTION),
        el("details", { class: "motion-experts" }, el("summary", {}, "Advanced"), el("div", { class: "motion-experts-rows" }, rows(EXPERTS)))),
      card("Recording", rows(RECORDING)),
      card("Schedule", this.#when, this.#row("weekdays", { input: weekdays }), rows(SCHEDULE)));
    settings.subscribe(() => this.#show());
    this.#show();
  }

  shown() {}

  hidden() {}

  /** @param {string} name  of a setting of motion, or dotted @param {object} [how]  see `settingRow` */
  #row(name, how) {
    const row = settingRow(this.#settings, name.includes(".") ? name : `motion.${name}`, how);
    this.#rows.set(name, row);
    return row.element;
  }

  #show() {
    const motion = this.#settings.get("motion");
    if (!motion) return;
    for (const [name, row] of this.#rows) {
      row.show();
      row.element.hidden = name in WHEN && !WHEN[name](motion);
    }
    write(this.#when, scheduleWords(motion));
  }
}
