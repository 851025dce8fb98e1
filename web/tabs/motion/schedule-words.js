// @ts-check
/** The schedule of motion detection in words. */

const NAMES = { mon: "Monday", tue: "Tuesday", wed: "Wednesday", thu: "Thursday", fri: "Friday", sat: "Saturday", sun: "Sunday" };

/** The days of the week in order, by their names in the settings. @type {[string, string][]} */
export const DAYS = Object.entries(NAMES);

/** @param {{weekdays: string[], active_from: string, active_to: string}} motion */
export function scheduleWords({ weekdays, active_from: from, active_to: to }) {
  const days = DAYS.filter(([day]) => weekdays.includes(day)).map(([, name]) => name);
  const when = !days.length || days.length === DAYS.length ? "every day" : `on ${listed(days)}`;
  const hours = from === "00:00" && to === "24:00" ? "at all hours" : `from ${from} to ${to}${overnight(from, to) ? " of the next day" : ""}`;
  return `An armed camera looks for motion ${when}, ${hours}.`;
}

/** Both are times of day, and the end is before the start. @param {string} from @param {string} to */
const overnight = (from, to) => /^\d/.test(from) && /^\d/.test(to) && to <= from;

/** @param {string[]} words */
const listed = (words) => (words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`);
