// @ts-check
/** What is known about an item, as a list. */

import { dayName, inZone, wall, zoneNote } from "../../base/camera-time.js";
import { el } from "../../base/dom.js";
import { KIND } from "./library.js";
import { readable } from "../live/metadata.js";
import { size } from "../../base/text.js";

/** @typedef {import("./library.js").Item} Item */
/** @typedef {import("./library.js").Details} Details */

const IN_A_LINE = new Set(["Exposure", "Gain", "Focus"]);

/**
 * What is known: what people read, and all that the camera said, to be opened.
 * @param {Details} details
 * @returns {HTMLElement[]}
 */
export function facts(details) {
  const { metadata } = details;
  const values = metadata?.metadata ?? {};
  /** @type {[string, string | undefined][]} */
  const rows = [
    ["Taken", moment(details)],
    ["Camera", details.camera ?? undefined],
    ["Series", details.series?.summary.name],
    ["Notice", metadata?.notices?.join("\n")],
    ["Size", metadata?.size?.join(" × ")],
    ["Length", metadata?.duration_s && `${metadata.duration_s.toFixed(1)} s`],
    ["Files", details.files.map((file) => (file.bytes === null ? file.name : `${file.name}, ${size(file.bytes)}`)).join("\n")],
  ];
  const list = terms([...rows, ...readable(values)]);
  if (!Object.keys(values).length) return [list];
  const all = Object.entries(values).map(([name, value]) => [name, Array.isArray(value) ? value.map(rounded).join(", ") : rounded(value)]);
  return [list, el("details", {}, el("summary", {}, "All the camera said"), terms(/** @type {[string, string][]} */ (all)))];
}

/**
 * The same in a line: what, when, how large, and how it was exposed.
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

/** @param {[string, string | undefined][]} rows */
function terms(rows) {
  return el("dl", {}, ...rows.flatMap(([name, value]) => (value ? [el("dt", {}, name), el("dd", {}, value)] : [])));
}

/** @param {unknown} value */
function rounded(value) {
  return typeof value === "number" ? String(Number(value.toPrecision(6))) : typeof value === "string" ? value : JSON.stringify(value);
}

/** The camera's time of day when it was taken. @param {Item} item */
export const clock = ({ time, zone }) => inZone(time, zone, { timeStyle: "medium" });

/** When it was taken: the day, the time, and the zone. @param {Item} item */
export const moment = (item) => `${dayName(wall(item.time, item.zone).slice(0, 10))}, ${clock(item)}${zoneNote(item.time, item.zone)}`;

/** The same shorter. @param {Item} item */
export const shortMoment = ({ time, zone }) => inZone(time, zone, { dateStyle: "medium", timeStyle: "medium" }) + zoneNote(time, zone);
