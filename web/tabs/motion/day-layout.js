// @ts-check
/** Where the events of a day lie on its timeline: cards without overlap, marks, and times beside them. */

import { instant, inZone, wall } from "../../base/camera-time.js";

/** @typedef {import("./day-events.js").MotionEvent} MotionEvent */
/** @typedef {{from: number, to: number}} Range  in ms since the epoch */
/** @typedef {{place: number, events: MotionEvent[]}} Cluster  one event or several, whose card begins at `place` in pixels */

const STEPS_S = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 10_800, 21_600]; // each divides a day
const UNITS = 10_000; // of the marks' drawing
const LEAST = UNITS / 800; // of a mark: a short event is seen, too

/**
 * The cards of a range: events whose cards would overlap share one.
 * @param {MotionEvent[]} events  oldest first
 * @param {Range} range
 * @param {{length: number, size: number, room?: number}} pixels  of the timeline, of a card, and up to where cards may go
 * @returns {Cluster[]}
 */
export function clusters(events, { from, to }, { length, size, room = length }) {
  /** @type {Cluster[]} */
  const found = [];
  for (const event of events) {
    if (event.start < from || event.start > to) continue;
    const place = Math.max(0, Math.min(((event.start - from) / (to - from)) * length, room - size));
    const last = found[found.length - 1];
    if (last && place < last.place + size) last.events.push(event);
    else found.push({ place, events: [event] });
  }
  return found;
}

/**
 * The range of a day: also of events that began before or after it, where the camera's zone has been changed since, or
 * an event at midnight.
 * @param {Range} day
 * @param {MotionEvent[]} events  oldest first
 * @returns {Range}
 */
export function extended({ from, to }, events) {
  if (!events.length) return { from, to };
  return { from: Math.min(from, events[0].start), to: Math.max(to, events[events.length - 1].start) };
}

/**
 * The range that shows these events apart, with some room around them.
 * @param {MotionEvent[]} events  two or more, oldest first
 * @param {Range} day  that they are of
 * @returns {Range}
 */
export function around(events, day) {
  const [first, last] = [events[0].start, events[events.length - 1].start];
  const margin = (last - first) / 8;
  return { from: Math.max(day.from, first - margin), to: Math.min(day.to, last + margin) };
}

/**
 * A range of the same length with `time` in its middle, within the day.
 * @param {Range} range
 * @param {number} time
 * @param {Range} day
 * @returns {Range}
 */
export function moved({ from, to }, time, day) {
  const long = to - from;
  const begin = Math.max(day.from, Math.min(time - long / 2, day.to - long));
  return { from: begin, to: begin + long };
}

/**
 * Round times of a range, and their places as parts of it.
 * @param {Range} range
 * @param {string} zone
 * @param {number} most  how many there is room for
 * @returns {{place: number, text: string}[]}
 */
export function ticks({ from, to }, zone, most) {
  const step_ms = 1000 * (STEPS_S.find((step_s) => (to - from) / 1000 / step_s <= most) ?? STEPS_S[STEPS_S.length - 1]);
  const day = wall(from, zone).slice(0, 10);
  const midnight = Date.parse(`${day}T00:00Z`);
  const first = Math.ceil((Date.parse(`${wall(from, zone)}Z`) - midnight) / step_ms);
  const found = new Map();
  for (let number = first; ; number++) {
    const shown = new Date(midnight + number * step_ms).toISOString().slice(0, 19);
    const time = instant(shown, zone);
    if (time >= to) return [...found.values()]; // there is no room for the text of the last one
    const text = inZone(time, zone, { timeStyle: step_ms < 60_000 ? "medium" : "short" });
    if (time >= from) found.set(time, { place: (time - from) / (to - from), text }); // a skipped time is where the clock is put forward
  }
}

/**
 * The drawing of marks, from the first to the last moment of each event.
 * @param {{start: number, end: number | null}[]} events
 * @param {Range} range
 * @param {boolean} upright  the time runs downwards
 */
export function marks(events, { from, to }, upright) {
  const scale = (/** @type {number} */ time) => Math.max(0, Math.min(UNITS, ((time - from) / (to - from)) * UNITS));
  return events.filter(({ start, end }) => start <= to && (end ?? start) >= from).map(({ start, end }) => {
    const begin = Math.min(scale(start), UNITS - LEAST);
    const until = Math.max(scale(end ?? start), begin + LEAST).toFixed(1);
    return upright ? `M5 ${begin.toFixed(1)}V${until}` : `M${begin.toFixed(1)} 5H${until}`;
  }).join("");
}

/** The box of that drawing. @param {boolean} upright */
export const box = (upright) => (upright ? `0 0 10 ${UNITS}` : `0 0 ${UNITS} 10`);
