// @ts-check
/** A series in words: what it takes and when, its progress, and how long the card lasts. */

import { inZone, wall } from "../../base/camera-time.js";

/** @typedef {import("./api.js").Definition} Definition */
/** @typedef {import("./api.js").Summary} Summary */

/** Units of an interval, the largest first, in seconds. @type {[number, string][]} */
export const UNITS = [[86_400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];

export const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** What a state is called. */
export const STATES = { planned: "Planned", running: "Running", paused: "Paused", finished: "Finished", failed: "Failed" };

/** What varies, as a person says it. @type {Record<string, string>} */
const VARIED = { LensPosition: "focus", ExposureTime: "exposure", AnalogueGain: "gain", ExposureValue: "exposure" };

const ALL_DAYS = 7;
const SECONDS_A_DAY = 86_400;
const YEAR_DAYS = 365;

/** How many of something: "1 picture", "12 pictures". @param {number} count @param {string} word */
export const counted = (count, word) => `${count.toLocaleString("en")} ${count === 1 ? word : `${word}s`}`;

/** "a, b and c". @param {string[]} words */
const listed = (words) => words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;

/** An interval as a number of its largest whole unit. @param {number} seconds @returns {[number, number, string]} number, unit in seconds, its name */
export function inUnits(seconds) {
  const [unit, name] = UNITS.find(([size]) => seconds >= size && seconds % size === 0) ?? [1, "second"];
  return [seconds / unit, unit, name];
}

/** @param {number} seconds */
export function every(seconds) {
  const [number, , name] = inUnits(seconds);
  return number === 1 ? `every ${name}` : `every ${number.toLocaleString("en")} ${name}s`;
}

/** An edge of the daily window: "sunset-00:30" is "30 minutes before sunset". @param {string} edge */
function edgeWords(edge) {
  const parts = /^(sunrise|sunset)(?:([+-])(\d\d):(\d\d))?$/.exec(edge);
  if (!parts) return edge;
  const [, sun, sign, hours, minutes] = parts;
  const offset = Number(hours ?? 0) * 60 + Number(minutes ?? 0);
  return offset ? `${counted(offset, "minute")} ${sign === "-" ? "before" : "after"} ${sun}` : sun;
}

/** "Monday to Friday", "Saturday and Sunday". @param {number[]} days  0 is Monday */
function dayWords(days) {
  const sorted = [...days].sort((a, b) => a - b);
  const first = sorted[0];
  const run = sorted.length > 2 && sorted.every((day, index) => day === first + index);
  return run ? `${DAYS[first]} to ${DAYS[first + sorted.length - 1]}` : listed(sorted.map((day) => DAYS[day]));
}

/**
 * The whole plan in a sentence.
 * @param {Definition} definition
 * @param {Date} now
 * @param {string} zone  of the camera's clock
 */
export function sentenceOf({ interval_s = 60, start, end, shots, marks, weekdays, window, second_window: second, kind, fixed, smooth, vary }, now, zone) {
  const some = weekdays && weekdays.length < ALL_DAYS ? weekdays : null;
  const bracket = vary?.bracket ? `${vary.values.length} ` : "";
  const what = kind === "raw" ? `${bracket ? `${bracket}raw photos` : "A raw photo"}` : bracket ? `${bracket}photos` : "A photo";
  const when = window ? `${some ? "" : "each day "}${[window, second].flatMap((one) => one ? [`from ${edgeWords(one.from)} to ${edgeWords(one.to)}`] : []).join(" and ")}` : some ? "all day" : "day and night";
  const last = vary && !vary.bracket ? Math.min(vary.values.length, shots ?? Infinity) : shots;
  const limits = [end && `until ${moment(end, now, zone)}`, last && `for ${counted(last, "picture")}`].filter(Boolean);
  const begins = start && new Date(start) > now ? `from ${moment(start, now, zone)} on` : "";
  const parts = [
    `${what} ${every(interval_s)}${marks ? ", aligned to the clock" : ""}`, when, some && (some.length > 2 && dayWords(some).includes(" to ") ? dayWords(some) : `on ${dayWords(some)}`), begins,
    limits.length ? limits.join(" or ") : "until you finish it",
  ];
  const more = [
    vary && (vary.bracket ? `with ${VARIED[vary.control]} bracketed` : `with ${VARIED[vary.control]} changed from picture to picture`),
    smooth && "with an exposure that follows the light",
    fixed && "all with the exposure and colours of the first",
  ];
  return `${[...parts, ...more].filter(Boolean).join(", ")}.`;
}

/**
 * A moment: its time, and the day where that is not today.
 * @param {string} time  ISO 8601
 * @param {Date} now
 * @param {string} zone  of the camera's clock
 */
export function moment(time, now, zone) {
  const clock = inZone(time, zone, { timeStyle: new Date(time).getSeconds() ? "medium" : "short" });
  const days = dayNumber(time, zone) - dayNumber(now.getTime(), zone);
  if (days === 0) return clock;
  return `${days === 1 ? "tomorrow" : days === -1 ? "yesterday" : day(time, now, zone)}, ${clock}`;
}

/** A day: "3 March", with the year where it is another one. @param {string} time  ISO 8601 @param {Date} now @param {string} zone */
export function day(time, now, zone) {
  const year = wall(time, zone).slice(0, 4) === wall(now.getTime(), zone).slice(0, 4) ? undefined : "numeric";
  return inZone(time, zone, { day: "numeric", month: "long", year });
}

/** How long until then: "in 12 s", "in 3 min", "in 5 h", "in 3 days". @param {number} left_s */
export function within(left_s) {
  if (left_s < 1) return "now";
  if (left_s < 100) return `in ${Math.floor(left_s)} s`;
  if (left_s < 6000) return `in ${Math.floor(left_s / 60)} min`;
  if (left_s < 172_800) return `in ${Math.floor(left_s / 3600)} h`;
  return `in ${Math.floor(left_s / SECONDS_A_DAY)} days`;
}

/** A length of time: "0.4 s", "9 s", "1 min 5 s", "2 h 3 min". @param {number} seconds */
export function lasting(seconds) {
  if (seconds > 0 && seconds < 1) return `${Math.max(0.1, Math.round(seconds * 10) / 10)} s`;
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min${whole % 60 ? ` ${whole % 60} s` : ""}`;
  return `${Math.floor(whole / 3600)} h${Math.floor((whole % 3600) / 60) ? ` ${Math.floor((whole % 3600) / 60)} min` : ""}`;
}

/**
 * When the disk is full.
 * @param {string | null} full  ISO 8601; null: not before the series ends, or not within sight
 * @param {Date} now
 * @param {string} zone  of the camera's clock
 */
export function fills(full, now, zone) {
  if (!full) return "The disk has enough space.";
  const years = (Date.parse(full) - now.getTime()) / (YEAR_DAYS * SECONDS_A_DAY * 1000);
  return years > 2 ? "The disk has space for years." : `The disk will be full on ${day(full, now, zone)}.`;
}

/** How much of it is done, 0 to 1; null where it has no end. @param {Summary} summary */
export function share({ planned, taken, missed, state }) {
  if (state === "finished") return 1;
  return planned ? Math.min(1, (taken + missed) / planned) : null;
}

/** Days since the epoch, by the calendar there. @param {string | number} time @param {string} zone */
const dayNumber = (time, zone) => Date.parse(wall(time, zone).slice(0, 10)) / (SECONDS_A_DAY * 1000);
