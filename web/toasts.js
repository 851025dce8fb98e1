// @ts-check
/** Short messages at the edge of the page: what was done, what went wrong. */

import { el, icon } from "./dom.js";

const SHOWN_MS = 6_000;
const SHOWN_WITH_UNDO_MS = 12_000;
const CROSS = "M6 6l12 12M18 6 6 18";

/**
 * Say something. An error stays until it is dismissed; the rest goes by itself,
 * but not while it is pointed at or has the focus.
 * @param {string} text
 * @param {{error?: boolean, undo?: () => Promise<unknown>}} [how]  `undo` gives it a button
 */
export function say(text, { error = false, undo } = {}) {
  const place = /** @type {HTMLElement} */ (document.getElementById("toasts"));
  for (const old of place.children) if (old.firstChild?.textContent === text) old.remove();
  let timer = 0;
  const stop = () => clearTimeout(timer);
  const start = () => {
    stop();
    if (!error) timer = setTimeout(() => toast.remove(), undo ? SHOWN_WITH_UNDO_MS : SHOWN_MS);
  };
  const undoIt = () => {
    toast.remove();
    undo?.().catch((/** @type {Error} */ failure) => say(failure.message, { error: true }));
  };
  const toast = el(
    "div",
    { class: "toast", role: error ? "alert" : "status", onpointerenter: stop, onpointerleave: start, onfocusin: stop, onfocusout: start },
    el("p", { text }),
    undo && el("button", { type: "button", onclick: undoIt, text: "Undo" }),
    el("button", { type: "button", class: "plain", "aria-label": "Dismiss", onclick: () => toast.remove() }, icon(CROSS)),
  );
  place.append(toast);
  start();
}
