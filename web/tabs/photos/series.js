// @ts-check
/**
 * The pictures of a series as if they were items of the library: to look at and to
 * download. Commands for them are in the Timelapse tab.
 */

import { wall } from "../../base/camera-time.js";
import { SeriesApi } from "../timelapse/api.js";

/** @typedef {import("./library.js").Item} Item */
/** @typedef {import("./library.js").Details} Details */
/** @typedef {import("./library.js").Page} Page */
/** @typedef {import("../timelapse/api.js").Shot} Shot */
/** @typedef {import("../timelapse/api.js").Summary} Summary */

export class SeriesPictures {
  #api;
  #series;
  /** @type {Map<string, Summary>} */
  #summaries = new Map();

  /** @param {any} api @param {string | URL} base  of the page */
  constructor(api, base) {
    this.#api = api;
    this.#series = new SeriesApi(api, base);
  }

  /** Of all series that have pictures, by name. */
  async names() {
    const { series } = await this.#series.all();
    this.#summaries = new Map(series.filter((summary) => summary.last).map((summary) => [summary.name, summary]));
    return [...this.#summaries.keys()].sort();
  }

  /**
   * Some pictures, newest first.
   * @param {string} name  of a series
   * @param {string | null} start  `rest` of the page before
   * @param {number} limit
   * @returns {Promise<Page>}
   */
  async page(name, start, limit) {
    if (!start) await this.names(); // the newest one may be newer by now
    const summary = this.#summaries.get(name);
    const nothing = { items: [], rest: null, cameras: [], years: [] };
    if (!summary?.first || !summary.last) return nothing;
    const newest = start ? Number(start) : summary.last.n;
    const oldest = Math.max(summary.first.n, newest - limit + 1);
    const { shots } = await this.#api.get(`api/series/${encodeURIComponent(name)}/shots?start=${oldest}&limit=${limit}`);
    const wanted = shots.filter((/** @type {Shot} */ shot) => shot.n <= newest).reverse();
    return { ...nothing, items: wanted.map((/** @type {Shot} */ shot) => item(summary, shot)), rest: oldest > summary.first.n ? String(oldest - 1) : null };
  }

  /**
   * @param {Item} item
   * @returns {Details}
   */
  details(item) {
    const { shot } = /** @type {{shot: Shot}} */ (item.series);
    const files = shot.files.map((name) => ({ name: basename(name), bytes: null }));
    return { ...item, files, preview: true, metadata: { metadata: shot.metadata } };
  }

  /** @param {Item} item @param {string} what  as for an item of the library */
  address(item, what) {
    const { summary, shot } = /** @type {{summary: Summary, shot: Shot}} */ (item.series);
    const asked = what === "file=preview" ? "" : what === "download" && item.kind === "raw" ? "file=raw&download" : what;
    return this.#series.picture(summary, shot.n, asked);
  }
}

/**
 * @param {Summary} summary
 * @param {Shot} shot
 * @returns {Item}
 */
function item(summary, shot) {
  const { zone } = summary;
  const day = wall(shot.time, zone).slice(0, 10);
  return {
    id: `${summary.name}/${shot.n}`, day, title: "", name: basename(shot.files[0]), time: shot.time, zone, camera: null, bytes: shot.bytes, favourite: false,
    kind: shot.files.some((name) => name.endsWith(".dng")) ? "raw" : "photo", series: { summary, shot },
  };
}

/** @param {string} path */
const basename = (path) => path.slice(path.lastIndexOf("/") + 1);
