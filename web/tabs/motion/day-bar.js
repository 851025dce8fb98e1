// @ts-check
/** Below the timeline: what is known of the selected event, and what can be done with it. */

import { inZone } from "../../base/camera-time.js";
import { el, fill } from "../../base/dom.js";
import { isShortcut } from "../../base/shortcuts.js";
import { errorText } from "../../base/text.js";
import { remove } from "../photos/delete.js";
import { counted, seconds, span, TRIGGERS } from "./day-events.js";

/** @typedef {import("./day-events.js").MotionEvent} MotionEvent */

export class EventBar {
  element = el("div", { class: "day-bar" });
  #library;
  #context;
  #on;
  /** Starts of the events that are being deleted. @type {Set<number>} */
  #going = new Set();
  #drawn = "";
  /** When the event began that is shown. */
  #shown = NaN;

  /**
   * @param {import("../photos/library.js").Library} library
   * @param {any} context
   * @param {{play: (event: MotionEvent) => void, zoomIn: (events: MotionEvent[]) => void, changed: (before: string, now: import("../photos/library.js").Item) => void,
   *   removed: (ids: string[]) => void, restored: () => void}} on  `changed`: the item of the id `before` is `now`
   */
  constructor(library, context, on) {
    this.#library = library;
    this.#context = context;
    this.#on = on;
  }

  /** @param {MotionEvent[]} events  of the selected card @param {string} zone */
  show(events, zone) {
    const drawn = JSON.stringify([zone, events.map(({ start, end, favourite, items, lasts }) => [start, end, favourite, items.length, lasts])]);
    if (drawn === this.#drawn) return;
    const buttons = () => [...this.element.querySelectorAll("button")];
    const [event, focused] = [events[0], buttons().findIndex((one) => one === document.activeElement)];
    const same = event?.start === this.#shown;
    [this.#drawn, this.#shown] = [drawn, event?.start ?? NaN];
    if (!event) fill(this.element);
    else if (events.length > 1) fill(this.element, el("p", {}, together(events, zone)), el("div", { class: "actions" }, button("Zoom in", "Enter", () => this.#on.zoomIn(events))));
    else fill(this.element, el("p", {}, facts(event, zone)), event.items.length > 0 && el("div", { class: "actions" }, this.#actions(event)));
    if (focused >= 0) buttons()[same ? focused : 0]?.focus(); // the one that had it is gone
  }

  /**
   * Do what a key stands for.
   * @param {KeyboardEvent} pressed
   * @param {MotionEvent} event
   * @returns {boolean} whether it stands for something
   */
  key(pressed, event) {
    if (!event.items.length) return false;
    const letter = isShortcut(pressed) ? pressed.key.toLowerCase() : "";
    const mayChange = this.#context.session.may.control;
    if (letter === "d") this.download(event);
    else if (letter === "k" && mayChange) this.#mark(event);
    else if (pressed.key === "Delete" && mayChange) this.#remove(event);
    else return false;
    return true;
  }

  /** @param {MotionEvent} event */
  #actions(event) {
    const star = { "aria-pressed": String(event.favourite) };
    return [
      button("Play", "Enter", () => this.#on.play(event)),
      button("Download", "D", () => this.download(event)),
      ...(this.#context.session.may.control ? [
        button(event.favourite ? "★ Favourite" : "☆ Favourite", "K", () => this.#mark(event), star),
        button("Delete", "Delete", () => this.#remove(event), { class: "danger" }),
      ] : []),
    ];
  }

  /** Its file, or a ZIP of its files. @param {MotionEvent} event */
  async download({ items }) {
    try {
      const address = items.length > 1 ? (await this.#library.zip(items.map(({ id }) => id))).address : this.#library.address(items[0], "download");
      el("a", { href: address, download: "" }).click();
    } catch (error) {
      this.#context.say(errorText(error), { error: true });
    }
  }

  /** @param {MotionEvent} event */
  async #mark({ items, favourite }) {
    try {
      for (const item of items) this.#on.changed(item.id, await this.#library.change(item, { favourite: !favourite }));
    } catch (error) {
      this.#context.say(errorText(error), { error: true });
    }
  }

  /** @param {MotionEvent} event */
  async #remove({ start, items }) {
    if (this.#going.has(start)) return;
    this.#going.add(start);
    const gone = await remove(this.#library, items.map(({ id }) => id), { say: this.#context.say, restored: this.#on.restored });
    this.#going.delete(start);
    if (gone) this.#on.removed(gone);
  }
}

/** @param {string} words @param {string} key @param {() => void} act @param {Record<string, string>} [more]  attributes */
const button = (words, key, act, more) => el("button", { type: "button", title: `Key: ${key}`, onclick: act, ...more }, words);

/** @param {MotionEvent} event @param {string} zone */
function facts(event, zone) {
  const clock = (/** @type {number | string} */ time) => inZone(time, zone, { timeStyle: "medium" });
  const { strongest, items } = event;
  if (event.lasts) return `An event has been running since ${clock(event.start)}. ${items.length ? "Its recordings so far are here." : "Its recording appears here once it has been saved."}`;
  if (!items.length) return `The recording of ${clock(event.start)} is being saved.`;
  const blocks = strongest?.peak_blocks && `${strongest.peak_blocks}${strongest.columns && strongest.rows ? ` of ${strongest.columns * strongest.rows}` : ""} blocks`;
  const peak = strongest?.peak && Date.parse(strongest.peak) ? `peak at ${clock(strongest.peak)}${blocks ? ` (${blocks})` : ""}` : "";
  const parts = [
    event.end === null ? `${clock(event.start)}, length not known` : `${clock(event.start)} to ${clock(event.end)}, ${span(seconds(event))}`,
    event.trigger && `trigger: ${(TRIGGERS[event.trigger] ?? event.trigger).toLowerCase()}`, event.trigger !== "keep" && peak,
    items.length > 1 && `${items.length} recordings`,
  ];
  return parts.filter(Boolean).join(", ");
}

/** @param {MotionEvent[]} events @param {string} zone */
function together(events, zone) {
  const clock = (/** @type {MotionEvent} */ { start }) => inZone(start, zone, { timeStyle: "medium" });
  const all_s = events.reduce((sum, event) => sum + seconds(event), 0);
  return `${counted(events.length)}, ${clock(events[0])} to ${clock(events[events.length - 1])}, ${span(all_s)} in all`;
}
