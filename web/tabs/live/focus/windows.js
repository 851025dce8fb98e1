// @ts-check
/** Focus windows (AfWindows), drawn on the picture, as many as the camera takes. */

import { el, fill } from "../../../base/dom.js";
import { RectangleBox } from "../zoom/rectangle-box.js";
import { drawn, moved, WHOLE } from "../zoom/rectangles.js";
import { SensorView } from "../../../picture/sensor-view.js";

/** @typedef {import("../../../picture/sensor-view.js").Rectangle} Rectangle */
/** @typedef {import("../../../picture/sensor-view.js").Point} Point */

const LEAST = 0.03; // of the picture
const LEAST_PX = 64; // of the sensor: the server takes no less
const TAP = 0.02; // anything smaller is a tap: a window of usual size around it
const USUAL = 0.16;
/** @type {Rectangle} */
const CENTRE = [0.4, 0.4, 0.2, 0.2];

export class FocusWindows {
  /** @type {import("../controls/fields.js").Field} */
  field;
  /** For the overlay. @type {import("../../../picture/overlay.js").Tool} */
  tool;
  #state;
  #most;
  #view = new SensorView(WHOLE, {}, {});
  #layer = el("div", { class: "windows" });
  #list = el("ul", { class: "window-list" });
  /** @type {RectangleBox[]} */
  #boxes = [];
  /** Of the picture, while a person draws, moves or resizes one. @type {Rectangle[] | null} */
  #chosen = null;
  /** The others, while one is being drawn. @type {Rectangle[] | null} */
  #drawing = null;

  /**
   * @param {import("../controls/state.js").ControlState} state
   * @param {number} most  as many as the camera takes
   * @param {HTMLElement} draw  the button that makes this the tool
   */
  constructor(state, most, draw) {
    this.#state = state;
    this.#most = most;
    const centre = el("button", { type: "button", onclick: () => this.#add(CENTRE) }, "Centre");
    this.field = {
      element: el("div", { class: "focus-windows" }, el("div", { class: "row" }, draw, centre), this.#list),
      show: () => this.#show(),
      enable: (enabled) => {
        for (const button of [draw, centre]) /** @type {HTMLButtonElement} */ (button).disabled = !enabled;
      },
    };
    this.tool = {
      element: this.#layer,
      draw: (from, to, done) => this.#draw(from, to, done),
      active: (active) => {
        this.#chosen = this.#drawing = null;
        this.#layer.toggleAttribute("data-active", active);
      },
    };
  }

  /** Of the picture. @returns {Rectangle[]} */
  get #windows() {
    const { values } = this.#state;
    return this.#chosen ?? (values.AfWindows ?? []).map((/** @type {Rectangle} */ each) => this.#view.rectangleToPicture(each));
  }

  #show() {
    const shown = this.#state.metadata.ScalerCrop;
    if (shown) this.#view = new SensorView(shown, this.#state.setting("camera") ?? {}, this.#state.setting("live") ?? {});
    const windows = this.#windows;
    if (windows.length !== this.#boxes.length) this.#rebuild(windows.length);
    windows.forEach((window, i) => this.#boxes[i].show(window));
    const texts = windows.map((window) => {
      const [x, y, width, height] = this.#view.rectangleToSensor(window);
      return `${width} × ${height} px at ${x}, ${y}`;
    });
    [...this.#list.children].forEach((item, i) => {
      const text = item.querySelector("span");
      if (text && text.textContent !== texts[i]) text.textContent = texts[i];
    });
  }

  /** The shortest side of a window, of the picture. */
  get #least() {
    return Math.min(1, Math.max(LEAST, (LEAST_PX + 1) / Math.min(this.#view.crop[2], this.#view.crop[3])));
  }

  /** @param {number} count  of windows */
  #rebuild(count) {
    const least = () => this.#least;
    this.#boxes = Array.from({ length: count }, (_, i) => new RectangleBox({
      label: this.#most > 1 ? `Focus window ${i + 1}` : "Focus window", get least() { return least(); }, bounds: () => WHOLE,
      changed: (rectangle, done) => this.#choose(this.#windows.map((old, j) => (i === j ? rectangle : old)), done),
      removed: () => this.#remove(i),
    })); // prettier-ignore
    fill(this.#layer, this.#boxes.map(({ element }) => element));
    fill(this.#list, this.#boxes.map((_, i) =>
      el("li", {}, el("span"), el("button", { type: "button", class: "plain", "aria-label": `Remove focus window ${i + 1}`, onclick: () => this.#remove(i) }, "Remove"))));
  }

  /** @param {Point} from @param {Point} to @param {boolean} done */
  #draw(from, to, done) {
    const tapped = Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1])) < TAP;
    if (tapped && !done) return;
    const corner = /** @type {Point} */ (to.map((at) => at - USUAL / 2));
    this.#add(tapped ? moved([...corner, USUAL, USUAL], 0, 0, WHOLE) : drawn(from, to, WHOLE, this.#least), done);
  }

  /**
   * One more; where there are as many as the camera takes, instead of the last one.
   * @param {Rectangle} rectangle
   * @param {boolean} [done]
   */
  #add(rectangle, done = true) {
    const others = (this.#drawing ?? this.#windows).slice(0, this.#most - 1);
    this.#drawing = done ? null : others;
    this.#choose([...others, rectangle], done);
    if (done) this.#boxes.at(-1)?.element.focus({ preventScroll: true });
  }

  /** @param {number} index */
  #remove(index) {
    this.#choose(this.#windows.filter((_, i) => i !== index), true);
  }

  /** @param {Rectangle[]} windows  of the picture @param {boolean} done */
  #choose(windows, done) {
    this.#chosen = windows;
    if (done) {
      this.#chosen = null;
      this.#state.set("AfWindows", windows.length ? windows.map((each) => this.#view.rectangleToSensor(each)) : null);
    } else {
      this.#show();
    }
  }
}
