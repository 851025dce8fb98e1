// @ts-check
/** The Motion tab: arming, the picture with zones, settings, the events of a day. */

import { el, fill } from "../../base/dom.js";
import { ArmCard } from "./arm.js";
import { DayOfEvents } from "./day.js";
import { MotionPicture } from "./picture.js";
import { Tuner } from "./tuner.js";

/** @typedef {{element: HTMLElement, shown(): void, hidden(): void}} Part */

/** @type {import("../../page/tabs.js").Mount} */
export function mount(panel, context) {
  const picture = new MotionPicture(context);
  /** In the order in which they are on the tab. @type {Part[]} */
  const parts = [new ArmCard(context), picture, new Tuner(context, picture), new DayOfEvents(context)];
  fill(panel, el("div", { class: "motion" }, parts.map(({ element }) => element)));
  return {
    shown: () => parts.forEach((part) => part.shown()),
    hidden: () => parts.forEach((part) => part.hidden()),
  };
}
