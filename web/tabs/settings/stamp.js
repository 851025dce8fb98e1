// @ts-check
/** The button in the card of the stamp that shows its preview, which is loaded then. */

import { el } from "../../base/dom.js";
import { errorText } from "../../base/text.js";
import { loadPart } from "../../page/update.js";

/** @param {any} context @returns {HTMLElement[]} the button, and the place of the preview below it */
export function stampPreview(context) {
  const place = el("div", { class: "stamp-preview", id: "stamp-preview", hidden: true });
  const button = el("button", { type: "button", text: "Preview", "aria-expanded": "false", "aria-controls": place.id, onclick: toggle });
  /** @type {{renew: () => void} | null} */
  let preview = null;

  async function toggle() {
    place.hidden = !place.hidden;
    button.setAttribute("aria-expanded", String(!place.hidden));
    try {
      preview ??= (await loadPart(() => import("./stamp-preview.js"), ["tabs/settings/stamp-preview.css"])).show(context, place);
      preview.renew();
    } catch (error) {
      context.say(errorText(error), { error: true });
    }
  }

  return [el("div", { class: "actions" }, button), place];
}
