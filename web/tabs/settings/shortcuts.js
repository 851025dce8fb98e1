// @ts-check
/** The switch for single-key shortcuts, stored in this browser. */

import { el, uniqueId } from "../../base/dom.js";
import { shortcutsOn, switchShortcuts } from "../../base/shortcuts.js";

/** @returns {HTMLElement} a row as those of the settings */
export function shortcutsSwitch() {
  const id = uniqueId("shortcuts");
  const input = el("input", { id, type: "checkbox", role: "switch", checked: shortcutsOn(), "aria-describedby": `${id}-hint` });
  input.addEventListener("change", () => switchShortcuts(input.checked));
  return el("div", { class: "setting" },
    el("label", { for: id, text: "Shortcut keys" }),
    el("div", { class: "setting-value" }, input),
    el("span", { class: "hint", id: `${id}-hint`, text: "Single keys such as L, S and F. Applies to this browser only." }));
}
