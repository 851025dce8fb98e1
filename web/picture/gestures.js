// @ts-check
/** Gestures on an element: one finger or the mouse drags, two fingers or the wheel zoom. */

/** @typedef {[number, number]} Point  in CSS pixels of the window */

/**
 * @typedef {object} Handlers
 * @property {() => boolean} [drags]  whether a drag is wanted now
 * @property {() => boolean} [zooms]  whether two fingers and the wheel zoom now
 * @property {(before: Point, now: Point, from: Point | null) => void} drag  `from` where it began; null after two fingers
 * @property {(from: Point, now: Point) => void} drop  the drag has ended
 * @property {(factor: number, at: Point, by: Point) => void} zoom  about the point `at`, which has moved by `by`
 */

const WHEEL_STEP = 1.0015; // a notch of a usual wheel (100) is 16 %
const LINE_PX = 33; // of a wheel that counts lines

export class Gestures {
  #on;
  /** @type {Map<number, Point>} */
  #pointers = new Map();
  /** @type {Point | null} */
  #from = null;

  /** @param {HTMLElement} element @param {Handlers} on */
  constructor(element, on) {
    this.#on = on;
    element.addEventListener("pointerdown", (event) => this.#down(event, element));
    element.addEventListener("pointermove", (event) => this.#move(event));
    element.addEventListener("pointerup", (event) => this.#up(event));
    element.addEventListener("pointercancel", (event) => this.#up(event));
    element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  /** Forget the gesture that has begun. */
  reset() {
    this.#from = null;
    this.#pointers.clear();
  }

  /** @param {PointerEvent} event @param {HTMLElement} element */
  #down(event, element) {
    if (event.button || this.#on.drags?.() === false) return;
    element.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, point(event));
    this.#from = this.#pointers.size === 1 ? point(event) : null;
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = point(event);
    this.#pointers.set(event.pointerId, now);
    const [, other] = [...this.#pointers].find(([id]) => id !== event.pointerId) ?? [];
    if (!other) this.#on.drag(before, now, this.#from);
    else if (this.#on.zooms?.() !== false) {
      const [from, to] = [middle(before, other), middle(now, other)];
      this.#on.zoom(distance(now, other) / distance(before, other), to, [to[0] - from[0], to[1] - from[1]]);
    }
  }

  /** @param {PointerEvent} event */
  #up(event) {
    if (!this.#pointers.delete(event.pointerId)) return;
    if (this.#from && event.type === "pointerup") this.#on.drop(this.#from, point(event));
    this.#from = null;
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    if (this.#on.zooms?.() === false) return;
    event.preventDefault();
    this.#on.zoom(WHEEL_STEP ** -(event.deltaMode ? event.deltaY * LINE_PX : event.deltaY), point(event), [0, 0]);
  }
}

/** @param {MouseEvent} event @returns {Point} */
const point = ({ clientX, clientY }) => [clientX, clientY];

/** @param {Point} one @param {Point} other @returns {Point} */
const middle = ([x1, y1], [x2, y2]) => [(x1 + x2) / 2, (y1 + y2) / 2];

/** At least 1: it is divided by. @param {Point} one @param {Point} other */
const distance = ([x1, y1], [x2, y2]) => Math.max(1, Math.hypot(x2 - x1, y2 - y1));
