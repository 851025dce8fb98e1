// @ts-check
/** A video in words: how long it has been recorded, how fast it fills the disk, and how much of its MP4 there is. */

import { size } from "../../base/text.js";
import { lasting } from "../timelapse/words.js";

/**
 * @typedef {{since: string, left_s?: number | null, bytes_per_s: number, room_s?: number | null, dropped: number}} Recording
 * @typedef {{kind: "video" | "motion", progress: number}} Encoding
 */

/**
 * What is read aloud, and what changes every second; null: there is no video now.
 * @param {{recording?: Recording | null, taking?: any, library?: {encoding?: Encoding | null}}} capture
 * @param {number} now_ms
 * @returns {[string, string] | null}
 */
export function videoWords({ recording, taking, library }, now_ms) {
  const encoding = library?.encoding;
  if (recording) return recorded(recording, now_ms);
  return !taking && encoding?.kind === "video" ? ["Creating the MP4", `: ${Math.floor(100 * encoding.progress)} %`] : null;
}

/** @param {Recording} recording @param {number} now_ms @returns {[string, string]} */
function recorded({ since, left_s, bytes_per_s, room_s, dropped }, now_ms) {
  const left = typeof left_s !== "number" ? "" : `, ${Math.ceil(left_s)} s left`;
  const room = typeof room_s !== "number" ? "" : `, room for ${lasting(room_s > 120 ? 60 * Math.round(room_s / 60) : room_s)}`;
  return [
    dropped ? "The card is too slow for this video. Recording" : "Recording",
    ` for ${Math.max(0, Math.round((now_ms - Date.parse(since)) / 1000))} s${left}: ${size(bytes_per_s)}/s${room}${dropped ? `, ${dropped} frames lost` : ""}`,
  ];
}
