// @ts-check
/**
 * Single-key shortcuts, which a person can switch off (WCAG 2.1.4: who speaks
 * to the computer would set them off by talking).
 */

import { store, stored } from "./storage.js";

const KEY = "stillcam.shortcuts";

/** Whether they are on; stored in this browser. */
export const shortcutsOn = () => stored(KEY) !== "off";

/** @param {boolean} on */
export const switchShortcuts = (on) => store(KEY, on ? null : "off");

/**
 * Whether `event` is a shortcut: a key by itself, pressed where it has no other meaning.
 * @param {KeyboardEvent} event
 */
export function isShortcut(event) {
  const { target } = event;
  const typing = target instanceof Element && target.closest("input, textarea, select, [contenteditable], [role=slider]");
  const modified = event.ctrlKey || event.metaKey || event.altKey;
  const elsewhere = document.querySelector("dialog[open]") !== null;
  return !typing && !modified && !event.repeat && !elsewhere && shortcutsOn();
}
