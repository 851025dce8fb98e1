// @ts-check
/** What the detector has seen in the last minute, and what that means, in words. */

import { IGNORED } from "./words.js";

/**
 * @typedef {object} Look
 * @property {number} number
 * @property {string} time  UTC
 * @property {number} level  blocks in the largest group that differs
 * @property {"" | "settling" | "light"} ignored
 * @property {boolean} motion
 */

/**
 * The answer of `api/motion/level`.
 * @typedef {object} Levels
 * @property {boolean} active  motion makes events now
 * @property {string | null} reason  why the detector sees nothing
 * @property {number} threshold  blocks that count
 * @property {Look[]} looks
 * @property {number} columns
 * @property {number} rows
 * @property {[number, number][]} blocks  those that count
 * @property {[number, number][]} others  those that differ and do not count
 * @property {string[] | null} mask
 */

export const MINUTE_MS = 60_000;

/** The looks of the last minute, as they come. */
export class History {
  /** Oldest first. @type {{at: number, look: Look}[]} */
  #looks = [];
  /** This device's clock (`performance.now()`) when the newest came. */
  #came = 0;

  /** The number of the newest. */
  get newest() {
    return this.#looks.at(-1)?.look.number ?? 0;
  }

  /** Take an answer: other looks, if they are of another run of the camera's daemon. @param {Look[]} looks */
  add(looks) {
    if (!looks.length) return;
    if (looks[0].number <= this.newest) this.#looks = [];
    this.#looks.push(...looks.map((look) => ({ at: Date.parse(look.time), look })));
    this.#came = performance.now();
  }

  /**
   * Each look with its age in milliseconds, oldest first.
   * @param {number} [now]  `performance.now()`
   */
  aged(now = performance.now()) {
    const newest = this.#looks.at(-1)?.at ?? 0;
    const aged = this.#looks.map(({ at, look }) => ({ ...look, age: newest - at + now - this.#came }));
    const kept = aged.filter(({ age }) => age <= MINUTE_MS);
    this.#looks = this.#looks.slice(aged.length - kept.length);
    return kept;
  }
}

/** @typedef {Look & {age: number}} AgedLook */

/** @param {number} count @param {string} one @param {string} [many] */
const counted = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

/** How often motion begins: it has begun again where there was none for longer than `after_s`. @param {AgedLook[]} looks @param {number} after_s */
function beginnings(looks, after_s) {
  const ages = looks.filter(({ motion }) => motion).map(({ age }) => age);
  return ages.filter((age, at) => at === 0 || ages[at - 1] - age > 1000 * after_s).length;
}

/**
 * What a person needs to know to choose the sensitivity, in sentences.
 * @param {AgedLook[]} looks  oldest first
 * @param {{active: boolean, reason: string | null, threshold: number}} levels
 * @param {number} after_s  an event ends so long after its last motion
 */
export function summary(looks, { active, reason, threshold }, after_s) {
  const counting = looks.filter(({ ignored }) => !ignored);
  if (reason && !counting.length) return `The detector sees nothing: ${reason}.`;
  const ignored = reason ? "" : looks.at(-1)?.ignored;
  if (ignored === "settling") return IGNORED.settling[1];
  if (ignored === "light") return "The light has changed. The detector waits until the picture is steady.";
  if (!counting.length) return "The detector is starting.";
  const seconds = Math.max(1, Math.round(counting[0].age / 1000));
  const span = seconds >= 55 ? "in the last minute" : `in the last ${counted(seconds, "second")}`;
  const count = beginnings(counting, after_s);
  const begun = ["", "once", "twice"][count] ?? `${count} times`;
  const still = counting.filter(({ motion }) => !motion);
  const weak = Math.max(0, ...still.map(({ level }) => level).filter((level) => level < threshold));
  const odd = still.some(({ level }) => level >= threshold);
  return [
    count ? `Motion ${active ? "began" : "would have begun"} ${begun} ${span}.` : `Nothing counted as motion ${span}.`,
    weak > 0 && `The strongest change that was not enough: ${weak} of ${counted(threshold, "block")}.`,
    odd && !count && "Some changes were strong enough, but too short, too small or too large, or they stayed in one place.",
    reason && `The detector sees nothing now: ${reason}.`,
  ].filter(Boolean).join(" ");
}
