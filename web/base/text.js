// @ts-check
/** Texts of errors, times, ages and sizes. Local time: this is a screen. */

/** How the server's text about a field begins where the field's label belongs before it. */
const CONTINUES_LABEL = /^(must|is|are|needs|has|holds|values|both)\b/;

/** A text of the server as a sentence: with a capital and a full stop. @param {string} text */
export const sentence = (text) => text && text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");

/**
 * What an error says, as a sentence.
 * @param {unknown} error  as it was thrown, or its text; "" gives ""
 * @param {string} [label]  of the field that it is about
 */
export function errorText(error, label) {
  const text = error instanceof Error ? error.message : String(error);
  return sentence(label && CONTINUES_LABEL.test(text) ? `${label} ${text}` : text);
}

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

/** Minutes and seconds, like `1:05`. @param {number} duration_ms */
export function duration(duration_ms) {
  const seconds = Math.max(0, Math.floor(duration_ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/**
 * A size like `3.4 MB`.
 * @param {number} bytes
 */
export function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) [bytes, unit] = [bytes / 1000, unit + 1];
  return `${bytes < 10 && unit ? bytes.toFixed(1) : Math.round(bytes)} ${units[unit]}`;
}
