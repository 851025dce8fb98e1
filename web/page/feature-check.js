// @ts-check
/** Stops the page's modules before anything else runs if the browser lacks an interface; page/fallback.js then takes over. */

/** @type {[string, boolean][]} */
const NEEDED = [
  ["createImageBitmap", "createImageBitmap" in window],
  ["ResizeObserver", "ResizeObserver" in window],
  ["AbortController", "AbortController" in window],
  ["replaceChildren", "replaceChildren" in Element.prototype],
  ["<dialog>", "HTMLDialogElement" in window],
  ["Array.at", "at" in Array.prototype],
];

const lacking = NEEDED.filter(([, there]) => !there).map(([name]) => name);
if (lacking.length) throw new Error(`${lacking.join(", ")} missing`);
