// @ts-check
/** What zones over the picture are for: where motion counts, or what nobody sees. */

import { maskOf, maskText, textOf, zoneOf } from "./zone.js";

/** @typedef {import("./zone.js").Zone} Zone */
/** @typedef {import("./zone-words.js").Coverage} Coverage */

/**
 * @typedef {object} Purpose
 * @property {[string, string]} setting    section and name
 * @property {(text: string) => Zone} parse  a row of the setting
 * @property {(zone: Zone) => string} text
 * @property {string} title
 * @property {string} word                 what one of them is called
 * @property {[string, string][]} kinds    of them, with their words in the list; none: all are of one kind
 * @property {(zones: Zone[], covered: Coverage[]) => {text: string, nowhere: boolean}} meaning  of all of them; `nowhere`: that is probably not what was meant
 */

/** @type {Purpose} */
export const MOTION = {
  setting: ["motion", "zones"],
  parse: zoneOf,
  text: textOf,
  title: "Zones",
  word: "Zone",
  kinds: [["include", "Motion counts"], ["exclude", "Motion is ignored"]],
  meaning,
};

/** @type {Purpose} */
export const PRIVACY = {
  setting: ["privacy", "masks"],
  parse: maskOf,
  text: maskText,
  title: "Privacy masks",
  word: "Mask",
  kinds: [],
  meaning: (masks) => ({
    text: masks.length
      ? "Masks are black in every picture from now on. They cover a few pixels more than you draw, never less."
      : "There is no mask. Draw one over what nobody should see, such as a neighbour's window.",
    nowhere: false,
  }),
};

/** Where motion counts. @param {Zone[]} zones @param {Coverage[]} covered @returns {{text: string, nowhere: boolean}} */
function meaning(zones, covered) {
  const including = covered.filter((_, index) => zones[index].include);
  if (!zones.length) return { text: "There is no zone: motion counts in the whole picture. Draw zones where it counts, or where it is ignored, such as around a tree.", nowhere: false };
  if (!including.length) return { text: "Motion counts in the whole picture, but not in these zones.", nowhere: false };
  if (including.every((one) => one?.seen === "none")) return { text: "Motion counts nowhere in this picture: each zone where it counts is outside of it.", nowhere: true };
  if (including.length === zones.length) return { text: "Motion counts only in these zones.", nowhere: false };
  return { text: "Motion counts only in zones of that kind, except where another zone ignores it.", nowhere: false };
}
