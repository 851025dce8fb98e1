// @ts-check
/** Draws a new zone on the picture: a rectangle from corner to corner, or a polygon corner by corner. */

import { drag } from "./drag.js";
import { svg } from "../../base/svg.js";

/** @typedef {import("./zone.js").Point} Point */

/**
 * @typedef {object} Manner
 * @property {(corners: Point[]) => void} drawn  fractions of the picture; two are a rectangle
 * @property {() => void} changed  it has begun, ended, or has one more corner
 */

const TAP = 0.02; // of the picture: anything smaller was no rectangle, but a tap
const USUAL = 0.2; // the sides of a rectangle around a tap
const NEAR_PX = 16; // of the first corner: closes the polygon
const WIDE = 1000; // of the drawing

export class ZoneDrawing {
  /** What is being drawn. @type {"rectangle" | "polygon" | null} */
  kind = null;
  #picture;
  #manner;
  #layer;
  #svg = svg("svg", { preserveAspectRatio: "none", "aria-hidden": "true" });
  #lines = ["zone-casing", "zone-line-drawn"].map((name) => svg("polyline", { class: name }));
  /** Of the polygon. @type {Point[]} */
  #corners = [];
  #drag = new AbortController();
  #keys = new AbortController();

  /** @param {import("./picture.js").ZonePicture} picture @param {Manner} manner */
  constructor(picture, manner) {
    this.#picture = picture;
    this.#manner = manner;
    this.#layer = picture.layer();
    this.#layer.classList.add("zone-drawing");
    this.#svg.append(...this.#lines);
    this.#layer.append(this.#svg);
    this.#layer.addEventListener("pointerdown", (event) => this.#press(event));
    this.#layer.addEventListener("pointermove", (event) => this.#preview(...this.#corners, this.#point(event)));
  }

  /** How many corners the polygon has. */
  get count() {
    return this.#corners.length;
  }

  /** @param {"rectangle" | "polygon"} kind */
  start(kind) {
    this.stop();
    this.kind = kind;
    this.#layer.toggleAttribute("data-drawing", true);
    this.#keys = new AbortController();
    addEventListener("keydown", (event) => this.#key(event), { signal: this.#keys.signal, capture: true });
    this.#manner.changed();
  }

  /** End without a zone. */
  stop() {
    this.kind = null;
    this.#drag.abort();
    this.#keys.abort();
    this.#corners = [];
    this.#preview();
    this.#layer.toggleAttribute("data-drawing", false);
    this.#manner.changed();
  }

  /** Close the polygon. */
  finish() {
    const corners = this.#corners;
    if (corners.length < 3) return;
    this.stop();
    this.#manner.drawn(corners);
  }

  /** @param {PointerEvent} event */
  #press(event) {
    const from = this.#point(event);
    const rectangle = this.kind === "rectangle";
    this.#drag = new AbortController();
    drag(event, this.#drag.signal, {
      moved: (now) => rectangle && this.#preview(from, ...between(from, this.#point(now))),
      ended: (last) => {
        if (!last) return;
        if (rectangle) this.#end(from, this.#point(last));
        else this.#add(this.#point(last));
      },
    });
  }

  /** @param {Point} from @param {Point} to */
  #end(from, to) {
    this.stop();
    const tapped = Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1])) < TAP;
    this.#manner.drawn(tapped ? [-1, 1].map((sign) => /** @type {Point} */ (from.map((at) => inside(at + (sign * USUAL) / 2)))) : [from, to]);
  }

  /** One more corner of the polygon. @param {Point} point */
  #add(point) {
    const { width, height } = this.#layer.getBoundingClientRect();
    const near = (/** @type {Point | undefined} */ other) => other && Math.hypot((other[0] - point[0]) * width, (other[1] - point[1]) * height) < NEAR_PX;
    if (near(this.#corners[0]) || near(this.#corners.at(-1))) return this.finish();
    this.#corners.push(point);
    this.#preview(...this.#corners);
    this.#manner.changed();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Escape") this.stop();
    else if (event.key === "Enter" && this.count > 2) this.finish();
    else if (event.key === "Backspace" && this.count > 0) {
      this.#corners.pop();
      this.#preview(...this.#corners);
      this.#manner.changed();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {...Point} corners */
  #preview(...corners) {
    const high = WIDE / this.#picture.aspect;
    this.#svg.setAttribute("viewBox", `0 0 ${WIDE} ${high}`);
    for (const line of this.#lines) line.setAttribute("points", this.kind ? corners.map(([u, v]) => `${u * WIDE},${v * high}`).join(" ") : "");
  }

  /** @param {PointerEvent} event @returns {Point} */
  #point({ clientX, clientY }) {
    const { left, top, width, height } = this.#layer.getBoundingClientRect();
    return [inside((clientX - left) / width), inside((clientY - top) / height)];
  }
}

/** The further corners of the rectangle between two opposite ones, and the first again. @param {Point} from @param {Point} to @returns {Point[]} */
const between = (from, to) => [[to[0], from[1]], to, [from[0], to[1]], from];

/** @param {number} part  of the picture */
const inside = (part) => Math.min(1, Math.max(0, part));
