// @ts-check
/** The events of a day: a timeline of 24 hours by the camera's clock, with filters; new events appear by themselves. */

import { dayName, zoneNote } from "../../base/camera-time.js";
import { el, fill, uniqueId, write } from "../../base/dom.js";
import { empty } from "../../base/empty.js";
import { errorText } from "../../base/text.js";
import { remove } from "../photos/delete.js";
import { LargeView } from "../photos/large-view.js";
import { Library } from "../photos/library.js";
import { EventBar } from "./day-bar.js";
import { nothing } from "./day-empty.js";
import { bounds, chosen, counted, dayOf, eventsOf, seconds, span, withNewest } from "./day-events.js";
import { DayFilters } from "./day-filters.js";
import { extended } from "./day-layout.js";
import { DayRecordings } from "./day-recordings.js";
import { DayTimeline } from "./day-timeline.js";

/** @typedef {import("../photos/library.js").Item} Item */
/** @typedef {import("./day-events.js").MotionEvent} MotionEvent */

const MINUTE_MS = 60_000;

export class DayOfEvents {
  #context;
  #library;
  #view;
  #bar;
  #timeline;
  #filters;
  #recordings;
  /** Whether today is shown, also after midnight. */
  #follows = true;
  /** Oldest first, as the filters leave them. @type {MotionEvent[]} */
  #events = [];
  /** What was shown of the status. */
  #passed = "";
  /** @type {(() => void)[]} */
  #ends = [];
  #heading = uniqueId("day");
  #summary = el("p", { class: "day-summary", role: "status" }, "Loading the events…");
  /** In place of the timeline: why there is none. */
  #instead = el("div", { class: "day-instead" });

  /** @param {any} context */
  constructor(context) {
    this.#context = context;
    this.#library = new Library(context.api, context.base);
    this.#recordings = new DayRecordings(context.api, () => this.#draw());
    this.#filters = new DayFilters({ day: (day) => this.#go(day), chosen: () => this.#draw(), zoomOut: () => this.#timeline.zoomOut() });
    const play = (/** @type {MotionEvent} */ { items }) => this.#view.show(items[0]);
    this.#bar = new EventBar(this.#library, context, {
      play, zoomIn: (events) => this.#timeline.zoomIn(events), changed: (id, now) => this.#recordings.replace(id, now), removed: (ids) => this.#recordings.remove(ids), restored: () => this.#load(),
    });
    this.#timeline = new DayTimeline(({ items: [item] }) => (item ? this.#library.address(item, "thumbnail") : ""), {
      play, key: (key, event) => this.#bar.key(key, event),
      selected: (events) => this.#bar.show(events, this.#recordings.zone), zoomed: (range) => this.#filters.zoomed(range, this.#recordings.zone),
    });
    this.#view = new LargeView([this.#library, context.session.may.control, {
      move: (from, direction) => this.#move(from, direction), changed: ({ id }, now) => this.#recordings.replace(id, now),
      remove: (item) => this.#remove(item), closed: (item) => this.#closed(item),
    }], context.say);
    this.element = el("section", { class: "day-of-events", "aria-labelledby": this.#heading }, el("h2", { id: this.#heading }, "Events of a day"),
      this.#filters.element, this.#summary, this.#instead, this.#timeline.element, this.#bar.element);
    this.#timeline.element.addEventListener("load", () => this.#view.prepare(), { capture: true, once: true }); // the first thumbnail is there
  }

  shown() {
    const { status } = this.#context;
    this.#ends = [status.follow(["library"], () => this.#recordings.renew()), status.subscribe(() => this.#pass())];
    this.#load();
  }

  hidden() {
    for (const end of this.#ends.splice(0)) end();
    this.#view.close();
  }

  get #now_ms() {
    return Date.now() + this.#context.status.ahead_ms;
  }

  /** @param {string} day  "": today */
  #go(day) {
    const { zone } = this.#recordings;
    this.#follows = !day || (zone !== "" && day === dayOf(this.#now_ms, zone));
    this.#load(day);
  }

  /** @param {string} [day]  the one that is shown, if it is left out */
  async #load(day = this.#recordings.day) {
    try {
      await this.#recordings.load(this.#follows ? "" : day, () => this.#now_ms);
    } catch (error) {
      if (!this.#recordings.all.size) write(this.#summary, "");
      this.#instead.dataset.reason = "error";
      fill(this.#instead, empty(errorText(error), { words: "Try again", act: () => this.#load(day) }));
    }
  }

  /** Time has passed, or an event has begun or ended. */
  #pass() {
    const { day, zone } = this.#recordings;
    const { event: newest, armed } = this.#context.status.latest?.capture.motion ?? {};
    const event = JSON.stringify([newest, armed, Math.floor(this.#now_ms / MINUTE_MS)]);
    if (!day || !this.#follows || event === this.#passed) return;
    this.#passed = event;
    if (dayOf(this.#now_ms, zone) === day) this.#draw();
    else this.#load();
  }

  #draw() {
    const { all, day, more, zone } = this.#recordings;
    const [range, now] = [bounds(day, zone), this.#now_ms];
    const { event, armed = false } = this.#context.status.latest?.capture.motion ?? {};
    const known = withNewest(eventsOf(all.values()), event, range);
    const events = (this.#events = chosen(known, this.#filters.chosen));
    const all_s = Math.round(events.reduce((sum, event) => sum + seconds(event), 0)); // 0: the only event has not ended
    const many = events.length ? `${counted(events.length)}${all_s ? `, ${span(all_s)} in all` : ""}.` : "no events.";
    const note = zoneNote(range.from, zone) && ` Times are those of the camera${zoneNote(range.from, zone)}.`;
    write(this.#summary, `${dayName(day)}: ${many}${more ? " More are being loaded…" : ""}${note}`);
    this.#filters.show(day);
    this.#timeline.element.hidden = this.#bar.element.hidden = !events.length;
    this.#timeline.show({ date: day, events, day: extended(range, known), zone, now });
    this.#explain(events.length || more ? "" : known.length ? "filters" : `none ${day} ${this.#follows && armed}`);
  }

  /** Say why there is no event. @param {string} reason  "": there is one */
  async #explain(reason) {
    const place = this.#instead;
    if (place.dataset.reason === reason) return;
    place.dataset.reason = reason;
    fill(place, reason === "filters" && empty("No event of this day matches these filters.", { words: "Clear the filters", act: () => this.#filters.clear() }));
    if (!reason.startsWith("none")) return;
    const { day, years } = this.#recordings;
    const words = await nothing(this.#context, day, this.#follows, years, (other) => this.#go(other));
    if (place.dataset.reason === reason) fill(place, words);
  }

  /** The recordings of the events that are shown, newest first. */
  get #shown() {
    return this.#events.flatMap(({ items }) => items).reverse();
  }

  /** @param {Item} from @param {-1 | 1} direction */
  #move(from, direction) {
    const all = this.#shown;
    const next = all[all.findIndex(({ id }) => id === from.id) + direction];
    if (next) this.#view.show(next);
  }

  /** @param {Item} item */
  async #remove(item) {
    const all = this.#shown;
    const index = all.findIndex(({ id }) => id === item.id);
    const next = all[index + 1] ?? all[index - 1];
    const gone = await remove(this.#library, [item.id], { say: this.#context.say, restored: () => this.#load() });
    if (!gone?.length) return;
    this.#recordings.remove(gone);
    if (this.#view.item?.id !== item.id) return;
    if (next) this.#view.show(next);
    else this.#view.close();
  }

  /** @param {Item} item */
  #closed(item) {
    const event = this.#events.find(({ items }) => items.some(({ id }) => id === item.id));
    if (event && !this.#timeline.element.hidden) this.#timeline.focus(event);
  }
}
