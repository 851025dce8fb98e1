// @ts-check
/** The motion recordings of one day, asked for page by page, and kept up to date. */

import { dayOf, page, zoneOf } from "./day-events.js";

/** @typedef {import("./day-events.js").Recording} Recording */

export class DayRecordings {
  /** By their ids. @type {Map<string, Recording>} */
  all = new Map();
  /** "": not known yet. */
  day = "";
  /** Of the camera's clock; "": not known yet. */
  zone = "";
  /** That the library has. @type {number[]} */
  years = [];
  /** Whether more pages are on their way. */
  more = false;
  #api;
  #changed;
  #asked = 0; // grows with each list: what is answered for an older one is dropped
  /** There may be newer ones than those on the first page. */
  #newer = false;

  /** @param {any} api @param {() => void} changed */
  constructor(api, changed) {
    this.#api = api;
    this.#changed = changed;
  }

  /**
   * Ask for all of a day; `changed` is called after each page.
   * @param {string} day  "": today
   * @param {() => number} now_ms  the time by the camera's clock
   */
  async load(day, now_ms) {
    const asked = ++this.#asked;
    try {
      await this.#load(day, now_ms, asked);
    } catch (error) {
      if (asked === this.#asked) throw error;
    } finally {
      if (asked === this.#asked) this.more = false;
    }
    if (this.#newer) await this.renew();
  }

  /** @param {string} day @param {() => number} now_ms @param {number} asked */
  async #load(day, now_ms, asked) {
    this.zone ||= await zoneOf(this.#api);
    if (asked !== this.#asked) return;
    const wanted = day || dayOf(now_ms(), this.zone);
    if (wanted !== this.day) this.all = new Map();
    this.day = wanted;
    /** @type {Map<string, Recording>} */
    const found = new Map();
    this.more = true;
    this.#newer = false;
    for (let start = /** @type {string | null} */ (""); start !== null;) {
      const { items, rest, zone, years } = await page(this.#api, wanted, start);
      if (asked !== this.#asked) return;
      for (const item of items) found.set(item.id, item);
      [this.zone, this.years, this.more, start] = [zone, years, rest !== null, rest];
      if (!this.more || found.size > this.all.size) this.all = new Map(found); // until then it is the list before
      this.#changed();
    }
  }

  /** Ask for the newest ones again. */
  async renew() {
    const asked = this.#asked;
    this.#newer = this.more; // once all pages are there
    if (!this.day || this.more) return;
    const answer = await page(this.#api, this.day, "").catch(() => null); // the next change asks again
    if (!answer || asked !== this.#asked) return;
    const since = answer.rest ? answer.items[answer.items.length - 1].time : "";
    const older = [...this.all.values()].filter(({ time }) => time < since);
    this.all = new Map([...answer.items, ...older].map((item) => [item.id, item]));
    this.#changed();
  }

  /** One is not what it was. @param {string} id  that it had @param {import("../photos/library.js").Item} now */
  replace(id, now) {
    const before = this.all.get(id);
    if (!before) return;
    this.all.delete(id);
    this.all.set(now.id, { ...now, event: before.event });
    this.#changed();
  }

  /** @param {string[]} ids */
  remove(ids) {
    for (const id of ids) this.all.delete(id);
    this.#changed();
  }
}
