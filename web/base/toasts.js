// @ts-check
/**
 * Short messages at the edge of the page: what was done, what went wrong.
 *
 * A modal dialog makes all that lies outside of it inert, and an element in full screen hides it: the messages lie
 * in the one that is on top.
 */

import { el, icon } from "./dom.js";
import { errorText } from "./text.js";

const SHOWN_MS = 6_000;
const SHOWN_WITH_UNDO_MS = 12_000;
/** The icon of a button that closes something. */
export const CROSS = "M6 6l12 12M18 6 6 18";

/** @type {HTMLElement | null} */
let place = null;
const found = () => (place ??= /** @type {HTMLElement} */ (document.getElementById("toasts")));

/** Move the messages into the element on top. */
export function raiseToasts() {
  const top = [...document.querySelectorAll("dialog[open]")].pop() ?? document.fullscreenElement ?? document.body;
  if (found().parentElement !== top) top.append(found());
}
document.addEventListener("fullscreenchange", raiseToasts);

/**
 * Say something. An error and an offer stay until they are dismissed; the rest goes by itself,
 * but not while it is pointed at or has the focus.
 * @param {string} text
 * @param {{error?: boolean, undo?: () => Promise<unknown>, offer?: {text: string, act: () => void}}} [how]
 *   `undo` and `offer` give it a button
 */
export function say(text, { error = false, undo, offer } = {}) {
  raiseToasts();
  for (const old of found().children) if (old.firstChild?.textContent === text) old.remove();
  let timer = 0;
  const stop = () => clearTimeout(timer);
  const start = () => {
    stop();
    if (!error && !offer) timer = setTimeout(() => toast.remove(), undo ? SHOWN_WITH_UNDO_MS : SHOWN_MS);
  };
  const undoIt = () => {
    toast.remove();
    undo?.().catch((failure) => say(errorText(failure), { error: true }));
  };
  const toast = el(
    "div",
    { class: "toast", role: error ? "alert" : "status", onpointerenter: stop, onpointerleave: start, onfocusin: stop, onfocusout: start },
    el("p", { text }),
    undo && el("button", { type: "button", onclick: undoIt, text: "Undo" }),
    offer && el("button", { type: "button", onclick: () => offer.act(), text: offer.text }),
    el("button", { type: "button", class: "plain", "aria-label": "Dismiss", onclick: () => toast.remove() }, icon(CROSS)),
  );
  found().append(toast);
  start();
}
