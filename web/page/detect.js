// @ts-check
/** A button that detects the machine's cameras again, to find one that was plugged in later. */

import { el } from "../base/dom.js";
import { errorText } from "../base/text.js";

export const NO_CAMERA = "No camera was found. Switch the Pi off, check both ends of the cable, and switch it on again.";
export const PLUGGED_IN = "If you have just plugged in a camera, press Detect cameras.";

/**
 * A button, and what comes of it.
 *
 * @param {typeof import("../server/api.js")} api
 * @param {(found: {active: number | null, cameras: any[]}) => void} listed  called with the new list
 */
export function detectButton(api, listed) {
  const result = el("span", { class: "hint", role: "status" });
  const button = el("button", { type: "button", onclick: detect }, "Detect cameras");

  async function detect() {
    button.disabled = true;
    result.textContent = "Detecting cameras: pictures pause for a few seconds.";
    try {
      const found = await api.send("POST", "api/cameras");
      listed(found);
      const { length } = found.cameras;
      result.textContent = length ? `Found ${length === 1 ? "one camera" : `${length} cameras`}.` : "No camera was found: check its cable.";
    } catch (error) {
      result.textContent = errorText(error);
    } finally {
      button.disabled = false;
    }
  }

  return el("div", { class: "detect" }, button, result);
}
