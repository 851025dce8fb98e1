// @ts-check
/** Times by the camera's clock in the forms of a series and of a film. */

import { instant, wall, zoneNote } from "../../base/camera-time.js";
import { el } from "../../base/dom.js";

/** An input of a time by the camera's clock. @param {string} label */
export function timeInput(label) {
  const input = el("input", { type: "datetime-local", "aria-label": label });
  return {
    input,
    /** @param {string | number} time  ISO 8601, or in ms since the epoch @param {string} zone */
    write: (time, zone) => (input.value = wall(time, zone).slice(0, "2026-11-20T23:58".length)),
    /** @param {string} zone @returns {string | null} ISO 8601; null: there is none */
    read: (zone) => (input.value ? new Date(instant(input.value, zone)).toISOString() : null),
  };
}

/** "By the camera’s clock (Europe/Berlin)." where the viewer's shows another time; else "". @param {string} zone */
export function clockHint(zone) {
  const note = zoneNote(Date.now(), zone);
  return note && `By the camera’s clock${note}.`;
}
