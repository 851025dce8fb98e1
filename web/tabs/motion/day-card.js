// @ts-check
/** The card of an event on the timeline, or of several that are too close to have one each. */

import { inZone } from "../../base/camera-time.js";
import { el } from "../../base/dom.js";
import { counted, seconds, span, TRIGGERS } from "./day-events.js";

/** @typedef {import("./day-events.js").MotionEvent} MotionEvent */

/**
 * @param {MotionEvent[]} events  oldest first
 * @param {string} zone
 * @param {(event: MotionEvent) => string} address  of an event's thumbnail; "": it has none
 * @param {() => void} pressed
 * @returns {HTMLElement}
 */
export function card(events, zone, address, pressed) {
  const [first, last] = [events[0], events[events.length - 1]];
  const clock = (/** @type {MotionEvent} */ { start }, /** @type {"short" | "medium"} */ timeStyle) => inZone(start, zone, { timeStyle });
  const kind = events.length > 1 ? "cluster" : first.lasts ? "now" : first.items.length ? "event" : "saved";
  const length = seconds(first) ? span(seconds(first)) : "";
  const [title, about] = {
    cluster: [counted(events.length), `${clock(first, "short")}–${clock(last, "short")}`],
    event: [clock(first, "medium"), [length, first.trigger !== "motion" && TRIGGERS[first.trigger]].filter(Boolean).join(", ")],
    now: ["Event now", `since ${clock(first, "medium")}`],
    saved: [clock(first, "medium"), "Being saved"],
  }[kind];
  const none = el("span", { class: "day-none" });
  const thumbnail = address(strongest(events));
  const picture = thumbnail ? el("img", { src: thumbnail, alt: "", loading: "lazy", decoding: "async", width: 128, height: 96 }) : none;
  picture.addEventListener("error", () => picture.replaceWith(none), { once: true });
  return el("li", { "data-kind": kind }, el("button", { type: "button", onclick: pressed },
    picture, el("span", { class: "day-words" }, el("strong", {}, title), " ", el("span", {}, about)),
    kind !== "cluster" && first.favourite && el("span", { class: "star", role: "img", "aria-label": "Favourite" }, "★")));
}

/** What a card shows, as a text: another card is needed once it differs. @param {MotionEvent[]} events */
export function keyOf(events) {
  const [first, last] = [events[0], events[events.length - 1]];
  if (events.length > 1) return JSON.stringify([events.length, first.start, last.start, strongest(events).start]);
  return JSON.stringify([first.start, first.end, first.lasts, first.favourite, first.items.map(({ id }) => id)]);
}

/** The event of these in which most moved. @param {MotionEvent[]} events */
const strongest = (events) => events.reduce((best, one) => (peak(one) > peak(best) ? one : best));

/** @param {MotionEvent} event */
const peak = ({ strongest: facts }) => facts?.peak_blocks ?? 0;
