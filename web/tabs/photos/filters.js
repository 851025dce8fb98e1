// @ts-check
/** Filters: kind, camera, day and favourites, or the pictures of one series. */

import { el } from "../../base/dom.js";
import { KIND } from "./library.js";

/** @typedef {import("./library.js").Filter} Filter */

const KINDS = [["", "Everything"], ["photo", `${KIND.photo}s`], ["raw", `${KIND.raw}s`], ["video", `${KIND.video}s`], ["motion", `${KIND.motion}s`], ["file", "Other files"]];

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
