// @ts-check
/**
 * Single-key shortcuts, which a person can switch off (WCAG 2.1.4: who speaks
 * to the computer would set them off by talking).
 */

const KEY = "stillcam.shortcuts";

/** Whether they are on; kept on this device. */
export function shortcutsOn() {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true; // storage is blocked
  }
}

/** @param {boolean} on */
export function switchShortcuts(on) {
  try {
    if (on) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, "off");
  } catch {
    // Storage is blocked: it stays as it is.
  }
}

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
