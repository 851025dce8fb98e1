// @ts-check
/**
 * Zoom and pan of one picture in its frame: wheel, pinch, drag, double click, and by keys.
 * A swipe along a picture that is not enlarged asks for its neighbour.
 */

import { Gestures } from "../../picture/gestures.js";

const MAX_SCALE = 12;
const SWIPE_PX = 60;

export class Zoom {
  #frame;
  #picture;
  #swipe;
  #scale = 1;
  #x = 0;
  #y = 0;

  /**
   * @param {HTMLElement} frame    what is seen of the picture
   * @param {HTMLElement} picture  lies in it
   * @param {(direction: -1 | 1) => void} swipe
   */
  constructor(frame, picture, swipe) {
    this.#frame = frame;
    this.#picture = picture;
    this.#swipe = swipe;
    new Gestures(frame, {
      drag: (before, now) => this.enlarged && this.#shift([now[0] - before[0], now[1] - before[1]]),
      drop: (from, to) => this.#swiped(from, to),
      zoom: (factor, at) => this.#by(factor, ...at),
    });
    frame.addEventListener("dblclick", (event) => (this.#scale > 1 ? this.reset() : this.#by(3, event.clientX, event.clientY)));
  }

  reset() {
    [this.#scale, this.#x, this.#y] = [1, 0, 0];
    this.#apply();
  }

  /** @param {number} factor */
  by(factor) {
    const { left, top, width, height } = this.#frame.getBoundingClientRect();
    this.#by(factor, left + width / 2, top + height / 2);
  }

  /** @param {number} x @param {number} y  in parts of the frame */
  pan(x, y) {
    this.#shift([-x * this.#frame.clientWidth, -y * this.#frame.clientHeight]);
  }

  get enlarged() {
    return this.#scale > 1;
  }

  /**
   * Enlarge about a point of the screen, which stays where it is.
   * @param {number} factor @param {number} clientX @param {number} clientY
   */
  #by(factor, clientX, clientY) {
    const { left, top, width, height } = this.#frame.getBoundingClientRect();
    const scale = Math.min(MAX_SCALE, Math.max(1, this.#scale * factor));
    const [x, y] = [clientX - left - width / 2, clientY - top - height / 2];
    this.#x = x - ((x - this.#x) * scale) / this.#scale;
    this.#y = y - ((y - this.#y) * scale) / this.#scale;
    this.#scale = scale;
    this.#apply();
  }

  #apply() {
    const limit = (/** @type {number} */ side) => (side * (this.#scale - 1)) / 2;
    const clamp = (/** @type {number} */ value, /** @type {number} */ most) => Math.max(-most, Math.min(most, value));
    this.#x = clamp(this.#x, limit(this.#frame.clientWidth));
    this.#y = clamp(this.#y, limit(this.#frame.clientHeight));
    this.#picture.style.transform = `translate(${this.#x}px, ${this.#y}px) scale(${this.#scale})`;
    this.#frame.dataset.enlarged = String(this.enlarged);
  }

  /** @param {import("../../picture/gestures.js").Point} by  in pixels */
  #shift([right, down]) {
    this.#x += right;
    this.#y += down;
    this.#apply();
  }

  /** A swipe along a picture that is not enlarged. @param {import("../../picture/gestures.js").Point} from @param {import("../../picture/gestures.js").Point} to */
  #swiped([x, y], [toX, toY]) {
    const across = toX - x;
    if (!this.enlarged && Math.abs(across) > SWIPE_PX && Math.abs(across) > 2 * Math.abs(toY - y)) this.#swipe(across < 0 ? 1 : -1);
  }
}
