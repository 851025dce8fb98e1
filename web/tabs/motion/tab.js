// @ts-check
/** The Motion tab: arming, the picture with its zones and what the detector sees, the events of a day, settings. */

import { el, fill } from "../../base/dom.js";
import { loadPart } from "../../page/update.js";
import { ArmCard } from "./arm.js";
import { LaterPart } from "./later.js";
import { ZonePicture } from "../../picture/zones/picture.js";
import { Tuner } from "./tuner.js";
import { Zones } from "../../picture/zones/zones.js";

/** @typedef {{element: HTMLElement, shown(): void, hidden(): void}} Part */

/** @type {import("../../page/tabs.js").Mount} */
export function mount(panel, context) {
  const arm = new ArmCard(context);
  const picture = new ZonePicture(context);
  const tuner = new Tuner(context, picture);
  const zones = new Zones(context, picture); // its layer is above the tuner's
  const settings = new LaterPart(async () => {
    const { MotionSettings } = await loadPart(() => import("./settings.js"), ["base/settings.css"]);
    return new MotionSettings(context);
  });
  const day = new LaterPart(async () => {
    const { DayOfEvents } = await loadPart(() => import("./day.js"), ["tabs/motion/day.css"]);
    return new DayOfEvents(context);
  });
  /** @type {Part[]} */
  const parts = [arm, picture, tuner, zones, day, settings];
  fill(panel, el("div", { class: "motion" }, arm.element,
    el("div", { class: "motion-look" }, picture.element, zones.element, tuner.element),
    day.element, settings.element));
  return {
    shown: () => parts.forEach((part) => part.shown()),
    hidden: () => parts.forEach((part) => part.hidden()),
  };
}
