// @ts-check
/** What is known about an item in a line, and its time for a person. */

import { dayName, inZone, wall, zoneNote } from "../../base/camera-time.js";
import { KIND } from "./library.js";
import { readable } from "../live/metadata.js";
import { size } from "../../base/text.js";

/** @typedef {import("./library.js").Item} Item */
/** @typedef {import("./library.js").Details} Details */

const IN_A_LINE = new Set(["Exposure", "Gain", "Focus"]);

/**
 * What is known in a line: what, when, how large, and how it was exposed.
 * @param {Details} details
 */
export function line(details) {
  const { metadata } = details;
  const parts = [
    [KIND[details.kind], details.title].filter(Boolean).join(" "), clock(details) + zoneNote(details.time, details.zone), details.camera, metadata?.size?.join(" × "),
    metadata?.duration_s && `${metadata.duration_s.toFixed(1)} s`,
    ...readable(metadata?.metadata ?? {}).filter(([name]) => IN_A_LINE.has(name)).map(([name, value]) => `${name.toLowerCase()} ${value}`),
    size(details.bytes),
  ];
  return parts.filter(Boolean).join(", ");
}

/** The camera's time of day when it was taken. @param {{time: string, zone: string}} item */
export const clock = ({ time, zone }) => inZone(time, zone, { timeStyle: "medium" });

/** When it was taken: the day, the time, and the zone. @param {Item} item */
export const moment = (item) => `${dayName(wall(item.time, item.zone).slice(0, 10))}, ${clock(item)}${zoneNote(item.time, item.zone)}`;

/** The same shorter. @param {{time: string, zone: string}} item */
export const shortMoment = ({ time, zone }) => inZone(time, zone, { dateStyle: "medium", timeStyle: "medium" }) + zoneNote(time, zone);
