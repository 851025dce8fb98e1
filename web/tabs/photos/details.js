// @ts-check
/** What is known about an item, as a list, for its large view. */

import { el } from "../../base/dom.js";
import { size } from "../../base/text.js";
import { readable } from "../live/metadata.js";
import { clock, moment, shortMoment } from "./facts.js";

/** @typedef {import("./library.js").Details} Details */

/** What began an event, in the sidecar's words and for a person. @type {Record<string, string>} */
const TRIGGER = {
  motion: "motion in the picture",
  request: "a command, a program or a sensor",
  keep: "somebody kept the last seconds",
};

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
    ...eventRows(details),
    ["Notice", metadata?.notices?.join("\n")],
    ["Size", metadata?.size && `${metadata.size.join(" × ")}${metadata.from === "video" ? ", a frame of a video" : ""}`],
    ["Length", metadata?.duration_s && `${metadata.duration_s.toFixed(1)} s`],
    ["Files", details.files.map((file) => (file.bytes === null ? file.name : `${file.name}, ${size(file.bytes)}`)).join("\n")],
  ];
  const list = terms([...rows, ...readable(values)]);
  if (!Object.keys(values).length) return [list];
  const all = Object.entries(values).map(([name, value]) => [name, Array.isArray(value) ? value.map(rounded).join(", ") : rounded(value)]);
  return [list, el("details", {}, el("summary", {}, "All metadata"), terms(/** @type {[string, string][]} */ (all)))];
}

/**
 * When an event of motion began and ended, and why it was recorded.
 * @param {Details} details
 * @returns {[string, string | undefined][]}
 */
function eventRows({ kind, metadata, zone }) {
  const event = kind === "motion" && metadata?.motion;
  if (!event) return [];
  const at = (/** @type {unknown} */ time) => (typeof time === "string" && Date.parse(time) ? shortMoment({ time, zone }) : undefined);
  const gap = (/** @type {{start: string, seconds: number}} */ { start, seconds }) => `${clock({ time: start, zone })}, ${seconds} s: the camera was needed for something else`;
  return [
    ["Event began", at(event.start)], ["Event ended", at(event.end) ?? "not known"],
    ["Trigger", TRIGGER[event.trigger] ?? event.trigger], ["Part", event.part && `${event.part} of the event`],
    ["Gaps", event.gaps?.map(gap).join("\n")],
  ];
}

/** @param {[string, string | undefined][]} rows */
function terms(rows) {
  return el("dl", {}, ...rows.flatMap(([name, value]) => (value ? [el("dt", {}, name), el("dd", {}, value)] : [])));
}

/** @param {unknown} value */
function rounded(value) {
  return typeof value === "number" ? String(Number(value.toPrecision(6))) : typeof value === "string" ? value : JSON.stringify(value);
}
