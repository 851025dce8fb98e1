// @ts-check
/** What the page says of zones: what one covers, and how they are drawn and changed. */

import { isRectangle } from "./zone.js";

/** @typedef {import("./zone.js").Zone} Zone */
/** @typedef {ReturnType<typeof import("./zone.js").coverage> | null} Coverage  null: the sensor is not known */

/** What a zone covers. @param {Zone} zone @param {Coverage} covered */
export function zoneWords(zone, covered) {
  const shape = isRectangle(zone) ? "rectangle" : `polygon with ${zone.points.length} corners`;
  if (!covered) return shape;
  const { share, seen, place } = covered;
  if (seen === "none") return `${shape}, outside of the picture: the camera is zoomed to another part`;
  const percent = share < 0.01 ? "less than 1 %" : `${Math.round(100 * share)} %`;
  return `${shape}, ${place}, ${percent} of the picture${seen === "part" ? ", and more outside of it" : ""}`;
}

/** What to do next. @param {"rectangle" | "polygon" | null} kind  that is being drawn @param {number} count  corners of the polygon @param {string} selected  the word for the one that is selected; "": none is */
export function help(kind, count, selected) {
  if (kind === "rectangle") return "Drag from one corner of the rectangle to the opposite one. Escape cancels.";
  if (kind === "polygon" && !count) return "Click or tap the corners one after the other. Escape cancels.";
  if (kind === "polygon") return count < 3 ? "Continue with the next corner. Backspace removes the last one." : "Press Finish, Enter or the first corner to close the polygon.";
  if (selected) return `Drag the ${selected}, a corner, or the + on an edge to add a corner. With the keyboard: Tab to the ${selected} or a corner, then press the arrow keys.`;
  return "";
}
