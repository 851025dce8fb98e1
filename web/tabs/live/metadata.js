// @ts-check
/** The metadata of the newest frame: the most important values, and all of it as JSON. */

import { distance, exposure } from "./controls/numbers.js";
import { el, fill } from "../../base/dom.js";

/** @typedef {Record<string, any>} Metadata  by libcamera's names; any may be missing */

/** @type {[string, (metadata: Metadata) => string | null | undefined][]} */
const ROWS = [
  ["Exposure", ({ ExposureTime: time }) => time && exposure(time)],
  ["Gain", ({ AnalogueGain: gain, DigitalGain: digital }) => gain && `${times(gain)}${digital > 1.005 ? `, digital ${times(digital)}` : ""}`],
  ["Light", ({ Lux: lux }) => lux && `${lux < 10 ? lux.toFixed(1) : Math.round(lux)} lx`],
  ["Colour temperature", ({ ColourTemperature: kelvin }) => kelvin && `${Math.round(kelvin)} K`],
  ["Colour gains", ({ ColourGains: gains }) => gains && `red ${gains[0].toFixed(2)}, blue ${gains[1].toFixed(2)}`],
  ["Focus", ({ LensPosition: lens }) => lens !== undefined && `${distance(lens)} (${lens.toFixed(2)} dioptres)`],
  ["Autofocus", ({ AfState: state }) => ["idle", "scanning", "in focus", "failed"][state]],
  ["Frame", ({ FrameDuration: time }) => time && `${exposure(time)}`],
  ["Sensor", ({ SensorTemperature: celsius }) => celsius !== undefined && `${celsius.toFixed(1)} °C`],
  ["Crop", ({ ScalerCrop: crop }) => crop && `${crop[2]} × ${crop[3]} px at ${crop[0]}, ${crop[1]}`],
];

/** @param {number} value */
const times = (value) => `${value.toFixed(2)}×`;

/**
 * The rows that this metadata has.
 * @param {Metadata} metadata
 * @returns {[string, string][]}
 */
export function readable(metadata) {
  return ROWS.flatMap(([name, format]) => {
    const text = format(metadata);
    return text ? [/** @type {[string, string]} */ ([name, text])] : [];
  });
}

/** The panel that shows it. */
export class MetadataPanel {
  #list = el("dl", { class: "facts" });
  #raw = el("pre", { class: "raw", tabindex: "0", role: "group", "aria-label": "Metadata as JSON" });
  #nothing = el("p", { class: "hint", text: "The camera has said nothing yet." });
  #details = el("details", { class: "raw-metadata" }, el("summary", {}, "As JSON"), this.#raw);
  #text = "";
  element;

  /** @param {(text: string, how?: {error?: boolean}) => void} say */
  constructor(say) {
    const copy = el("button", { type: "button", onclick: () => this.#copy(say) }, "Copy JSON");
    this.element = el("div", { class: "metadata" }, this.#nothing, this.#list, this.#details, copy);
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
  async #copy(say) {
    try {
      await navigator.clipboard.writeText(this.#text);
      say("The metadata is on the clipboard.");
    } catch {
      // Without TLS a browser has no clipboard for pages: the text is selected for Ctrl+C instead.
      this.#details.open = true;
      getSelection()?.selectAllChildren(this.#raw);
      say("Selected: press Ctrl+C to copy it.");
    }
  }
}
