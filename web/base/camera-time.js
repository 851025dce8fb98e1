// @ts-check
/**
 * Formats times of library and series in the camera's time zone: the day of a photo is the camera's, so its time of
 * day must be too. The zone is named if the viewer's clock shows another time.
 */

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;

/** Cache: formatters are costly. @type {Map<string, Intl.DateTimeFormat>} */
const made = new Map();

/** @param {string} zone @param {Intl.DateTimeFormatOptions} options @param {string} [language]  the viewer's where there is none */
function formatter(zone, options, language) {
  const key = JSON.stringify([zone, options, language]);
  const known = made.get(key) ?? new Intl.DateTimeFormat(language, { ...options, timeZone: zone });
  made.set(key, known);
  return known;
}

/** A zone that this browser knows: browsers know IANA names, but not POSIX rules; UTC for those. @param {string} zone */
function known(zone) {
  try {
    formatter(zone, {});
    return zone;
  } catch {
    return "UTC";
  }
}

/**
 * Format a time.
 * @param {string | number} time  ISO 8601, or in ms since the epoch
 * @param {string} zone
 * @param {Intl.DateTimeFormatOptions} how
 */
export const inZone = (time, zone, how) => formatter(known(zone), how).format(new Date(time));

/** " (Europe/Berlin)" where the viewer's clock shows another time than that; else "". @param {string | number} time @param {string} zone */
export const zoneNote = (time, zone) =>
  ahead_ms(time, zone) === -new Date(time).getTimezoneOffset() * MINUTE_MS ? "" : ` (${known(zone)})`;

/** The local date and time in a zone: "2026-11-20T23:58:12". @param {string | number} time @param {string} zone */
export function wall(time, zone) {
  const two = "2-digit";
  const how = /** @type {const} */ ({ year: "numeric", month: two, day: two, hour: two, minute: two, second: two, hourCycle: "h23" });
  return formatter(known(zone), how, "sv-SE").format(new Date(time)).replace(" ", "T"); // Swedes write ISO 8601
}

/**
 * The inverse of `wall`, in ms since the epoch: the first of two such moments; for a time that is skipped, the moment
 * at which the clock is put forward. The server does the same.
 * @param {string} shown  as from `wall`; the seconds may be missing
 * @param {string} zone
 */
export function instant(shown, zone) {
  const utc = Date.parse(`${shown}Z`);
  const [before_ms, after_ms] = [-DAY_MS, DAY_MS].map((off) => ahead_ms(utc + off, zone));
  const there = [utc - before_ms, utc - after_ms].find((time) => time + ahead_ms(time, zone) === utc);
  if (there !== undefined) return there;
  let [before, after] = [utc - DAY_MS, utc + DAY_MS];
  while (after - before > SECOND_MS) {
    const middle = Math.floor((before + after) / 2 / SECOND_MS) * SECOND_MS;
    if (ahead_ms(middle, zone) === before_ms) before = middle;
    else after = middle;
  }
  return after;
}

/**
 * A day in the viewer's language: `Friday, 20 November 2026`.
 * @param {string} day
 */
export function dayName(day) {
  const [year, month, date] = day.split("-").map(Number);
  return new Date(year, month - 1, date).toLocaleDateString([], {
    weekday: "long", day: "numeric", month: "long", year: "numeric",
  });
}

/** The zone's offset from UTC, in ms. @param {string | number} time @param {string} zone */
function ahead_ms(time, zone) {
  const at = new Date(time).getTime();
  return Date.parse(`${wall(at, zone)}Z`) - Math.floor(at / SECOND_MS) * SECOND_MS;
}
