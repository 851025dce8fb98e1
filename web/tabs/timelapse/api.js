// @ts-check
/**
 * Series and films as the page asks for them: what there is, what was taken, and what can be done with them.
 */

/**
 * What a person asked for; what is missing or null has its default.
 * @typedef {object} Definition
 * @property {string} name
 * @property {number} [interval_s]
 * @property {string | null} [start]         ISO 8601
 * @property {string | null} [end]
 * @property {number | null} [shots]         how many are wanted
 * @property {boolean} [marks]               on the dial's marks, not from the start on
 * @property {number[] | null} [weekdays]    0 is Monday
 * @property {{from: string, to: string} | null} [window]  "08:30", "sunset", "sunrise-00:30"
 * @property {{from: string, to: string} | null} [second_window]  of the same days
 * @property {{latitude: number, longitude: number} | null} [place]
 * @property {"photo" | "raw"} [kind]
 * @property {boolean} [fixed]               exposure and white balance of the first shot for all
 * @property {{brightness?: number | null, longest_s?: number | null, gain?: number | null, step_ev?: number | null} | null} [smooth]  follow the light
 * @property {{control: string, values: number[], bracket?: boolean} | null} [vary]
 * @property {{rule: "all" | "days" | "thin", days?: number} | null} [keep]
 * @property {boolean} [daily_film]
 */

/**
 * How a series is.
 * @typedef {object} Summary
 * @property {string} name
 * @property {"planned" | "running" | "paused" | "finished" | "failed"} state
 * @property {string | null} why
 * @property {string} created
 * @property {string} zone                     the time zone of its clock
 * @property {number} taken
 * @property {number} missed
 * @property {number} bytes
 * @property {{n: number, time: string} | null} first  the oldest shot that is still there
 * @property {{n: number, time: string} | null} last   the newest
 * @property {string | null} next              when the next shot is due
 * @property {string | null} ends
 * @property {number | null} planned           how many it will have, where that is known
 * @property {Definition} definition
 * @property {{bytes_per_day: number, full: string | null}} forecast
 */

/** @typedef {{n: number, time: string, due: string, bytes: number, files: string[], metadata: Record<string, any>}} Shot */

/** @typedef {{from: string, to: string, step_s: number, taken: number[], missed: number[], planned: number[]}} Timeline */

/** @typedef {{shots_per_day: number, bytes_per_shot: number | null, bytes_per_day: number | null, full: string | null, next: string[], ends: string | null, zone: string, warning: string | null}} Check */

/**
 * @typedef {object} Film
 * @property {string} id
 * @property {"film" | "sheet" | "keogram" | "trails"} kind
 * @property {"waiting" | "running" | "done" | "failed"} state
 * @property {number} progress                0 to 1
 * @property {number | null} left_s
 * @property {string | null} error
 * @property {string | null} made
 * @property {number | null} bytes
 * @property {number | null} duration_s
 * @property {number | null} skipped          pictures that could not be read
 * @property {string[] | null} left_out       the first of these by name, each with the reason
 */

/** @typedef {"start" | "pause" | "resume" | "finish"} Command */

export class SeriesApi {
  #api;
  #base;

  /**
   * @param {{get: (path: string) => Promise<any>, send: (method: any, path: string, body?: any) => Promise<any>}} api
   * @param {string | URL} base  of the page
   */
  constructor(api, base) {
    this.#api = api;
    this.#base = base;
  }

  /** @returns {Promise<{series: Summary[], now: string, zone: string}>} */
  all() {
    return this.#api.get("api/series");
  }

  /** What would come of it; nothing is kept. @param {Definition} definition @returns {Promise<Check>} */
  check(definition) {
    return this.#api.send("POST", "api/series/check", definition);
  }

  /** @param {Definition} definition @returns {Promise<Summary>} */
  create(definition) {
    return this.#api.send("POST", "api/series", definition);
  }

  /** @param {string} name @param {Partial<Definition>} changes @returns {Promise<Summary>} */
  change(name, changes) {
    return this.#api.send("PATCH", `api/series/${part(name)}`, changes);
  }

  /** @param {string} name @param {Command} command @returns {Promise<Summary>} */
  act(name, command) {
    return this.#api.send("POST", `api/series/${part(name)}/state`, { do: command });
  }

  /** Delete it with all its pictures and films. @param {string} name */
  delete(name) {
    return this.#api.send("DELETE", `api/series/${part(name)}`);
  }

  /**
   * The first shot from this number on; null: there is none.
   * @param {string} name
   * @param {number} n
   * @returns {Promise<Shot | null>}
   */
  async shot(name, n) {
    return (await this.#api.get(`api/series/${part(name)}/shots?start=${n}&limit=1`)).shots[0] ?? null;
  }

  /** @param {string} name @param {number} buckets @returns {Promise<Timeline>} */
  timeline(name, buckets) {
    return this.#api.get(`api/series/${part(name)}/timeline?buckets=${buckets}`);
  }

  /**
   * Where a shot's picture is: a browser may keep it for good, since a series created again has another `created`.
   * @param {Summary} summary
   * @param {number} n
   * @param {string} [what]  a query: `thumbnail`, `file=raw`, `download`
   */
  picture({ name, created }, n, what = "") {
    return new URL(`series/${part(name)}/shots/${n}?v=${part(created)}${what && `&${what}`}`, this.#base).href;
  }

  /**
   * Where the ZIP of some shots is, and how large it is.
   * @param {string} name
   * @param {Record<string, any>} limits  `first`, `last`, `from`, `to`; empty ones do not count
   * @returns {Promise<{address: string, bytes: number, shots: number, first: number, last: number}>}
   */
  async zip(name, limits) {
    const given = Object.entries(limits).filter(([, value]) => value !== null && value !== "" && value !== undefined);
    const { zip, ...about } = await this.#api.get(`api/series/${part(name)}/zip?${new URLSearchParams(given)}`);
    return { ...about, address: new URL(zip, this.#base).href };
  }

  /** The films of a series, newest first. @param {string} name @returns {Promise<Film[]>} */
  async films(name) {
    const { films } = await this.#api.get(`api/films?series=${part(name)}`);
    return films.sort((/** @type {Film} */ one, /** @type {Film} */ other) => (one.id < other.id ? 1 : -1));
  }

  /** @param {Record<string, any>} options @returns {Promise<Film>} */
  make(options) {
    return this.#api.send("POST", "api/films", options);
  }

  /** Cancel a film that is being made, or delete one that is there. @param {string} id */
  remove(id) {
    return this.#api.send("DELETE", `api/films/${part(id)}`);
  }

  /** Where a film is. @param {string} id @param {string} [what]  a query: `download` */
  film(id, what = "") {
    return new URL(`films/${part(id)}${what && `?${what}`}`, this.#base).href;
  }
}

const part = encodeURIComponent;
