// @ts-check
/**
 * The library as the page asks for it: pages of items, and what can be done with them.
 */

/** @typedef {import("./series.js").SeriesPictures} SeriesPictures */

/**
 * @typedef {object} Item
 * @property {string} id         its address below `library/`, each part to be percent-encoded
 * @property {string} day        of its folder: `2026-11-20`
 * @property {string} title      what a person has called it; may be empty
 * @property {string} name       of its file
 * @property {"photo" | "raw" | "video" | "motion" | "file"} kind  a file is what is none of the others
 * @property {string} time       when it was taken, ISO 8601 in UTC
 * @property {string} zone       of the camera's clock
 * @property {string | null} camera
 * @property {number} bytes
 * @property {boolean} favourite
 * @property {{summary: import("../timelapse/api.js").Summary, shot: import("../timelapse/api.js").Shot}} [series]  it is a picture of: not to be changed
 */

/**
 * @typedef {Item & {files: {name: string, bytes: number | null}[], preview: boolean,
 *   metadata: Record<string, any> | null}} Details
 */

/** @typedef {{deleted: string, id: string, title: string, kind: Item["kind"], time: string, zone: string}} Deleted */

/** @typedef {{kind?: string, camera?: string, day?: string, favourites?: boolean, series?: string}} Filter */

/** @typedef {{items: Item[], rest: string | null, cameras: string[], years: number[]}} Page */

const JOB_EVERY_MS = 300;

/** The kinds of items, for a person. */
export const KIND = { photo: "Photo", raw: "Raw photo", video: "Video", motion: "Motion recording", file: "File" };

export class Library {
  #api;
  #base;
  #series;

  /**
   * @param {{get: (path: string) => Promise<any>, send: (method: string, path: string, body?: any) => Promise<any>}} api
   * @param {string | URL} base  of the page
   * @param {SeriesPictures | null} [series]  for the pictures of series, too
   */
  constructor(api, base, series = null) {
    this.#api = api;
    this.#base = base;
    this.#series = series;
  }

  /**
   * Some items, newest first.
   * @param {Filter} filter
   * @param {string | null} start  `rest` of the page before
   * @param {number} [limit]
   * @returns {Promise<Page>}
   */
  page(filter, start, limit = 60) {
    if (filter.series && this.#series) return this.#series.page(filter.series, start, limit);
    const query = new URLSearchParams({ limit: String(limit) });
    for (const name of /** @type {const} */ (["kind", "camera", "day"])) if (filter[name]) query.set(name, filter[name]);
    if (filter.favourites) query.set("favourites", "1");
    if (start) query.set("start", start);
    return this.#api.get(`api/library?${query}`);
  }

  /**
   * @param {Item} item
   * @returns {Promise<Details>}
   */
  async details(item) {
    return item.series && this.#series ? this.#series.details(item) : this.#api.get(`api/library/items/${encoded(item.id)}`);
  }

  /**
   * @param {Item} item
   * @param {{favourite?: boolean, title?: string}} changes
   * @returns {Promise<Details>}
   */
  change(item, changes) {
    return this.#api.send("PATCH", `api/library/items/${encoded(item.id)}`, changes);
  }

  /**
   * Delete items into the trash.
   * @param {string[]} ids
   * @param {(done: number, total: number) => void} progress
   * @returns {Promise<{deleted: string, failed: {id: string, error: string}[]}>}  `deleted` brings them back
   */
  async delete(ids, progress) {
    const job = await this.#api.send("POST", "api/library/delete", { items: ids });
    return { deleted: job.deleted, failed: (await this.#ended(job, progress)).failed };
  }

  /**
   * Bring back what was deleted together.
   * @param {string} deleted
   * @returns {Promise<{failed: {id: string, error: string}[]}>}
   */
  async restore(deleted) {
    return this.#ended(await this.#api.send("POST", "api/library/restore", { deleted }), () => {});
  }

  /**
   * What lies in the trash, what was deleted last first.
   * @returns {Promise<Deleted[]>}
   */
  async trash() {
    return (await this.#api.get("api/library/trash")).items;
  }

  /** Delete for good what lies in the trash. */
  emptyTrash() {
    return this.#api.send("DELETE", "api/library/trash");
  }

  /**
   * Where a ZIP of these items can be had, and which files are not in it.
   * @param {string[]} ids
   * @returns {Promise<{address: string, leftOut: string[]}>}
   */
  async zip(ids) {
    const { zip, left_out } = await this.#api.send("POST", "api/library/zip", { items: ids });
    return { address: this.#address(zip), leftOut: left_out };
  }

  /**
   * @param {Item} item
   * @param {string} [what]  a query: `thumbnail`, `file=preview`, `download`
   */
  address(item, what = "") {
    return item.series && this.#series ? this.#series.address(item, what) : this.#address(`library/${encoded(item.id)}${what && `?${what}`}`);
  }

  /** @param {string} path */
  #address(path) {
    return new URL(path, this.#base).href;
  }

  /**
   * @param {any} job
   * @param {(done: number, total: number) => void} progress
   */
  async #ended(job, progress) {
    while (!job.ended) {
      progress(job.done, job.total);
      await new Promise((resolve) => setTimeout(resolve, JOB_EVERY_MS));
      job = await this.#api.get(`api/library/jobs/${job.job}`);
    }
    return job;
  }
}

/** A short word for what is no photo: `RAW`, `▶`, `MOTION`, `PDF`. @param {Item} item */
export function badge({ kind, name }) {
  if (kind === "file") return /\.(.{1,5})$/.exec(name)?.[1].toUpperCase() ?? "FILE";
  return { photo: "", raw: "RAW", video: "▶", motion: "MOTION" }[kind];
}

/** @param {string} id */
function encoded(id) {
  return id.split("/").map(encodeURIComponent).join("/");
}
