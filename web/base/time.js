// @ts-check
/** Times and ages in words. Local time: this is a screen. */

const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const DATE_AND_CLOCK = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/**
 * The time of day, with the date where that is not today's.
 * @param {Date} time
 * @param {Date} now
 */
export const clock = (time, now) =>
  (time.toDateString() === now.toDateString() ? CLOCK : DATE_AND_CLOCK).format(time);

/** @param {number} age_s  0 or more */
export function ago(age_s) {
  if (age_s < 1) return "now";
  if (age_s < 60) return `${Math.floor(age_s)} s ago`;
  if (age_s < 3600) return `${Math.floor(age_s / 60)} min ago`;
  if (age_s < 172_800) return `${Math.floor(age_s / 3600)} h ago`;
  return `${Math.floor(age_s / 86_400)} days ago`;
}
