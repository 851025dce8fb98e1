// @ts-check
/** The histogram of the picture, drawn once for each frame. */

import { el } from "../base/dom.js";
import { clipped, Copy, count, curve, height, readable, UNREADABLE } from "./histogram.js";

const SVG = "http://www.w3.org/2000/svg";
const CURVES = /** @type {const} */ (["red", "green", "blue", "luminance"]);

export class HistogramPanel {
  #copy = new Copy();
  #paths = CURVES.map((name) => {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", name);
    return path;
  });
  #svg = document.createElementNS(SVG, "svg");
  #words = el("figcaption");
  element;

  constructor() {
    this.#svg.setAttribute("viewBox", "0 0 255 100");
    this.#svg.setAttribute("preserveAspectRatio", "none");
    this.#svg.setAttribute("role", "img");
    this.#svg.setAttribute("aria-label", "Histogram: from black on the left to white on the right");
    this.#svg.append(...this.#paths);
    this.element = el("figure", { class: "histogram", hidden: true }, this.#svg, this.#words);
  }

  /**
   * The picture has changed.
   * @param {HTMLCanvasElement | HTMLImageElement} picture
   * @param {number} [width]  how many pixels in a row are looked at
   */
  update(picture, width) {
    if (this.element.hidden) return;
    if (!readable()) {
      this.#words.textContent = `The histogram is unavailable: ${UNREADABLE}.`;
      return;
    }
    const counts = count(this.#copy.of(picture, width));
    const top = height(counts);
    CURVES.forEach((name, i) => this.#paths[i].setAttribute("d", curve(counts[name], top)));
    const { over, under } = clipped(counts);
    this.#words.textContent = `${percent(under)} black, ${percent(over)} over-exposed`;
  }

  /** There is no picture yet: its place stays. */
  clear() {
    for (const path of this.#paths) path.removeAttribute("d");
    this.#words.textContent = "…";
  }
}

/** @param {number} part */
const percent = (part) => (part > 0 && part < 0.001 ? "< 0.1 %" : `${(100 * part).toFixed(1)} %`);
