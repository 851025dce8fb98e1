// @ts-check
/** Profiles in words: their conditions, which one is active and why, and when that changes. */

import { DAYS } from "../../motion/schedule-words.js";

/** An example to begin with. */
export const NIGHT = {
  name: "Night",
  when: { type: "lux", below: 10, until: 20, for_s: 120 },
  changes: { controls: { AeExposureMode: "Long" }, live: { framerate: 5 }, motion: { sensitivity: 3 } },
};

/** A condition as a sentence. @param {any} when */
export function whenWords({ type, from, to, weekdays = [], below, above, until }) {
  if (type === "manual") return "By hand only.";
  if (type === "times") {
    const days = DAYS.filter(([day]) => weekdays.includes(day)).map(([, name]) => name);
    return `${edge("From", from)} ${edge("to", to)}${days.length ? `, on ${days.join(", ")}` : ""}.`;
  }
  const [what, unit] = type === "lux" ? ["Brightness", "lx"] : ["Exposure × gain", "s"];
  return `${what} ${below === undefined ? "above" : "below"} ${below ?? above} ${unit}, until ${until} ${unit}.`;
}

/** `sunset+00:30` as "From 30 min after sunset". @param {string} word @param {string} time */
function edge(word, time) {
  const [, sun, side, hours, minutes] = /^(sunrise|sunset)(?:([+-])(\d\d):(\d\d))?$/.exec(time) ?? [];
  if (!sun) return `${word} ${time}`;
  const span = [Number(hours) && `${Number(hours)} h`, Number(minutes) && `${Number(minutes)} min`].filter(Boolean).join(" ");
  return span ? `${word} ${span} ${side === "+" ? "after" : "before"} ${sun}` : `${word} ${sun}`;
}

/** Which profile is active, why, and what comes next. @param {any} state  of the status; null: there are no profiles */
export function stateWords(state) {
  if (!state) return "";
  const { active, why, until, next, refused } = state;
  const name = (/** @type {string | null} */ profile) => profile ?? "the plain settings";
  const first = active ? `${active} is active` : "The plain settings are in force";
  const end = until ? `, until ${moment(until)}` : "";
  const then = next ? ` Next: ${name(next.profile)}, ${moment(next.time)}.` : "";
  const not = refused.map((/** @type {any} */ one) => ` ${one.name} is not used: ${one.reason}.`).join("");
  return `${first}: ${why}${end}.${then}${not}`;
}

/** @param {string} time  ISO 8601 */
function moment(time) {
  const date = new Date(time);
  const today = date.toDateString() === new Date().toDateString();
  return date.toLocaleString(undefined, today ? { timeStyle: "short" } : { weekday: "long", hour: "numeric", minute: "2-digit" });
}
