// @ts-check
/** Times in forms: the hours of the day, by the clock or by the sun, and the days of the week of a series; and moments. */

import { instant, wall, zoneNote } from "../../base/camera-time.js";
import { el } from "../../base/dom.js";
import { errorText } from "../../base/text.js";
import { choice, field, select, tick } from "../../base/fields.js";
import { DAYS } from "./words.js";

/** @typedef {import("./form.js").Part} Part */

const EDGE = /^(sunrise|sunset)(?:([+-])(\d\d):(\d\d))?$/;
const MAX_OFFSET_MIN = 720;

/** @param {() => void} changed @returns {Part} */
export function windowPart(changed) {
  const mode = choice("Hours", [["all", "Day and night"], ["clock", "By the clock"], ["sun", "By the sun"]], () => {
    suggest();
    show();
    changed();
  });
  const from = edge("From", "08:00", changed);
  const to = edge("To", "18:00", changed);
  const also = tick("A second time of day", "");
  const alsoFrom = edge("Also from", "18:00", changed);
  const alsoTo = edge("Also to", "20:00", changed);
  const place = el("input", { type: "text", inputmode: "text", placeholder: "48.137, 11.575", autocomplete: "off", spellcheck: "false" });
  const where = field("Place of the camera", [place], { hint: "Latitude and longitude in degrees, as a map shows them. South and west are negative." });
  const problem = el("span", { class: "problem", role: "alert" });
  const days = DAYS.map((name, index) => el("input", { type: "checkbox", value: index, checked: true, "aria-label": name }));
  const week = el("fieldset", { class: "choice" }, el("legend", { text: "Days" }),
    el("div", { class: "segments days-of-week" }, days.map((box, index) => el("label", {}, box, el("span", { "aria-hidden": "true", text: DAYS[index].slice(0, 2) })))));
  const edges = el("div", { class: "edges" }, from.element, to.element);
  const alsoEdges = el("div", { class: "edges" }, alsoFrom.element, alsoTo.element);
  const element = el("div", { class: "form-part" }, mode.element, edges, also.element, alsoEdges, where.element, problem, week);
  also.box.addEventListener("change", () => {
    if (mode.value === "sun" && !alsoFrom.isSun && !alsoTo.isSun) [alsoFrom.value, alsoTo.value] = ["sunset-01:00", "sunset+01:00"];
    show();
  });

  /** What one most likely means by the sun: the day. */
  function suggest() {
    if (mode.value === "sun" && !from.isSun && !to.isSun) {
      from.value = "sunrise";
      to.value = "sunset";
    } else if (mode.value === "clock") {
      for (const [one, time] of /** @type {const} */ ([[from, "08:00"], [to, "18:00"], [alsoFrom, "18:00"], [alsoTo, "20:00"]])) if (one.isSun) one.value = time;
    }
  }

  function show() {
    edges.hidden = also.element.hidden = mode.value === "all";
    alsoEdges.hidden = edges.hidden || !also.box.checked;
    for (const each of [from, to, alsoFrom, alsoTo]) each.bySun = mode.value === "sun";
    where.element.hidden = mode.value !== "sun";
  }

  show();
  return {
    element,
    read: () => {
      const chosen = days.filter((box) => box.checked).map((box) => Number(box.value));
      return {
        window: mode.value === "all" ? null : { from: from.value, to: to.value },
        second_window: mode.value === "all" || !also.box.checked ? null : { from: alsoFrom.value, to: alsoTo.value },
        place: mode.value === "sun" ? placeOf(place.value) : null,
        weekdays: chosen.length === DAYS.length ? null : chosen,
      };
    },
    write: ({ window, second_window: second, place: at, weekdays }) => {
      const bySun = [window?.from, window?.to, second?.from, second?.to].some((text) => EDGE.test(text ?? ""));
      mode.value = !window ? "all" : bySun ? "sun" : "clock";
      if (window) [from.value, to.value] = [window.from, window.to];
      also.box.checked = Boolean(second);
      if (second) [alsoFrom.value, alsoTo.value] = [second.from, second.to];
      if (at) place.value = `${at.latitude}, ${at.longitude}`;
      for (const box of days) box.checked = !weekdays || weekdays.includes(Number(box.value));
      show();
    },
    complain: (error) => {
      const text = errorText(error);
      const aboutPlace = mode.value === "sun" && /place|latitude|longitude/.test(text);
      where.complain(aboutPlace ? text : "");
      problem.textContent = aboutPlace ? "" : text;
    },
  };
}

/**
 * Where the window begins or ends: a time, or some minutes before or after sunrise or sunset.
 * @param {string} label
 * @param {string} time  at first
 * @param {() => void} changed
 */
function edge(label, time, changed) {
  const what = select([["clock", "the clock"], ["sunrise", "sunrise"], ["sunset", "sunset"]], { "aria-label": `${label}: clock or sun` });
  const clock = el("input", { type: "time", value: time, "aria-label": `${label}: time` });
  const offset = el("input", { type: "number", min: 0, max: MAX_OFFSET_MIN, step: 1, value: 0, inputmode: "numeric", "aria-label": `${label}: minutes` });
  const side = select([["+", "min after"], ["-", "min before"]], { "aria-label": `${label}: before or after` });
  const element = el("fieldset", { class: "edge" }, el("legend", { text: label }), offset, side, what, clock);
  let bySun = false;
  const isSun = () => what.value !== "clock";
  const show = () => {
    what.hidden = !bySun;
    clock.hidden = isSun();
    offset.hidden = side.hidden = !isSun();
  };
  what.addEventListener("change", show);
  element.addEventListener("input", changed);
  show();
  return {
    element,
    get isSun() {
      return isSun();
    },
    set bySun(/** @type {boolean} */ on) {
      bySun = on;
      show();
    },
    get value() {
      if (!isSun()) return clock.value;
      const minutes = Math.round(Number(offset.value));
      const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
      return minutes > 0 ? `${what.value}${side.value}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}` : what.value;
    },
    set value(/** @type {string} */ text) {
      const [, sun, sign = "+", hours = "0", minutes = "0"] = EDGE.exec(text) ?? [];
      what.value = sun ?? "clock";
      if (sun) [side.value, offset.value] = [sign, String(Number(hours) * 60 + Number(minutes))];
      else clock.value = text;
      show();
    },
  };
}

/**
 * "48.137, 11.575", "48.137 N 11.575 E", as maps show it; null for nothing (the server says that it is needed).
 * @param {string} text
 */
function placeOf(text) {
  const found = /^\s*([+-]?\d+(?:\.\d+)?)\s*°?\s*([NS])?[\s,;/]+([+-]?\d+(?:\.\d+)?)\s*°?\s*([EW])?\s*$/i.exec(text.replace(/−/g, "-"));
  if (!found) return null;
  const [, latitude, south = "", longitude, west = ""] = found;
  return {
    latitude: Number(latitude) * (south.toUpperCase() === "S" ? -1 : 1),
    longitude: Number(longitude) * (west.toUpperCase() === "W" ? -1 : 1),
  };
}

/** An input of a time by the camera's clock. @param {string} label */
export function timeInput(label) {
  const input = el("input", { type: "datetime-local", "aria-label": label });
  return {
    input,
    /** @param {string | number} time  ISO 8601, or in ms since the epoch @param {string} zone */
    write: (time, zone) => (input.value = wall(time, zone).slice(0, "2026-11-20T23:58".length)),
    /** @param {string} zone @returns {string | null} ISO 8601; null: there is none */
    read: (zone) => (input.value ? new Date(instant(input.value, zone)).toISOString() : null),
  };
}

/** "By the camera’s clock (Europe/Berlin)." where the viewer's shows another time; else "". @param {string} zone */
export function clockHint(zone) {
  const note = zoneNote(Date.now(), zone);
  return note && `By the camera’s clock${note}.`;
}
