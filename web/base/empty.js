// @ts-check
/** What a list shows while it is empty: why, and the button that changes that. */

import { el } from "./dom.js";

/**
 * @param {string} text
 * @param {{words: string, act: () => void} | null | false} [next]  what may be done by the person who sees it
 * @returns {HTMLElement}
 */
export function empty(text, next) {
  return el("div", { class: "empty" }, el("p", {}, text), next && el("button", { type: "button", onclick: next.act }, next.words));
}
