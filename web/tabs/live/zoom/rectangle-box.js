// @ts-check
/**
 * A rectangle over a picture, to be moved and resized by mouse, touch and keyboard.
 *
 * Arrow keys move it, with Shift they resize it, + and - scale it, Delete removes it.
 */

import { el } from "../../../base/dom.js";
import { middle, moved, pulled, resized, scaled } from "./rectangles.js";

/** @typedef {import("../../../picture/sensor-view.js").Point} Point */
/** @typedef {import("../../../picture/sensor-view.js").Rectangle} Rectangle */

/**
 * @typedef {object} Manner
 * @property {string} label
 * @property {() => Rectangle} bounds   within which it stays
 * @property {number} least             no side gets shorter
 * @property {boolean} [proportional]   its sides keep their ratio
 * @property {(rectangle: Rectangle, done: boolean) => void} changed  by a person; not `done`: more will follow
 * @property {() => void} [removed]     it can be removed
 */

const CORNERS = /** @type {const} */ (["nw", "ne", "sw", "se"]);
const STEP = 0.02;
const SCALE = 1.15;
/** @type {Record<string, Point>} */
const ARROWS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

export class RectangleBox {
  /** As fractions of the element that holds it. @type {Rectangle} */
  rectangle = [0, 0, 1, 1];
  element;
  #manner;

  /** @param {Manner} manner */
  constructor(manner) {
    this.#manner = manner;
    this.element = el(
      "div",
      {
        class: "rectangle", role: "application", tabindex: "0", "aria-roledescription": "rectangle",
        "aria-label": `${manner.label}. Arrow keys move it, with Shift they resize it${manner.removed ? ", Delete removes it" : ""}.`,
        onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
        onpointerdown: (/** @type {PointerEvent} */ event) => this.#drag(event, null),
      },
      CORNERS.map((corner) => el("span", {
        class: "handle", "data-corner": corner,
        onpointerdown: (/** @type {PointerEvent} */ event) => this.#drag(event, corner),
      })),
    ); // prettier-ignore
  }

  /** @param {Rectangle} rectangle */
  show(rectangle) {
    this.rectangle = rectangle;
    const [left, top, width, height] = rectangle.map((part) => `${(100 * part).toFixed(3)}%`);
    Object.assign(this.element.style, { left, top, width, height });
  }

  /** @param {Rectangle} rectangle @param {boolean} done */
  #change(rectangle, done) {
    this.show(rectangle);
    this.#manner.changed(rectangle, done);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const changed = this.#afterKey(event);
    if (changed === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (changed) this.#change(changed, true);
    else this.#manner.removed?.();
  }

  /**
   * The rectangle after a key; null: removed; undefined: the key is not for it.
   * @param {KeyboardEvent} event
   */
  #afterKey({ key, shiftKey, ctrlKey, altKey, metaKey }) {
    if (ctrlKey || altKey || metaKey) return undefined;
    const { rectangle } = this;
    const { least, proportional, removed } = this.#manner;
    const bounds = this.#manner.bounds();
    const scale = (/** @type {number} */ factor) => scaled(rectangle, factor, middle(rectangle), bounds, least);
    if (key === "+" || key === "=") return scale(SCALE);
    if (key === "-") return scale(1 / SCALE);
    if (removed && (key === "Delete" || key === "Backspace")) return null;
    const arrow = ARROWS[key];
    if (!arrow) return undefined;
    if (!shiftKey) return moved(rectangle, arrow[0], arrow[1], bounds);
    if (proportional) return scale(arrow[0] + arrow[1] > 0 ? SCALE : 1 / SCALE);
    return resized(rectangle, arrow[0], arrow[1], bounds, least);
  }

  /**
   * Follow a pointer until it is let go.
   * @param {PointerEvent} event
   * @param {(typeof CORNERS)[number] | null} corner  null: all of it
   */
  #drag(event, corner) {
    if (event.button || !event.isPrimary) return;
    event.preventDefault();
    event.stopPropagation();
    this.element.focus({ preventScroll: true });
    const target = /** @type {HTMLElement} */ (event.currentTarget);
    const start = this.rectangle;
    const area = /** @type {HTMLElement} */ (this.element.parentElement).getBoundingClientRect();
    target.setPointerCapture(event.pointerId);
    const follow = (/** @type {PointerEvent} */ { clientX, clientY }) => {
      /** @type {Point} */
      const by = [(clientX - event.clientX) / area.width, (clientY - event.clientY) / area.height];
      this.#change(corner ? this.#pulled(start, corner, by) : moved(start, by[0], by[1], this.#manner.bounds()), false);
    };
    const end = () => {
      target.removeEventListener("pointermove", follow);
      if (this.rectangle !== start) this.#change(this.rectangle, true);
    };
    target.addEventListener("pointermove", follow);
    target.addEventListener("lostpointercapture", end, { once: true });
  }

  /**
   * @param {Rectangle} start
   * @param {(typeof CORNERS)[number]} corner
   * @param {Point} by  how far the corner was pulled
   */
  #pulled(start, corner, [right, down]) {
    const { least, proportional } = this.#manner;
    const bounds = this.#manner.bounds();
    const [x, y, width, height] = start;
    /** @type {Point} */
    const at = [corner.includes("w") ? x : x + width, corner.includes("n") ? y : y + height];
    if (!proportional) return pulled(start, corner, [at[0] + right, at[1] + down], bounds, least);
    /** @type {Point} */
    const fixed = [corner.includes("w") ? x + width : x, corner.includes("n") ? y + height : y];
    const outwards = (corner.includes("w") ? -right : right) / width + (corner.includes("n") ? -down : down) / height;
    return scaled(start, 1 + outwards / 2, fixed, bounds, least);
  }
}
