// @ts-check
/** The preview in the form of a series: the schedule in a sentence, the next due times, the size. */

import { Refused } from "../../server/api.js";
import { el, fill } from "../../base/dom.js";
import { sentence, size } from "../../base/text.js";
import { counted, fills, moment, sentenceOf } from "./words.js";

/** @typedef {import("./api.js").Definition} Definition */

/** Fields about which the server's words go on from their name. @type {Record<string, string>} */
const NAMES = {
  interval_s: "The interval", start: "The start", end: "The end", shots: "The number of pictures", weekdays: "The days",
  window: "The hours", second_window: "The second time of day", place: "The place", smooth: "The exposure:", vary: "What changes:", keep: "Old pictures:",
};
const QUIET_MS = 250; // after the last key

export class Preview {
  #series;
  #sentence = el("p", { class: "plan-sentence" });
  #facts = el("div", { class: "plan-facts", role: "status" });
  element = el("section", { class: "plan", "aria-label": "Summary" },
    el("h3", { text: "Summary" }), this.#sentence, this.#facts);
  /** To be asked about once the question before has its answer. @type {Definition | null} */
  #next = null;
  #asked = "";
  #busy = false;
  #timer = 0;

  #zone;

  /** @param {import("./api.js").SeriesApi} series @param {string} zone  of the camera's clock */
  constructor(series, zone) {
    this.#series = series;
    this.#zone = zone;
  }

  /** @param {Definition} definition  its name only where there is such a series already: others change nothing */
  show(definition) {
    this.#sentence.textContent = sentenceOf(definition, new Date(), this.#zone);
    const question = JSON.stringify(definition);
    if (question === this.#asked) return;
    this.#asked = question;
    this.#next = definition;
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#ask(), QUIET_MS);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#next = null;
  }

  async #ask() {
    if (this.#busy || !this.#next) return;
    this.#busy = true;
    const asked = this.#next;
    this.#next = null;
    try {
      this.#showCheck(await this.#series.check(asked), asked);
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      const about = (error instanceof Refused && NAMES[error.field ?? ""]) || "";
      fill(this.#facts, el("p", { class: "plan-wrong", text: sentence(`${about} ${message}`.trim()) }));
    } finally {
      this.#busy = false;
    }
    if (this.#next) this.#ask();
  }

  /** @param {import("./api.js").Check} found @param {Definition} asked */
  #showCheck({ shots_per_day, bytes_per_shot, bytes_per_day, full, next, ends, zone, warning }, { shots, vary }) {
    const now = new Date();
    const all = (shots ?? Infinity) * (vary?.bracket ? vary.values.length : 1);
    const [count, bytes, span] = all < shots_per_day ? [all, bytes_per_shot && all * bytes_per_shot, "in all"] : [Math.round(shots_per_day), bytes_per_day, "a day"];
    fill(this.#facts,
      el("p", {}, el("strong", { text: counted(count, "picture") }), ` ${span}${bytes === null ? "" : `, about ${size(bytes)}`}.`),
      warning && el("p", { class: "plan-full", text: sentence(warning) }),
      bytes_per_day !== null && el("p", { class: full ? "plan-full" : null, text: fills(full, now, zone) }),
      next.length > 0 && el("p", {}, next.length > 1 ? "Next pictures:" : "Last picture:"),
      next.length > 0 && el("ol", { class: "plan-next" }, next.map((time) => el("li", {}, el("time", { datetime: time, text: moment(time, now, zone) })))),
      next.length === 0 && el("p", {}, "No time is left in this plan: change its start, end or hours."),
      ends && el("p", {}, `Ends: ${moment(ends, now, zone)}.`),
      el("p", {}, `Times of day are in the camera’s time zone: ${zone}.`));
  }
}
