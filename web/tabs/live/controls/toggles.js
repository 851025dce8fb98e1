// @ts-check
/** Toggle buttons, and the choice of what is shown over or beside the picture, remembered by this browser. */

import { el } from "../../../base/dom.js";
import { storedFlags, storeFlag } from "../../../base/storage.js";
import { readable, UNREADABLE } from "../../../picture/readable.js";

const KEY = "stillcam.view";
/** Name, words, and whether it is measured on the picture's pixels. @type {[string, string, string, boolean][]} */
const CHOICES = [
  ["histogram", "Histogram", "Distribution of brightness", true],
  ["zebra", "Zebra", "Stripes on over-exposed areas", true],
  ["grid", "Grid", "Rule of thirds", false],
];

/**
 * A button that is on or off.
 * @param {string} text
 * @param {(pressed: boolean) => void} changed
 * @returns {HTMLButtonElement}
 */
export function toggle(text, changed) {
  const button = el("button", { type: "button", class: "toggle", "aria-pressed": "false", text });
  button.addEventListener("click", () => {
    const pressed = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(pressed));
    changed(pressed);
  });
  return button;
}

/** The choices of what to show. */
export class ViewChoices {
  element = el("div", { class: "row view-choices", role: "group", "aria-label": "Show" });

  /**
   * @param {boolean} histogram  whether it is shown where this browser remembers nothing
   * @param {(name: string, shown: boolean) => void} changed  also called at first
   */
  constructor(histogram, changed) {
    /** @type {Record<string, boolean>} */
    const shown = { histogram, zebra: false, grid: false, ...storedFlags(KEY) };
    const problem = el("p", { class: "problem", hidden: readable(), text: `Histogram and zebra are off: ${UNREADABLE}.` });
    for (const [name, text, title, measured] of CHOICES) {
      const on = shown[name] && (readable() || !measured);
      const button = toggle(text, (pressed) => {
        storeFlag(KEY, name, pressed);
        changed(name, pressed);
      });
      button.title = title;
      button.disabled = measured && !readable();
      button.setAttribute("aria-pressed", String(on));
      this.element.append(button);
      changed(name, on);
    }
    this.element.append(problem);
  }
}
