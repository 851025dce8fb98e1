// @ts-check
/** What the Live tab shows its owner while there is no camera. */

import { el } from "../../base/dom.js";
import { detectButton, NO_CAMERA, PLUGGED_IN } from "../../page/detect.js";

/** @param {any} context @returns {HTMLElement} */
export function noCamera({ api }) {
  return el("div", { class: "card empty" }, el("p", {}, `${NO_CAMERA} ${PLUGGED_IN}`), detectButton(api, () => {}));
}
