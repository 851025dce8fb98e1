// @ts-check
/**
 * What lies over the picture: grid, zebra, and the rectangles of focus and zoom.
 * One *tool* at a time gets what a person draws on it; without one the picture
 * lets everything through, so that a page on a phone scrolls.
 */

import { el } from "../base/dom.js";
import { Copy, zebra } from "./histogram.js";

/** @typedef {import("../tabs/live/zoom/sensor-view.js").Point} Point */

/**
 * @typedef {object} Tool
 * @property {HTMLElement} element  shown over the picture
 * @property {(from: Point, to: Point, done: boolean) => void} draw  not `done`: more will follow
 * @property {(factor: number, at: Point, by: Point) => void} [scale]  a wheel or two fingers: `at` stays where it is, moved by `by`
 * @property {(active: boolean) => void} [active]
 */

const ZEBRA_WIDTH = 480;
const WHEEL_STEP = 1.0015; // a notch of a usual wheel (100) is 16 %

export class Overlay {
  element = /** @type {HTMLElement} */ (el("div", { class: "overlay" }));
  #grid = el("div", { class: "grid", hidden: true }, Array.from({ length: 4 }, () => el("span")));
  #zebra = /** @type {HTMLCanvasElement} */ (el("canvas", { class: "zebra", "aria-hidden": "true", hidden: true }));
  #copy = new Copy();
  /** @type {Tool | null} */
  #tool = null;
  /** Where the fingers are. @type {Map<number, Point>} */
  #pointers = new Map();
  /** Where drawing began; null: nothing is being drawn. @type {Point | null} */
  #from = null;

  constructor() {
    this.element.append(this.#zebra, this.#grid);
    this.element.addEventListener("pointerdown", (event) => this.#down(event));
    this.element.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) this.element.addEventListener(end, (event) => this.#up(/** @type {PointerEvent} */ (event)));
    this.element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  get tool() {
    return this.#tool;
  }

  /** Whom drawing is for; null: nobody. @param {Tool | null} tool */
  set tool(tool) {
    if (tool === this.#tool) return;
    const before = this.#tool;
    this.#tool = tool;
    this.#from = null;
    this.#pointers.clear();
    this.element.toggleAttribute("data-drawing", tool !== null);
    before?.active?.(false);
    tool?.active?.(true);
  }

  /** @param {boolean} shown */
  set grid(shown) {
    this.#grid.hidden = !shown;
  }

  /** @param {boolean} shown */
  set zebra(shown) {
    this.#zebra.hidden = !shown;
  }

  /** The picture has changed. @param {HTMLCanvasElement} picture */
  update(picture) {
    if (this.#zebra.hidden) return;
    const pixels = zebra(this.#copy.of(picture, ZEBRA_WIDTH));
    Object.assign(this.#zebra, { width: pixels.width, height: pixels.height });
    this.#zebra.getContext("2d")?.putImageData(pixels, 0, 0);
  }

  /** @param {{clientX: number, clientY: number}} event @returns {Point} */
  #point({ clientX, clientY }) {
    const { left, top, width, height } = this.element.getBoundingClientRect();
    return [(clientX - left) / width, (clientY - top) / height];
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (!this.#tool || event.button) return;
    event.preventDefault();
    this.element.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, this.#point(event));
    this.#from = this.#pointers.size === 1 ? this.#point(event) : null;
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before || !this.#tool) return;
    const now = this.#point(event);
    if (this.#pointers.size === 2) this.#pinch(event.pointerId, before, now);
    this.#pointers.set(event.pointerId, now);
    if (this.#from) this.#tool.draw(this.#from, now, false);
  }

  /** @param {PointerEvent} event */
  #up(event) {
    if (!this.#pointers.delete(event.pointerId)) return;
    if (this.#from && event.type === "pointerup") this.#tool?.draw(this.#from, this.#point(event), true);
    this.#from = null;
  }

  /**
   * One of two fingers has moved.
   * @param {number} id
   * @param {Point} before
   * @param {Point} now
   */
  #pinch(id, before, now) {
    const other = [...this.#pointers].find(([each]) => each !== id)?.[1];
    if (!other) return;
    const apart = (/** @type {Point} */ [x, y]) => Math.hypot(x - other[0], y - other[1]);
    const between = (/** @type {Point} */ [x, y]) => /** @type {Point} */ ([(x + other[0]) / 2, (y + other[1]) / 2]);
    const [from, to] = [between(before), between(now)];
    this.#tool?.scale?.(apart(now) / Math.max(0.01, apart(before)), to, [to[0] - from[0], to[1] - from[1]]);
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    if (!this.#tool?.scale) return;
    event.preventDefault();
    this.#tool.scale(WHEEL_STEP ** -(event.deltaMode ? event.deltaY * 33 : event.deltaY), this.#point(event), [0, 0]);
  }
}
