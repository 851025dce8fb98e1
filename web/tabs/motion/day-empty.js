// @ts-check
/** What a day without events shows: how today comes to have some, and the nearest days that have some. */

import { dayName } from "../../base/camera-time.js";
import { el } from "../../base/dom.js";
import { empty } from "../../base/empty.js";
import { daysWithEvents } from "./day-events.js";

/**
 * @param {any} context
 * @param {string} day
 * @param {boolean} today  an event of now is one of this day
 * @param {number[]} years  that the library has
 * @param {(day: string) => void} go
 * @returns {Promise<HTMLElement>}
 */
export async function nothing({ api, session, status }, day, today, years, go) {
  const armed = status.latest?.capture.motion?.armed;
  const next = !today ? "" : armed ? " The camera is armed: its next event appears here." : session.may.control ? " Arm the camera to record some." : "";
  const days = await daysWithEvents(api, years).catch(() => []); // without the links, then
  const near = [days.filter((one) => one < day).pop(), days.find((one) => one > day)].flatMap((one) => one ?? []);
  const links = near.map((one) => el("li", {}, el("button", { type: "button", onclick: () => go(one) }, dayName(one))));
  return el("div", {}, empty(`There are no events on this day.${next}`),
    near.length > 0 && el("div", { class: "day-near" }, el("p", {}, near.length > 1 ? "The nearest days with events:" : "The nearest day with events:"), el("ul", {}, links)));
}
