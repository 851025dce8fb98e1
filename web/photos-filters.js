// @ts-check
/**
 * What is to be seen of the library: a kind, a camera, a day, favourites.
 */

import { el } from "./dom.js";

/** @typedef {import("./photos-library.js").Filter} Filter */

const KINDS = [["", "Everything"], ["photo", "Photos"], ["raw", "Raw photos"], ["video", "Videos"]];

export class Filters {
  #kind = el("select", { "aria-label": "Kind" }, ...KINDS.map(([value, words]) => el("option", { value }, words)));
  #camera = el("select", { "aria-label": "Camera", hidden: true }, el("option", { value: "" }, "All cameras"));
  #day = el("input", { type: "date", "aria-label": "Day" });
  #favourites = el("input", { type: "checkbox" });
  element = el("div", { class: "library-filters" }, this.#kind, this.#camera, this.#day,
    el("label", { class: "check" }, this.#favourites, " Favourites"));

  /** @param {() => void} changed */
  constructor(changed) {
    for (const input of [this.#kind, this.#camera, this.#day, this.#favourites]) input.addEventListener("change", changed);
  }

  /** @returns {Filter} */
  get chosen() {
    return { kind: this.#kind.value, camera: this.#camera.value, day: this.#day.value, favourites: this.#favourites.checked };
  }

  /** Whether anything is left out. */
  get any() {
    return Object.values(this.chosen).some(Boolean);
  }

  /** @param {string} day  "" for all */
  set day(day) {
    this.#day.value = day;
  }

  /** Offer what there is. @param {string[]} cameras */
  offer(cameras) {
    const offered = new Set([...this.#camera.options].map((option) => option.value));
    for (const camera of cameras) if (!offered.has(camera)) this.#camera.append(el("option", { value: camera }, camera));
    this.#camera.hidden = this.#camera.options.length < 3;
  }
}
