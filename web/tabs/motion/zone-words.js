// @ts-check
/** What the page says of zones: what one covers, what all of them mean, and how they are drawn and changed. */

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

/** Where motion counts. @param {Zone[]} zones @param {Coverage[]} covered @returns {{text: string, nowhere: boolean}} */
export function meaning(zones, covered) {
  const including = covered.filter((_, index) => zones[index].include);
  if (!zones.length) return { text: "There is no zone: motion counts in the whole picture. Draw zones where it counts, or where it is ignored, such as around a tree.", nowhere: false };
  if (!including.length) return { text: "Motion counts in the whole picture, but not in these zones.", nowhere: false };
  if (including.every((one) => one?.seen === "none")) return { text: "Motion counts nowhere in this picture: each zone where it counts is outside of it.", nowhere: true };
  if (including.length === zones.length) return { text: "Motion counts only in these zones.", nowhere: false };
  return { text: "Motion counts only in zones of that kind, except where another zone ignores it.", nowhere: false };
}

/** What to do next. @param {"rectangle" | "polygon" | null} kind  that is being drawn @param {number} count  corners of the polygon @param {boolean} selected  a zone is */
export function help(kind, count, selected) {
  if (kind === "rectangle") return "Drag from one corner of the rectangle to the opposite one. Escape cancels.";
  if (kind === "polygon" && !count) return "Click or tap the corners one after the other. Escape cancels.";
  if (kind === "polygon") return count < 3 ? "Continue with the next corner. Backspace removes the last one." : "Press Finish, Enter or the first corner to close the polygon.";
  if (selected) return "Drag the zone, a corner, or the + on an edge to add a corner. With the keyboard: Tab to the zone or a corner, then press the arrow keys.";
  return "";
}
