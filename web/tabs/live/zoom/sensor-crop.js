// @ts-check
/**
 * Zoom and pan: a part of the sensor (ScalerCrop) chosen on the picture, on a small
 * map of the sensor, with buttons, wheel, two fingers or arrow keys.
 *
 * What is chosen is drawn on the picture at once; the frame after next shows it.
 */

import { el, write } from "../../../base/dom.js";
import { RectangleBox } from "./rectangle-box.js";
import { drawn, grown, middle, moved, scaled, WHOLE } from "./rectangles.js";
import { SensorView } from "../../../picture/sensor-view.js";

/** @typedef {import("../../../picture/sensor-view.js").Rectangle} Rectangle */
/** @typedef {import("../../../picture/sensor-view.js").Point} Point */

const STEP = 1.25;
const LEAST_PX = 64; // of the sensor: the Pi's ISP takes no less
const TAP = 0.02; // of the picture: anything smaller was not meant as a rectangle

export class SensorCrop {
  /** The row's field: map, buttons, figures. @type {import("../controls/fields.js").Field} */
  field;
  /** For the overlay. @type {import("../../../picture/overlay.js").Tool} */
  tool;
  #state;
  #sensor;
  /** The picture of a shown crop, and of the whole sensor. */
  #view = new SensorView(WHOLE, {}, {});
  #map = new SensorView(WHOLE, {}, {});
  #onPicture;
  #onMap;
  #figures = el("output", { class: "figures" });
  #mapElement;
  /** Being drawn, moved or scaled: on the sensor. @type {Rectangle | null} */
  #chosen = null;

  /**
   * @param {import("../controls/state.js").ControlState} state
   * @param {() => [number, number] | null} sensor  its size, where it is known
   * @param {HTMLElement} draw  the button that makes this the tool
   */
  constructor(state, sensor, draw) {
    this.#state = state;
    this.#sensor = sensor;
    this.#onPicture = new RectangleBox({
      label: "Part of the picture to zoom to", proportional: true, bounds: () => this.#view.rectangleToPicture(this.#whole),
      least: 0.02, changed: (rectangle, done) => this.#choose(this.#view.rectangleToSensor(rectangle), done),
    }); // prettier-ignore
    this.#onMap = new RectangleBox({
      label: "Part of the sensor that is shown", proportional: true, bounds: () => WHOLE,
      least: 0.02, changed: (rectangle, done) => this.#choose(this.#map.rectangleToSensor(rectangle), done),
    }); // prettier-ignore
    this.#mapElement = el("div", { class: "sensor-map" }, this.#onMap.element);
    const button = (/** @type {string} */ text, /** @type {string} */ name, /** @type {() => void} */ onclick) =>
      el("button", { type: "button", "aria-label": name, title: name, onclick }, text);
    const buttons = [
      draw,
      button("−", "Zoom out", () => this.#scale(STEP)),
      button("+", "Zoom in", () => this.#scale(1 / STEP)),
      button("Whole", "Whole picture", () => this.#reset()),
    ];
    this.field = {
      element: el("div", { class: "zoom" }, this.#mapElement, el("div", { class: "row" }, buttons), this.#figures),
      show: () => this.#show(),
      enable: (enabled) => {
        for (const each of buttons) /** @type {HTMLButtonElement} */ (each).disabled = !enabled;
        this.#mapElement.inert = !enabled;
      },
    };
    this.tool = {
      element: this.#onPicture.element,
      draw: (from, to, done) => this.#draw(from, to, done),
      scale: (factor, at, by) => this.#pinch(factor, at, by),
      active: (active) => {
        this.#chosen = null;
        this.#onPicture.element.toggleAttribute("data-active", active);
      },
    };
  }

  /** The largest part of the sensor that has the picture's proportions. @returns {Rectangle} */
  get #whole() {
    const [, , width, height] = this.#shown;
    const [w, h] = this.#sensor() ?? [width, height];
    return grown([0, 0, w, h], width / height, [0, 0, w, h]);
  }

  /** What the newest frame shows. @returns {Rectangle} */
  get #shown() {
    return this.#state.metadata.ScalerCrop ?? [0, 0, ...(this.#sensor() ?? [16, 9])];
  }

  /** What is wanted. @returns {Rectangle} */
  get #wanted() {
    if (this.#chosen) return this.#chosen;
    const set = this.#state.values.ScalerCrop;
    const [, , width, height] = this.#shown;
    return set ? grown(set, width / height, this.#whole) : this.#whole;
  }

  #show() {
    const [camera, live] = [this.#state.setting("camera") ?? {}, this.#state.setting("live") ?? {}];
    const sensor = this.#sensor() ?? /** @type {[number, number]} */ (this.#shown.slice(2));
    this.#view = new SensorView(this.#shown, camera, live);
    this.#map = new SensorView([0, 0, ...sensor], camera, live);
    const turned = this.#map.sideways ? [sensor[1], sensor[0]] : sensor;
    this.#mapElement.style.aspectRatio = `${turned[0]} / ${turned[1]}`;
    const wanted = this.#wanted;
    const onPicture = this.#view.rectangleToPicture(wanted);
    this.#onPicture.show(onPicture);
    // As large as the picture it only says where the edges are: one draws through it.
    this.#onPicture.element.toggleAttribute("data-whole", Math.min(onPicture[2], onPicture[3]) > 0.97);
    this.#onMap.show(this.#map.rectangleToPicture(wanted));
    const [x, y, width, height] = wanted.map(Math.round);
    const times = this.#whole[2] / wanted[2];
    const text = `${times.toFixed(times < 9.95 ? 1 : 0)}× · ${width} × ${height} px at ${x}, ${y}`;
    write(this.#figures, text);
  }

  /** @param {Rectangle} crop  on the sensor @param {boolean} done */
  #choose(crop, done) {
    const [, , width, height] = this.#shown;
    const whole = this.#whole;
    const least = Math.max(LEAST_PX, (LEAST_PX * width) / height);
    const fitted = grown([crop[0], crop[1], Math.max(least, crop[2]), crop[3]], width / height, whole);
    this.#chosen = /** @type {Rectangle} */ (fitted.map(Math.round));
    if (!done) {
      this.#show();
      return;
    }
    const chosen = this.#chosen;
    this.#chosen = null;
    this.#state.set("ScalerCrop", chosen[2] >= whole[2] - 1 ? null : chosen);
  }

  /** @param {Point} from @param {Point} to @param {boolean} done */
  #draw(from, to, done) {
    const rectangle = drawn(from, to, WHOLE, 0);
    if (Math.max(rectangle[2], rectangle[3]) < TAP) {
      this.#chosen = null;
      this.#show();
    } else {
      this.#choose(this.#view.rectangleToSensor(grown(rectangle, 1, WHOLE)), done);
    }
  }

  /** @param {number} factor @param {Point} at  of the picture @param {Point} by */
  #pinch(factor, at, by) {
    const whole = this.#view.rectangleToPicture(this.#whole);
    const wanted = this.#view.rectangleToPicture(this.#wanted);
    const scaledTo = scaled(wanted, 1 / factor, at, whole, 0.02 * wanted[2]);
    // The picture goes with the fingers: what is shown of it goes the other way.
    this.#choose(this.#view.rectangleToSensor(moved(scaledTo, -by[0] * wanted[2], -by[1] * wanted[3], whole)), true);
  }

  /** @param {number} factor  above 1: more of the sensor */
  #scale(factor) {
    const wanted = this.#wanted;
    this.#choose(scaled(wanted, factor, middle(wanted), this.#whole, LEAST_PX), true);
  }

  #reset() {
    this.#chosen = null;
    this.#state.set("ScalerCrop", null);
  }
}
