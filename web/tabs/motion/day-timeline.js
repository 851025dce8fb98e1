// @ts-check
/**
 * A day as a line of time with a card for each event. Events that are too close share a card, which zooms in on them.
 * The time runs to the right, and downwards where there is no room for that.
 */

import { el, fill } from "../../base/dom.js";
import { card, keyOf } from "./day-card.js";
import { TRIGGERS } from "./day-events.js";
import { around, box, clusters, marks, moved, ticks } from "./day-layout.js";
import { svg } from "../../base/svg.js";

/** @typedef {import("./day-events.js").MotionEvent} MotionEvent */
/** @typedef {import("./day-layout.js").Range} Range */
/** @typedef {import("./day-layout.js").Cluster} Cluster */

const UPRIGHT_REM = 36; // narrower than this, the time runs downwards
const CARD_REM = { across: 9.5, down: 5.25 };
const LABEL_REM = { across: 5.5, down: 3 }; // of a time beside the line

export class DayTimeline {
  /** @type {MotionEvent[]} */
  #events = [];
  #date = "";
  /** @type {Range} */
  #day = { from: 0, to: 1 };
  #zone = "UTC";
  /** Ranges that were zoomed into, the last one is shown. @type {Range[]} */
  #zooms = [];
  #now = 0;
  /** The start of the event whose card has the focus, or gets it. */
  #selected = NaN;
  /** @type {Cluster[]} */
  #clusters = [];
  /** The cards, by their clusters. @type {Map<string, HTMLElement>} */
  #cards = new Map();
  #on;
  #address;

  #ticks = el("ol", { class: "day-ticks", "aria-hidden": "true" });
  #marks = svg("svg", { "aria-hidden": "true", preserveAspectRatio: "none" });
  #list = el("ul", { class: "day-cards", "aria-label": "Events, oldest first" });
  #legend = el("ul", { class: "day-legend" }, Object.entries(TRIGGERS).map(([trigger, words]) => el("li", { "data-trigger": trigger }, words)));
  #line = el("div", { class: "day-timeline" }, this.#list, this.#marks, this.#ticks);
  element = el("div", {}, this.#line, this.#legend);

  /**
   * @param {(event: MotionEvent) => string} address  of an event's thumbnail; "": it has none
   * @param {{play: (event: MotionEvent) => void, selected: (events: MotionEvent[]) => void, zoomed: (range: Range | null) => void,
   *   key: (event: KeyboardEvent, chosen: MotionEvent) => boolean}} on  `key`: whether it did something
   */
  constructor(address, on) {
    this.#address = address;
    this.#on = on;
    this.#list.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.#key(event));
    this.#list.addEventListener("focusin", (/** @type {FocusEvent} */ event) => this.#focused(/** @type {HTMLElement} */ (event.target)));
    new ResizeObserver(() => this.#draw()).observe(this.#line);
  }

  /** @param {{date: string, events: MotionEvent[], day: Range, zone: string, now: number}} what  the events oldest first */
  show({ date, events, day, zone, now }) {
    if (date !== this.#date) [this.#zooms, this.#selected] = [[], NaN];
    [this.#date, this.#events, this.#day, this.#zone, this.#now] = [date, events, day, zone, now];
    this.#draw();
  }

  /** Show these events apart. @param {MotionEvent[]} events  two or more, oldest first */
  zoomIn(events) {
    this.#zooms.push(around(events, this.#day));
    this.#selected = events[0].start;
    this.#draw(true);
  }

  /** Show the range before the last zoom. */
  zoomOut() {
    this.#zooms.pop();
    this.#draw(true);
  }

  /** Bring an event into view, and move the focus to it. @param {MotionEvent} event */
  focus(event) {
    const { from, to } = this.#range;
    this.#selected = event.start;
    if (event.start < from || event.start > to) this.#zooms.splice(-1, 1, moved(this.#range, event.start, this.#day));
    this.#draw(true);
  }

  get #range() {
    return this.#zooms[this.#zooms.length - 1] ?? this.#day;
  }

  /** @param {boolean} [focus]  move it to the selected card, even if it is elsewhere */
  #draw(focus = this.#list.contains(document.activeElement)) {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const upright = this.#line.clientWidth < UPRIGHT_REM * rem;
    this.#line.dataset.upright = String(upright);
    this.#on.zoomed(this.#zooms.length ? this.#range : null);
    const length = upright ? this.#list.clientHeight : this.#list.clientWidth;
    if (!length) return; // the tab is not on the screen
    this.#clusters = this.#arranged(length, (upright ? CARD_REM.down : CARD_REM.across) * rem);
    const range = this.#range;
    this.#selected = nearest(this.#events, this.#selected);
    this.#drawCards();
    this.#marks.setAttribute("viewBox", box(upright));
    this.#marks.replaceChildren(...Object.keys(TRIGGERS).map((trigger) => this.#path(trigger, upright)));
    fill(this.#ticks, ticks(range, this.#zone, length / ((upright ? LABEL_REM.down : LABEL_REM.across) * rem)).map(({ place, text }) => placed(el("li", {}, text), place * 100, "%")));
    placed(this.#line, ((this.#now - range.from) / (range.to - range.from)) * 100, "%");
    this.#line.dataset.now = String(this.#now > range.from && this.#now < range.to);
    const selected = this.#clusters.find(({ events }) => events.some(({ start }) => start === this.#selected));
    this.#on.selected(selected?.events ?? []);
    if (focus && selected) this.#cards.get(keyOf(selected.events))?.querySelector("button")?.focus();
  }

  /** The clusters; an event that lasts, or has no recording yet, has a card of its own, the last one. @param {number} length @param {number} size */
  #arranged(length, size) {
    const last = this.#events[this.#events.length - 1];
    if (!last || (last.items.length && !last.lasts)) return clusters(this.#events, this.#range, { length, size });
    const [own] = clusters([last], this.#range, { length, size });
    const before = this.#events.slice(0, -1);
    if (!own) return clusters(before, this.#range, { length, size });
    own.place = Math.max(own.place, before.length ? size : 0);
    return [...clusters(before, this.#range, { length, size, room: own.place }), own];
  }

  #drawCards() {
    const before = this.#cards;
    this.#cards = new Map();
    const cards = this.#clusters.map(({ place, events }) => {
      const key = keyOf(events);
      const made = before.get(key) ?? card(events, this.#zone, this.#address, () => this.#pressed(events));
      this.#cards.set(key, made);
      const selected = events.some(({ start }) => start === this.#selected);
      made.querySelector("button")?.setAttribute("tabindex", selected ? "0" : "-1");
      return placed(made, place, "px");
    });
    for (const [key, old] of before) if (this.#cards.get(key) !== old) old.remove();
    cards.forEach((each, index) => this.#list.children[index] !== each && this.#list.insertBefore(each, this.#list.children[index] ?? null));
  }

  /** @param {MotionEvent[]} events */
  #pressed(events) {
    if (events.length > 1) this.zoomIn(events);
    else if (events[0].items.length) this.#on.play(events[0]);
  }

  /** @param {HTMLElement} target */
  #focused(target) {
    const cluster = this.#clusters[[...this.#list.children].findIndex((each) => each.contains(target))];
    if (!cluster || cluster.events.some(({ start }) => start === this.#selected)) return;
    this.#selected = cluster.events[0].start;
    this.#draw(false);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const at = this.#clusters.findIndex(({ events }) => events.some(({ start }) => start === this.#selected));
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    const chosen = this.#clusters[at]?.events ?? [];
    const all = this.#events;
    const place = (/** @type {MotionEvent} */ one) => all.findIndex(({ start }) => start === one.start);
    let to;
    if (event.key === "Home") to = all[0];
    else if (event.key === "End") to = all[all.length - 1];
    else if (step && chosen.length) to = all[place(step < 0 ? chosen[0] : chosen[chosen.length - 1]) + step];
    else if (event.key === "Escape" && this.#zooms.length) this.zoomOut();
    else if (chosen.length !== 1 || !this.#on.key(event, chosen[0])) return;
    if (to) this.focus(to);
    event.preventDefault();
  }

  /** @param {string} trigger @param {boolean} upright */
  #path(trigger, upright) {
    const some = this.#events.filter((event) => (event.trigger || "motion") === trigger).map(({ start, end, lasts }) => ({ start, end: lasts ? this.#now : end }));
    return svg("path", { d: marks(some, this.#range, upright), "data-trigger": trigger });
  }
}

/** When the event began that is the nearest to a time; NaN: the newest one. @param {MotionEvent[]} events @param {number} time */
function nearest(events, time) {
  const starts = events.map(({ start }) => start);
  if (Number.isNaN(time)) return starts[starts.length - 1] ?? NaN;
  return starts.reduce((best, start) => (Math.abs(start - time) < Math.abs(best - time) ? start : best), starts[0] ?? NaN);
}

/** @param {HTMLElement} element @param {number} place @param {string} unit */
function placed(element, place, unit) {
  element.style.setProperty("--at", `${place}${unit}`);
  return element;
}
