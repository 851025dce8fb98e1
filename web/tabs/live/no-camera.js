// @ts-check
/** What the Live tab shows its owner while there is no camera. */

import { el } from "../../base/dom.js";
import { detectButton } from "../../page/detect.js";

const TEXT = "No camera was found. Switch the Pi off and check both ends of the cable. If you have plugged in a camera just now, press Detect cameras.";

/** @param {any} context @returns {HTMLElement} */
export function noCamera({ api }) {
  return el("div", { class: "card empty" }, el("p", {}, TEXT), detectButton(api, () => {}));
}
