// @ts-check
/** The setting of the active camera, with a button that looks for more. */

import { el, fill } from "../../base/dom.js";
import { detectButton } from "../../page/detect.js";
import { settingRow } from "../../base/setting-row.js";

const NAME = "camera.index";

/**
 * @param {import("../../server/settings-store.js").SettingsStore} settings
 * @param {typeof import("../../server/api.js")} api
 */
export function cameraChoice(settings, api) {
  const place = el("div", {});
  /** What the choices are, as text. */
  let offered = "";
  let row = settingRow(settings, NAME);

  /** @param {{cameras: {index: number, model: string}[]}} found */
  function offer({ cameras }) {
    const choices = /** @type {[number, string][]} */ (cameras.map(({ index, model }) => [index, `${index}: ${model}`]));
    const now = settings.get(NAME);
    // A number is typed where no camera was found at all.
    if (choices.length && !choices.some(([index]) => index === now)) choices.push([now, `${now}: not found`]);
    if (JSON.stringify(choices) === offered) return;
    offered = JSON.stringify(choices);
    row = settingRow(settings, NAME, { choices: choices.length ? choices : undefined });
    fill(place, row.element);
  }

  fill(place, row.element);
  return {
    element: el("div", { class: "camera-choice" }, place, detectButton(api, offer)),
    show: () => row.show(),
    /** Offer what has been found meanwhile. */
    renew: () => api.get("api/cameras").then(offer, () => {}), // without the daemon there is nothing to offer
  };
}
