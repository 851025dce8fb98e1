// @ts-check
/**
 * The form of a series: required fields first, the rest below «More»; beside it a summary and
 * an estimate of the result.
 */

import { el } from "../../base/dom.js";
import { choice, field, select, tick } from "../../base/fields.js";
import { submission } from "../../base/form.js";
import { exposurePart } from "./exposure.js";
import { Preview } from "./preview.js";
import { clockHint, timeInput, windowPart } from "./window.js";
import { varyPart } from "./vary.js";
import { inUnits, UNITS } from "./words.js";

/** @typedef {import("./api.js").SeriesApi} SeriesApi */
/** @typedef {import("./api.js").Summary} Summary */

/**
 * A part of the form, for some keys of a definition.
 * @typedef {object} Part
 * @property {HTMLElement} element
 * @property {() => Record<string, any>} read      those keys, each with a value or null
 * @property {(definition: any) => void} write
 * @property {(error: unknown) => void} complain  shows what is wrong with it; "" for nothing
 */

const MAX_NAME = 60;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export class SeriesForm {
  element;
  #series;
  #preview;
  /** What is being changed; null: it is a new one. @type {Summary | null} */
  #changed;
  #first = "";
  #zone;
  #on;

  #name = el("input", { type: "text", maxlength: MAX_NAME, autocomplete: "off", autocapitalize: "sentences", spellcheck: "false", placeholder: "Garden" });
  #number = el("input", { type: "number", min: 1, step: 1, value: 1, inputmode: "numeric" });
  #unit = select(UNITS.map(([seconds, name]) => /** @type {[number, string]} */ ([seconds, `${name}s`])).reverse(), { "aria-label": "Unit of the interval" });
  #kind = choice("Pictures", [["photo", "Photos"], ["raw", "Raw photos (DNG and JPEG)"]]);
  #begins = select([["now", "Now"], ["at", "At a time"]]);
  #start = timeInput("Start");
  #ends = select([["never", "When I finish it"], ["at", "At a time"], ["count", "After a number of pictures"]]);
  #end = timeInput("End");
  #shots = el("input", { type: "number", min: 1, step: 1, value: 100, inputmode: "numeric", "aria-label": "How many pictures" });
  #starts = field("Begins", [this.#begins, this.#start.input]);
  #stops = field("Ends", [this.#ends, this.#end.input, this.#shots]);
  #marks = tick("Aligned to the clock", "Every 5 minutes then means 10:00, 10:05 …, instead of counting from the start.");
  #daily = tick("Daily film", "Made automatically after midnight.");
  #rule = select([["all", "Keep all"], ["days", "Delete after a number of days"], ["thin", "Thin out when the disk gets full"]]);
  #days = el("input", { type: "number", min: 1, step: 1, value: 30, inputmode: "numeric", "aria-label": "Days" });
  #vary;
  #parts;

  /**
   * @param {SeriesApi} series
   * @param {Summary | null} changed  null: a new one
   * @param {string} zone  of the camera's clock
   * @param {{done: (summary: Summary) => void, cancel: () => void}} on
   */
  constructor(series, changed, zone, on) {
    this.#series = series;
    this.#zone = zone;
    this.#changed = changed;
    this.#on = on;
    this.#preview = new Preview(series, zone);
    const renew = () => this.#renew();
    const hours = windowPart(renew);
    this.#vary = varyPart(renew);
    const exposed = exposurePart(renew);
    this.#parts = [hours, exposed, this.#vary];
    const name = field("Name", [this.#name]);
    const interval = field("One picture every", [this.#number, this.#unit]);
    const keep = field("Old pictures", [this.#rule, this.#days]);
    const complaints = new Map(Object.entries({
      name: name.complain, interval_s: interval.complain, start: this.#starts.complain, end: this.#stops.complain, shots: this.#stops.complain, keep: keep.complain,
      fixed: exposed.complain, smooth: exposed.complain, vary: this.#vary.complain, window: hours.complain, second_window: hours.complain, place: hours.complain, weekdays: hours.complain, plan: hours.complain,
    }));

    const more = el("details", { class: "form-more" }, el("summary", {}, "More"),
      el("div", { class: "form-part" }, this.#marks.element, this.#vary.element, keep.element, this.#daily.element));
    this.element = /** @type {HTMLFormElement} */ (el("form", { class: "series-form", novalidate: true, "aria-label": changed ? `Change ${changed.name}` : "New series" }));
    const { problem, button } = submission(this.element, changed ? "Save" : "Create the series", complaints, () => this.#send());
    this.element.append(
      el("div", { class: "form-part" }, name.element, interval.element, hours.element,
        el("div", { class: "field-pair" }, this.#starts.element, this.#stops.element), this.#kind.element, exposed.element, more),
      el("div", { class: "form-side" }, this.#preview.element, problem,
        el("div", { class: "actions" }, button, el("button", { type: "button", onclick: on.cancel, text: "Cancel" }))));
    this.#unit.value = "60";
    const hour_ms = Math.ceil(Date.now() / HOUR_MS) * HOUR_MS;
    this.#start.write(hour_ms, zone);
    this.#end.write(hour_ms + DAY_MS - HOUR_MS, zone);
    this.element.addEventListener("input", renew);
    this.element.addEventListener("change", renew);
    if (changed) this.#write(changed);
    more.open = this.#anythingMore();
    this.#renew();
    this.#first = JSON.stringify(this.#read());
  }

  focus() {
    (this.#changed ? this.#number : this.#name).focus();
  }

  close() {
    this.#preview.stop();
  }

  #anythingMore() {
    const { vary, keep, marks, daily_film } = this.#read();
    return Boolean(vary || keep.rule !== "all" || marks || daily_film);
  }

  /** The whole definition as the form has it. @returns {any} */
  #read() {
    return Object.assign({
      name: this.#name.value.trim(),
      interval_s: Math.round(Number(this.#number.value) * Number(this.#unit.value) * 1000) / 1000,
      kind: this.#kind.value,
      start: this.#begins.value === "at" ? this.#start.read(this.#zone) : null,
      end: this.#ends.value === "at" ? this.#end.read(this.#zone) : null,
      shots: this.#ends.value === "count" ? Number(this.#shots.value) : null,
      marks: this.#marks.box.checked,
      keep: this.#rule.value === "days" ? { rule: "days", days: Number(this.#days.value) } : { rule: this.#rule.value },
      daily_film: this.#daily.box.checked,
    }, ...this.#parts.map((part) => part.read()));
  }

  /** @param {Summary} summary */
  #write({ definition, taken }) {
    const { name, interval_s = 60, kind = "photo", start, end, shots, marks = false, keep, daily_film = false } = definition;
    this.#name.value = name;
    this.#name.disabled = true;
    const [number, unit] = inUnits(interval_s);
    [this.#number.value, this.#unit.value] = [String(number), String(unit)];
    this.#kind.value = kind;
    if (start) this.#begins.value = "at";
    if (start) this.#start.write(start, this.#zone);
    if (end) this.#ends.value = "at";
    if (end) this.#end.write(end, this.#zone);
    else if (shots) [this.#ends.value, this.#shots.value] = ["count", String(shots)];
    [this.#marks.box.checked, this.#daily.box.checked] = [marks, daily_film];
    this.#rule.value = keep?.rule ?? "all";
    if (keep?.days) this.#days.value = String(keep.days);
    for (const part of this.#parts) part.write(definition);
    if (taken) {
      this.#vary.disabled = this.#begins.disabled = this.#start.input.disabled = true;
      for (const input of this.#kind.element.querySelectorAll("input")) input.disabled = true;
    }
  }

  #renew() {
    for (const [seconds, word] of UNITS) this.#unit.querySelector(`[value="${seconds}"]`).textContent = this.#number.value === "1" ? word : `${word}s`;
    for (const [choice, { input }, { hint }] of /** @type {const} */ ([[this.#begins, this.#start, this.#starts], [this.#ends, this.#end, this.#stops]])) {
      input.hidden = choice.value !== "at";
      hint.textContent = input.hidden ? "" : clockHint(this.#zone);
    }
    this.#shots.hidden = this.#ends.value !== "count";
    this.#days.hidden = this.#rule.value !== "days";
    this.#preview.show({ ...this.#read(), name: this.#changed?.name ?? "" });
  }

  async #send() {
    const all = this.#read();
    this.#on.done(await (this.#changed ? this.#series.change(this.#changed.name, this.#changes(all)) : this.#series.create(all)));
  }

  /** What is not as it was. @param {Record<string, any>} all */
  #changes(all) {
    const before = JSON.parse(this.#first);
    return Object.fromEntries(Object.entries(all).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(before[key])));
  }
}
