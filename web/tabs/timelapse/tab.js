// @ts-check
/** The Timelapse tab: all series, one of them (its name behind the # of the address), or the form of one. */

import { el, fill } from "../../base/dom.js";
import { errorText } from "../../base/text.js";
import { SeriesApi } from "./api.js";
import { SeriesForm } from "./form.js";
import { SeriesList } from "./list.js";
import { SeriesShow } from "./show.js";

/** @typedef {import("./api.js").Summary} Summary */

const SECOND_MS = 1_000;

class Series {
  #context;
  #series;
  #list;
  #show;
  /** @type {SeriesForm | null} */
  #form = null;
  /** @type {Summary[]} */
  #all = [];
  /** By how much the camera's clock is ahead of this device's. */
  #ahead_ms = 0;
  /** Of its clock. */
  #zone = "UTC";
  #shown = false;
  #ticker = 0;
  #unfollow = () => {};
  /** They are being asked for; and, meanwhile, something has changed. */
  #asking = { now: false, again: false };
  /** The series whose pictures and films were asked for last. */
  #at = "";

  #place = el("div", { class: "series-place" });
  #problem = el("p", { class: "problem series-problem", role: "status" });
  #nothing = el("div", { class: "card series-none", hidden: true }, el("h3", { text: "Pictures at regular times, and films of them" }),
    el("p", { text: "A series takes a picture every few seconds, minutes or hours: a day’s clouds, a building site, a flower that opens. It continues after a power cut." }));
  #all_element;

  /** @param {HTMLElement} panel @param {any} context */
  constructor(panel, context) {
    this.#context = context;
    this.#series = new SeriesApi(context.api, context.base);
    const address = (/** @type {string} */ name) => `${new URL("timelapse", context.base).href}${name && `#${encodeURIComponent(name)}`}`;
    this.#list = new SeriesList(this.#series, address);
    this.#show = new SeriesShow(this.#series, context, {
      back: `${address("")}#`, change: (summary) => this.#edit(summary), changed: (summary) => this.#replace(summary),
      deleted: (name) => {
        this.#all = this.#all.filter((summary) => summary.name !== name);
        location.hash = "";
      },
    });
    const may = context.session.may.control;
    const create = (/** @type {string} */ text, kind = "") => el("button", { type: "button", class: kind, onclick: () => this.#edit(null), text });
    this.#nothing.append(may ? create("Create the first series") : el("p", { text: "There is no series yet. It appears here once an owner starts one." }));
    this.#all_element = el("div", { class: "series-all" },
      el("header", { class: "series-head" }, el("h2", { text: "Timelapse" }),
        may && create("New series", "primary new-series")),
      this.#nothing, this.#list.element);
    fill(panel, el("div", { class: "series" }, this.#problem, this.#place));
    fill(this.#place, this.#all_element);
    addEventListener("hashchange", () => this.#shown && this.#navigate());
  }

  shown() {
    this.#shown = true;
    this.#ticker = window.setInterval(() => this.#tick(), SECOND_MS);
    this.#unfollow = this.#context.status.follow(["series", "films"], () => this.#renew());
    this.#renew();
  }

  hidden() {
    this.#shown = false;
    this.#unfollow();
    clearInterval(this.#ticker);
    this.#show.stop();
  }

  get #now_ms() {
    return Date.now() + this.#ahead_ms;
  }

  /** The series that the address names. */
  get #chosen() {
    return decoded(location.hash.slice(1));
  }

  /** Ask and draw. */
  async #renew() {
    this.#asking.again = this.#asking.now;
    if (this.#asking.again) return;
    this.#asking.now = true;
    try {
      const { series, now, zone } = await this.#series.all();
      this.#all = series;
      this.#zone = zone;
      this.#ahead_ms = Date.parse(now) - Date.now();
      this.#problem.textContent = "";
      this.#draw();
      if (!this.#form && this.#at) await this.#show.renew(this.#now_ms);
    } catch (error) {
      this.#problem.textContent = errorText(error);
    }
    this.#asking.now = false;
    if (this.#asking.again && this.#shown) this.#renew();
  }

  #tick() {
    if (document.hidden) return;
    this.#list.tick(this.#now_ms);
    this.#show.tick(this.#now_ms);
  }

  #draw() {
    if (this.#form) return;
    const chosen = this.#all.find(({ name }) => name === this.#chosen);
    if (chosen) this.#show.show(chosen, this.#now_ms);
    else this.#list.show(this.#all, this.#now_ms);
    this.#nothing.hidden = this.#all.length > 0;
    this.#bring(chosen ? this.#show.element : this.#all_element);
    const before = this.#at;
    this.#at = chosen?.name ?? "";
    if (before && !chosen) this.#show.stop();
  }

  /** @param {HTMLElement} element */
  #bring(element) {
    if (this.#place.firstElementChild !== element) fill(this.#place, element);
  }

  /** Another series, or all of them, by a link or by Back. */
  #navigate() {
    const before = this.#at;
    this.#close();
    this.#draw();
    scrollTo(0, 0);
    if (this.#at) this.#show.focus();
    else this.#list.focus(before);
    this.#renew();
  }

  /** @param {Summary | null} summary  null: a new one */
  #edit(summary) {
    this.#form = new SeriesForm(this.#series, summary, summary?.zone ?? this.#zone, {
      done: (made) => {
        this.#close();
        this.#replace(made);
        this.#context.say(summary ? `${made.name} is changed.` : `${made.name} is ${made.state}.`);
        location.hash = encodeURIComponent(made.name);
      },
      cancel: () => {
        this.#close();
        this.#draw();
        if (!summary) /** @type {HTMLElement} */ (this.#place.querySelector(".new-series"))?.focus();
        else this.#show.focus();
      },
    });
    this.#bring(el("div", { class: "series-edit" }, el("h2", { text: summary ? `Change ${summary.name}` : "New series" }), this.#form.element));
    scrollTo(0, 0);
    this.#form.focus();
  }

  #close() {
    this.#form?.close();
    this.#form = null;
  }

  /** A series is as the server has just said. @param {Summary} summary */
  #replace(summary) {
    this.#all = [...this.#all.filter(({ name }) => name !== summary.name), summary];
    this.#draw();
  }
}

/** @type {import("../../page/tabs.js").Mount} */
export const mount = (panel, context) => new Series(panel, context);

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // somebody typed a bare %
  }
}
