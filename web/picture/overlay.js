// @ts-check
/**
 * What lies over the picture: grid, zebra, and the rectangles of focus and zoom.
 * One *tool* at a time gets what a person draws on it; without one the picture
 * lets everything through, so that a page on a phone scrolls.
 */

import { el } from "../base/dom.js";
import { Gestures } from "./gestures.js";

/** @typedef {import("./sensor-view.js").Point} Point */

/**
 * @typedef {object} Tool
 * @property {HTMLElement} element  shown over the picture
 * @property {(from: Point, to: Point, done: boolean) => void} draw  not `done`: more will follow
 * @property {(factor: number, at: Point, by: Point) => void} [scale]  a wheel or two fingers: `at` stays where it is, moved by `by`
 * @property {(active: boolean) => void} [active]
 */

export class Overlay {
  element = /** @type {HTMLElement} */ (el("div", { class: "overlay" }));
  #grid = el("div", { class: "grid", hidden: true }, Array.from({ length: 4 }, () => el("span")));
  /** For `Stripes`. */
  zebra = /** @type {HTMLCanvasElement} */ (el("canvas", { class: "zebra", "aria-hidden": "true", hidden: true }));
  /** @type {Tool | null} */
  #tool = null;
  #gestures;

  constructor() {
    this.element.append(this.zebra, this.#grid);
    this.#gestures = new Gestures(this.element, {
      drags: () => this.#tool !== null,
      zooms: () => Boolean(this.#tool?.scale),
      drag: (_before, now, from) => from && this.#tool?.draw(this.#point(from), this.#point(now), false),
      drop: (from, now) => this.#tool?.draw(this.#point(from), this.#point(now), true),
      zoom: (factor, at, by) => this.#zoom(factor, at, by),
    });
    this.element.addEventListener("pointerdown", (event) => this.#tool && event.preventDefault()); // no selection, no change of focus
  }

  get tool() {
    return this.#tool;
  }

  /** Whom drawing is for; null: nobody. @param {Tool | null} tool */
  set tool(tool) {
    if (tool === this.#tool) return;
    const before = this.#tool;
    this.#tool = tool;
    this.#gestures.reset();
    this.element.toggleAttribute("data-drawing", tool !== null);
    before?.active?.(false);
    tool?.active?.(true);
  }

  /** @param {boolean} shown */
  set grid(shown) {
    this.#grid.hidden = !shown;
  }

  /** @param {[number, number]} point  of the window @returns {Point} of the picture */
  #point([x, y]) {
    const { left, top, width, height } = this.element.getBoundingClientRect();
    return [(x - left) / width, (y - top) / height];
  }

  /** @param {number} factor @param {[number, number]} at @param {[number, number]} by  in pixels of the window */
  #zoom(factor, at, by) {
    const { width, height } = this.element.getBoundingClientRect();
    this.#tool?.scale?.(factor, this.#point(at), [by[0] / width, by[1] / height]);
  }
}
