// @ts-check
/** Privacy masks: the button that opens their editor, which is loaded then. */

import { dialog } from "../../base/dialogs.js";
import { el } from "../../base/dom.js";
import { errorText } from "../../base/text.js";
import { loadPart } from "../../page/update.js";

const STYLES = ["picture/zones/picture.css", "picture/zones/zones.css", "tabs/settings/masks.css"];

/** @param {any} context @returns {HTMLElement} */
export function maskEditor(context) {
  /** Made once: the picture is loaded while its dialog is open. @type {{picture: any, zones: any} | null} */
  let editor = null;

  async function open() {
    try {
      editor ??= await loadPart(load, STYLES);
    } catch (error) {
      context.say(errorText(error), { error: true });
      return;
    }
    const { picture, zones } = editor;
    const opened = dialog(el("h2", { text: "Privacy masks" }), el("div", { class: "mask-editor" }, picture.element, zones.element));
    opened.classList.add("mask-dialog");
    picture.shown();
    opened.addEventListener("close", () => {
      zones.hidden();
      picture.hidden();
    });
  }

  async function load() {
    const [{ ZonePicture }, { Zones }, { PRIVACY }] = await Promise.all([
      import("../../picture/zones/picture.js"), import("../../picture/zones/zones.js"), import("../../picture/zones/zone-purpose.js"),
    ]);
    const picture = new ZonePicture(context);
    return { picture, zones: new Zones(context, picture, PRIVACY) };
  }

  return el("div", { class: "actions" }, el("button", { type: "button", text: "Draw on the picture", onclick: open }));
}
