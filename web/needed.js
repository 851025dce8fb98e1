// @ts-check
/** Ends the page's modules before anything else of them runs where the browser lacks an interface: see picture-alone.js. */

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
