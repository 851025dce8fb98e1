// @ts-check
/**
 * The Photos tab: all photos and videos, newest first, to filter, look at, download and delete.
 */

import { el, fill } from "../../base/dom.js";
import { errorText } from "../../base/text.js";
import { reveal, revealOpened } from "../../base/reveal.js";
import { calendar, counts } from "./calendar.js";
import { ending } from "./ending.js";
import { Filters } from "./filters.js";
import { Grid } from "./grid.js";
import { LargeView } from "./large-view.js";
import { Library } from "./library.js";
import { Selection } from "./selection.js";
import { SeriesPictures } from "./series.js";
import { Trash } from "./trash.js";
import { Unfinished } from "./unfinished.js";

/** @typedef {import("./library.js").Item} Item */

class Photos {
  #library;
  #series;
  #grid;
  #selection;
  #trash;
  #view;
  #filters = new Filters(() => this.#filtered());
  /** @type {string | null} */
  #rest = null;
  #asked = 0; // grows with each new list: what an older one answers is dropped
  #loading = false;
  #year = new Date().getFullYear();
  #context;
  #unfollow = () => {};

  #map = el("div", { class: "year-map" });
  #years = el("select", { "aria-label": "Year" });
  #calendar = el("details", { class: "year" }, el("summary", {}, "Calendar"), this.#years, this.#map);
  #zone = el("p", { class: "hint library-zone", hidden: true });
  #unfinished = new Unfinished();
  #wall = el("div", { class: "library" });
  /** Shown once the first items are there, or they would push it away. */
  #end = el("div", { class: "library-end", role: "status", hidden: true });

  /**
   * @param {HTMLElement} panel
   * @param {any} context
   */
  constructor(panel, context) {
    this.#context = context;
    this.#series = new SeriesPictures(context.api, context.base);
    this.#library = new Library(context.api, context.base, this.#series);
    this.#grid = new Grid(this.#wall, this.#library, { open: (item) => this.#view.show(item), choose: () => this.#selection.update() });
    this.#selection = new Selection(this.#grid, this.#library, context, () => this.#reload(), () => this.#trash.renew());
    this.#view = new LargeView([this.#library, context.session.may.control, {
      move: (from, direction) => this.#move(from, direction),
      changed: (before, now) => this.#grid.replace(before, now),
      remove: (item) => this.#removeShown(item),
      closed: (item) => this.#grid.focus(item),
    }], context.say);
    this.#wall.addEventListener("load", () => this.#view.prepare(), { capture: true, once: true }); // the first thumbnail is there
    this.#trash = new Trash(this.#library, context, () => this.#reload());
    this.#calendar.addEventListener("toggle", () => this.#calendar.open && this.#drawMap().then(() => reveal(this.#calendar)));
    revealOpened(panel);
    fill(panel, el("div", { class: "photos" }, this.#filters.element, this.#calendar,
      context.session.may.control && this.#trash.element, this.#selection.element, this.#zone, this.#unfinished.element, this.#wall, this.#end));
    this.#years.addEventListener("change", () => {
      this.#year = Number(this.#years.value);
      this.#drawMap();
    });
    new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && this.#more(), {
      rootMargin: "800px",
    }).observe(this.#end);
  }

  shown() {
    const ends = [
      this.#context.status.follow(["library"], () => this.#renew()),
      this.#context.status.subscribe((/** @type {any} */ { capture }) => this.#unfinished.show(capture.library?.videos ?? [], this.#filters.chosen)),
    ];
    this.#unfollow = () => ends.forEach((end) => end());
    this.#reload();
    this.#series.names().then((names) => this.#filters.offerSeries(names), () => {}); // an error is shown with the items
  }

  hidden() {
    this.#unfollow();
    this.#view.close();
  }

  #filtered() {
    this.#calendar.hidden = !!this.#filters.chosen.series;
    this.#reload();
    if (this.#calendar.open) this.#drawMap();
  }

  #reload() {
    this.#asked++;
    this.#loading = false;
    this.#rest = null;
    this.#grid.clear();
    this.#selection.update();
    this.#load(null);
  }

  /** Show what has changed in the library without scrolling. */
  async #renew() {
    const asked = this.#asked;
    const page = await this.#library.page(this.#filters.chosen, null).catch(() => null); // the next change asks again
    if (!page || asked !== this.#asked) return;
    if (!this.#grid.renew(page.items)) this.#reload();
    else if (!this.#rest && !this.#loading) fill(this.#end, ending(this.#grid.items, this.#filters, this.#context));
  }

  #more() {
    if (this.#rest && !this.#loading) this.#load(this.#rest);
  }

  /** @param {string | null} start */
  async #load(start) {
    const asked = this.#asked;
    this.#loading = true;
    this.#end.textContent = "…";
    try {
      const page = await this.#library.page(this.#filters.chosen, start);
      if (asked !== this.#asked) return;
      this.#grid.append(page.items);
      const zone = this.#grid.zoneNote;
      this.#zone.hidden = !zone;
      this.#zone.textContent = `Days and times are those of the camera${zone}.`;
      this.#rest = page.rest;
      this.#offer(page.cameras, page.years);
      fill(this.#end, !this.#rest && ending(this.#grid.items, this.#filters, this.#context));
    } catch (error) {
      if (asked !== this.#asked) return;
      this.#end.replaceChildren(`${errorText(error)} `, el("button", { type: "button", onclick: () => this.#load(start) }, "Try again"));
    } finally {
      if (asked === this.#asked) this.#loading = this.#end.hidden = false;
    }
    // The end may still be in sight, and an observer reports only changes.
    if (this.#rest && this.#end.getBoundingClientRect().top < innerHeight + 800 && this.#end.offsetParent) this.#more();
  }

  /**
   * @param {string[]} cameras
   * @param {number[]} years
   */
  #offer(cameras, years) {
    this.#filters.offer(cameras);
    if (years.length && String(years) !== [...this.#years.options].map((option) => option.value).join()) {
      if (!years.includes(this.#year)) this.#year = years[0];
      this.#years.replaceChildren(...years.map((year) => el("option", { value: year, selected: year === this.#year }, String(year))));
    }
  }

  async #drawMap() {
    const [year, chosen] = [this.#year, this.#filters.chosen];
    const isOld = () => year !== this.#year || JSON.stringify(chosen) !== JSON.stringify(this.#filters.chosen);
    try {
      const byDay = await counts(this.#context.api, year, chosen);
      if (isOld()) return;
      this.#map.replaceChildren(calendar(year, byDay, chosen, (day) => {
        this.#filters.day = day;
        this.#filtered();
      }));
    } catch (error) {
      this.#map.replaceChildren(el("p", { class: "problem" }, errorText(error)));
    }
  }

  /** @param {Item} item */
  async #removeShown(item) {
    const index = this.#grid.items.findIndex((one) => one.id === item.id);
    const next = this.#grid.items[index + 1] ?? this.#grid.items[index - 1];
    const gone = await this.#selection.remove([item.id]);
    if (!gone?.length || this.#view.item?.id !== item.id) return;
    if (next) this.#view.show(next);
    else this.#view.close();
  }

  /**
   * @param {Item} from
   * @param {-1 | 1} direction
   */
  async #move(from, direction) {
    const at = () => this.#grid.items.findIndex((item) => item.id === from.id);
    while (at() < 0 && this.#rest) await this.#load(this.#rest); // the list has begun again meanwhile
    const index = at();
    if (index < 0) return;
    if (index + direction >= this.#grid.items.length && this.#rest) await this.#load(this.#rest);
    const next = this.#grid.items[index + direction];
    if (next) this.#view.show(next);
  }
}

/** @type {import("../../page/tabs.js").Mount} */
export const mount = (panel, context) => new Photos(panel, context);
