// @ts-check
/** The condition in the form of a profile. */

import { el, fill, write } from "../../../base/dom.js";
import { field, select } from "../../../base/fields.js";
import { settingRow } from "../../../base/setting-row.js";
import { errorText } from "../../../base/text.js";
import { DAYS } from "../../motion/schedule-words.js";

const TYPES = /** @type {[string, string][]} */ ([["times", "Between two times"], ["lux", "Brightness"], ["exposure", "Exposure × gain"], ["manual", "By hand only"]]);
const SIDES = /** @type {[string, string][]} */ ([["below", "is below"], ["above", "is above"]]);
const UNITS = /** @type {Record<string, string>} */ ({ lux: "lx", exposure: "s" });
const HINTS = /** @type {Record<string, string>} */ ({
  times: "A time like 22:00, sunset or sunrise-00:30. An end before the start is on the next day.",
  lux: "What the camera measures.",
  exposure: "For a camera that measures no lux: exposure time multiplied by gain, which rises in the dark.",
  manual: "Switch to the profile here, with the command line or the API.",
});
const SUGGESTED = /** @type {Record<string, any>} */ ({ lux: { side: "below", begins: 10, ends: 20 }, exposure: { side: "above", begins: 0.5, ends: 0.2 } });

/** @param {any} context @param {any} when  as the API has it */
export function conditionPart({ settings, status }, when) {
  const type = select(TYPES);
  const text = (/** @type {string} */ placeholder) => el("input", { type: "text", placeholder, autocomplete: "off", autocapitalize: "none", spellcheck: "false" });
  const [from, to] = [text("sunset"), text("sunrise")];
  const number = (/** @type {string} */ label) => el("input", { type: "number", min: 0, step: "any", inputmode: "decimal", "aria-label": label });
  const side = select(SIDES, { "aria-label": "Begins when it" });
  const [begins, ends] = [number("Begins at"), number("Ends at")];
  const kind = field("Condition", [type]);
  const start = field("From", [from]);
  const stop = field("To", [to]);
  const beginning = field("Begins when it", [side, begins]);
  const ending = field("Ends at", [ends]);
  const forS = number("For at least, in seconds");
  const lasting = field("For at least", [forS], { units: "s", hint: "How long the brightness must stay beyond the threshold before the profile begins or ends. This ignores clouds and headlights." });
  const measured = el("p", { class: "hint" });
  const days = DAYS.map(([day, name]) => el("input", { type: "checkbox", value: day, "aria-label": name }));
  const week = el("fieldset", { class: "profile-days" }, el("legend", { text: "Days (none: every day)" }),
    el("div", { class: "segments" }, days.map((box, index) => el("label", {}, box, el("span", { "aria-hidden": "true", text: DAYS[index][1].slice(0, 2) })))));
  const place = el("div", { class: "profile-place" });
  const times = el("div", { class: "profile-part" }, start.element, stop.element, week, place);
  const light = el("div", { class: "profile-part" }, beginning.element, ending.element, measured, lasting.element);
  const problem = el("span", { class: "problem", role: "alert" });
  const element = el("div", { class: "profile-part" }, kind.element, times, light, problem);
  const complaints = /** @type {Record<string, (error: unknown) => void>} */ ({
    from: start.complain, to: stop.complain, below: beginning.complain, above: beginning.complain, until: ending.complain, for_s: lasting.complain,
  });

  function show() {
    const measures = type.value in UNITS;
    times.hidden = type.value !== "times";
    light.hidden = !measures;
    write(kind.hint, HINTS[type.value]);
    const value = status.latest?.capture.profile?.measured[type.value] ?? metadata(type.value, status.latest?.capture.metadata);
    write(measured, measures ? `${UNITS[type.value] === "lx" ? "In lux" : "In seconds"}. ${value === null ? "The camera does not measure it now." : `Now: ${Number(value.toPrecision(3))} ${UNITS[type.value]}.`}` : "");
    const sun = !times.hidden && [from.value, to.value].some((time) => time.startsWith("sun"));
    if (sun && !place.firstChild) fill(place, ["place.latitude", "place.longitude"].map((name) => settingRow(settings, name).element));
    place.hidden = !sun;
  }

  type.addEventListener("change", () => {
    const suggested = SUGGESTED[type.value];
    if (suggested) [side.value, begins.value, ends.value] = [suggested.side, suggested.begins, suggested.ends];
    show();
  });
  element.addEventListener("input", show);
  type.value = when.type;
  [from.value, to.value] = [when.from ?? "sunset", when.to ?? "sunrise"];
  side.value = when.above === undefined ? "below" : "above";
  [begins.value, ends.value, forS.value] = [when.below ?? when.above ?? "", when.until ?? "", when.for_s ?? 120];
  for (const box of days) box.checked = (when.weekdays ?? []).includes(box.value);
  show();
  let seen = false; // on the page
  const end = status.subscribe(() => {
    seen ||= element.isConnected;
    if (element.isConnected) show();
    else if (seen) end();
  });

  return {
    element,
    read: () => {
      if (type.value === "manual") return { type: "manual" };
      if (type.value === "times") return { type: "times", from: from.value.trim(), to: to.value.trim(), weekdays: days.filter((box) => box.checked).map((box) => box.value) };
      return { type: type.value, [side.value]: entered(begins), until: entered(ends), for_s: entered(forS) };
    },
    /** @param {unknown} error  "" for none @param {string} [name]  of the member that it is about */
    complain: (error, name = "") => {
      for (const complain of Object.values(complaints)) complain("");
      write(problem, "");
      if (!error) return;
      if (complaints[name]) complaints[name](error);
      else write(problem, errorText(error));
      element.querySelector("[aria-invalid=true]")?.focus();
    },
  };
}

/** @param {HTMLInputElement} input @returns {number | string} what is no number is refused by the server */
const entered = (input) => (input.value === "" ? "" : Number(input.value));

/** A measurement of the newest frame, before there are profiles. @param {string} type @param {any} metadata @returns {number | null} */
function metadata(type, metadata = {}) {
  const { Lux, ExposureTime, AnalogueGain } = metadata;
  if (type === "lux") return Lux ?? null;
  return ExposureTime && AnalogueGain ? (ExposureTime / 1e6) * AnalogueGain : null;
}
