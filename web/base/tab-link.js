// @ts-check
/** A link to a tab of the page. */

import { el } from "./dom.js";

/**
 * @param {any} context  of the page
 * @param {string} tab
 * @param {string} text
 * @returns {HTMLAnchorElement}
 */
export function tabLink(context, tab, text) {
  const onclick = (/** @type {MouseEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // into a tab of the browser's
    event.preventDefault();
    context.go(tab);
  };
  return el("a", { href: new URL(tab, context.base).href, onclick, text });
}
