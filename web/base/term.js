// @ts-check
/** A word that shows its technical name while it is pointed at, focused or touched. */

import { el, uniqueId } from "./dom.js";

/**
 * @param {string} word
 * @param {string} technical
 * @returns {HTMLElement}
 */
export function term(word, technical) {
  const tip = el("span", { class: "term-tip", role: "tooltip", id: uniqueId("tip") }, technical);
  const button = el("button", { type: "button", class: "term", "aria-describedby": tip.id }, word);
  const element = el("span", { class: "term-place" }, button, tip);
  // Safari does not focus a button that is touched or clicked.
  button.addEventListener("click", () => {
    button.focus();
    delete element.dataset.dismissed;
  });
  element.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Escape") element.dataset.dismissed = "";
  });
  for (const ended of ["focusout", "pointerleave"]) element.addEventListener(ended, () => delete element.dataset.dismissed);
  return element;
}
