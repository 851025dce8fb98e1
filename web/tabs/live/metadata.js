// @ts-check
/** The metadata of the newest frame: the most important values, and all of it as JSON. */

import { distance, exposure } from "./controls/numbers.js";
import { el, fill } from "../../base/dom.js";

/** @typedef {Record<string, any>} Metadata  by libcamera's names; any may be missing, or of another type */

/** Label, name, how many numbers it is made of, and its text; "" for none. @type {[string, string, number, (value: any, metadata: Metadata) => string][]} */
const ROWS = [
  ["Exposure", "ExposureTime", 1, (time) => (time ? exposure(time) : "")],
  ["Gain", "AnalogueGain", 1, (gain, { DigitalGain: digital }) => (gain ? `${times(gain)}${digital > 1.005 ? `, digital ${times(digital)}` : ""}` : "")],
  ["Light", "Lux", 1, (lux) => `${lux < 10 ? lux.toFixed(1) : Math.round(lux)} lx`],
  ["Colour temperature", "ColourTemperature", 1, (kelvin) => (kelvin ? `${Math.round(kelvin)} K` : "")],
  ["Colour gains", "ColourGains", 2, ([red, blue]) => `red ${red.toFixed(2)}, blue ${blue.toFixed(2)}`],
  ["Focus", "LensPosition", 1, (lens) => `${distance(lens)} (${lens.toFixed(2)} dioptres)`],
  ["Autofocus", "AfState", 1, (state) => ["idle", "scanning", "in focus", "failed"][state]],
  ["Frame", "FrameDuration", 1, (time) => (time ? exposure(time) : "")],
  ["Sensor", "SensorTemperature", 1, (celsius) => `${celsius.toFixed(1)} °C`],
  ["Crop", "ScalerCrop", 4, ([x, y, width, height]) => `${width} × ${height} px at ${x}, ${y}`],
];

/** @param {number} value */
const times = (value) => `${Number(value).toFixed(2)}×`;

/**
 * The rows that this metadata has.
 * @param {Metadata} metadata
 * @returns {[string, string][]}
 */
export function readable(metadata) {
  return ROWS.flatMap(([label, name, count, format]) => {
    const numbers = [metadata[name]].flat();
    const text = numbers.length === count && numbers.every(Number.isFinite) && format(metadata[name], metadata);
    return text ? [/** @type {[string, string]} */ ([label, text])] : [];
  });
}

/** The panel that shows it. */
export class MetadataPanel {
  #list = el("dl", { class: "facts" });
  #raw = el("pre", { class: "raw", tabindex: "0", role: "group", "aria-label": "Metadata as JSON" });
  #nothing = el("p", { class: "hint", text: "There is no metadata yet: it comes with the next picture." });
  #details = el("details", { class: "raw-metadata" }, el("summary", {}, "As JSON"), this.#raw);
  #text = "";
  element;

  /** @param {(text: string, how?: {error?: boolean}) => void} say */
  constructor(say) {
    const copy = el("button", { type: "button", onclick: () => this.#copy(say) }, "Copy JSON");
    this.element = el("div", { class: "metadata" }, this.#nothing, this.#list, copy, this.#details);
  }

  /** @param {Metadata} metadata */
  show(metadata) {
    const text = JSON.stringify(metadata, null, 2);
    if (text === this.#text) return;
    this.#text = text;
    const rows = readable(metadata);
    this.#nothing.hidden = rows.length > 0;
    fill(this.#list, rows.map(([name, value]) => el("div", {}, el("dt", { text: name }), el("dd", { text: value }))));
    // Nobody's selection is taken away while they read.
    if (!getSelection()?.containsNode(this.#raw, true) || getSelection()?.isCollapsed) this.#raw.textContent = text;
  }

  /** @param {(text: string, how?: {error?: boolean}) => void} say */
  #copy(say) {
    this.#details.open = true; // only what is shown can be selected
    this.#raw.textContent = this.#text;
    getSelection()?.selectAllChildren(this.#raw);
    say(document.execCommand("copy") ? "Copied." : "Selected: press Ctrl+C to copy it.");
  }
}
